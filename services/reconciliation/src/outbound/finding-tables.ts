import type { ReconciliationEvent } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';

/** Keeps the list of findings in step with the events about them. */
export const recordFindings = async (
  tx: SqlClient,
  events: readonly ReconciliationEvent[],
): Promise<void> => {
  for (const event of events) {
    if (event.type === 'DiscrepancyFound') {
      await tx.query(
        `INSERT INTO findings (cpo_id, finding_id, subject_id, kind, detail, currency,
           expected_minor, actual_minor, found_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
        [
          event.cpoId,
          event.findingId,
          event.subjectId,
          event.kind,
          event.detail,
          event.expected?.currency ?? null,
          event.expected?.amountMinor.toString() ?? null,
          event.actual?.amountMinor.toString() ?? null,
          event.foundAt,
        ],
      );
    } else if (event.type === 'DiscrepancyResolved') {
      await tx.query(
        `UPDATE findings SET resolved_at = $3, resolution = $4
         WHERE cpo_id = $1 AND finding_id = $2 AND resolved_at IS NULL`,
        [event.cpoId, event.findingId, event.resolvedAt, event.resolution],
      );
    }
  }
};
