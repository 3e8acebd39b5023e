import type { RecordedEvent, SessionEvent, TariffEvent } from '@tallywatt/contracts';
import type { ConsumerOptions, SqlClient } from '@tallywatt/event-log';
import { keepTariffs } from '../outbound/tariff-tables';

/** What the pricing engine follows: sessions to price, and its own tariffs. */
export const logConsumer = (
  takeSessions: (records: readonly RecordedEvent<SessionEvent>[], tx: SqlClient) => Promise<void>,
): ConsumerOptions => ({
  name: 'pricing-engine',
  topics: ['charging.sessions.v1', 'pricing.tariffs.v1'],
  // A batch is of one partition, so it is of one topic.
  handle: (records, tx) =>
    records[0]?.position.topic === 'pricing.tariffs.v1'
      ? keepTariffs(
          tx,
          records.map(({ event }) => event as TariffEvent),
        )
      : takeSessions(records as readonly RecordedEvent<SessionEvent>[], tx),
});
