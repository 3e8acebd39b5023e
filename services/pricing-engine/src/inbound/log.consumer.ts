import type {
  AllowanceEvent,
  RecordedEvent,
  SessionEvent,
  TariffEvent,
  TopicName,
} from '@tallywatt/contracts';
import type { ConsumerOptions, SqlClient } from '@tallywatt/event-log';
import { keepAssignments } from '../outbound/assignment-table';
import { keepRules } from '../outbound/pricing-rule-table';
import { keepTariffs } from '../outbound/tariff-tables';
import { takeAllowanceEvents } from './allowance-events.consumer';
import { takeSessionEvents } from './session-events.consumer';
import type { PricingOutside } from './session-pricing';

/** What the pricing engine follows: sessions to price, what they draw, and its own tariffs. */
export const logConsumer = (outside: PricingOutside): ConsumerOptions => {
  const takeSessions = takeSessionEvents(outside);
  const takeDraws = takeAllowanceEvents(outside);
  return {
    name: 'pricing-engine',
    topics: ['charging.sessions.v1', 'access.allowances.v1', 'pricing.tariffs.v1'],
    // A batch is of one topic.
    handle: (records, tx) => {
      switch (records[0]?.position.topic as TopicName | undefined) {
        case 'pricing.tariffs.v1':
          return keepTariffEvents(
            records.map(({ event }) => event as TariffEvent),
            tx,
          );
        case 'access.allowances.v1':
          return takeDraws(records as readonly RecordedEvent<AllowanceEvent>[], tx);
        default:
          return takeSessions(records as readonly RecordedEvent<SessionEvent>[], tx);
      }
    },
  };
};

const keepTariffEvents = async (events: readonly TariffEvent[], tx: SqlClient): Promise<void> => {
  await keepTariffs(tx, events);
  await keepRules(tx, events);
  await keepAssignments(tx, events);
};
