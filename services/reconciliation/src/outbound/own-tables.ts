import type { RecordedEvent, ReconciliationEvent } from '@tallywatt/contracts';
import type { Restore } from '@tallywatt/event-log';
import { keepDay } from './day-tables';
import { recordFindings } from './finding-tables';

/**
 * Fills the tables of a new database with what we have said before: a closed day stays as it was
 * closed. What we know of sessions is read again from the topics of the others.
 */
export const restoreOwnTables: Restore = async (own, tx) => {
  for await (const recorded of own('reconciliation.findings.v1')) {
    const events = (recorded as readonly RecordedEvent<ReconciliationEvent>[]).map(
      ({ event }) => event,
    );
    await recordFindings(tx, events);
    for (const event of events) if (event.type === 'DayClosed') await keepDay(tx, event);
  }
};
