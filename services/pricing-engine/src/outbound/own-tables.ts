import type {
  CdrEvent,
  EstimateEvent,
  FleetFeeEvent,
  RecordedEvent,
  TariffEvent,
} from '@tallywatt/contracts';
import type { Restore } from '@tallywatt/event-log';
import { keepAssignments } from './assignment-table';
import { keepCdrs, type CdrEntry } from './cdr-table';
import { keepFleetFees } from './fleet-fee-table';
import { keepEstimates } from './estimate-table';
import { keepRules } from './pricing-rule-table';
import { keepTariffs } from './tariff-tables';

/** Fills the tables of a new database with what the log has of us. */
export const restoreOwnTables: Restore = async (own, tx) => {
  for await (const recorded of own('pricing.tariffs.v1')) {
    const events = (recorded as readonly RecordedEvent<TariffEvent>[]).map(({ event }) => event);
    await keepTariffs(tx, events);
    await keepRules(tx, events);
    await keepAssignments(tx, events);
  }
  for await (const recorded of own('pricing.cdrs.v1')) {
    await keepCdrs(tx, (recorded as readonly RecordedEvent<CdrEvent>[]).flatMap(cdrEntryOf));
  }
  for await (const recorded of own('pricing.fleet-fees.v1')) {
    await keepFleetFees(
      tx,
      (recorded as readonly RecordedEvent<FleetFeeEvent>[]).map(({ event }) => event),
    );
  }
  for await (const recorded of own('pricing.estimates.v1')) {
    const estimates = recorded as readonly RecordedEvent<EstimateEvent>[];
    await keepEstimates(
      tx,
      estimates.map(({ event, metadata }) => ({ ...event, eventId: metadata.id })),
    );
  }
};

const cdrEntryOf = ({ event, metadata }: RecordedEvent<CdrEvent>): readonly CdrEntry[] => {
  if (event.type === 'CdrWithheld') return [];
  const { cpoId, cdrId, sessionId } = event;
  const { id: eventId, contentHash, recordedAt: issuedAt } = metadata;
  return [{ cpoId, cdrId, sessionId, eventId, contentHash, issuedAt }];
};
