import { contentEventId, encodeEvent } from '@tallywatt/contracts';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { WaitingOrphan } from '../domain/orphan-match';
import type { Station } from '../domain/session-message';
import type { DatedFact } from '../domain/session-record';
import { decodeState, encodeState } from './state-codec';

type Row = { orphan_id: string; fact: string; event_ids: string[] };
export type KeptOrphan<Orphan = WaitingOrphan> = Readonly<{
  orphan: Orphan;
  eventIds: readonly string[];
}>;

/**
 * Of each kind and charge point; one that says more than this is looked at by the latest. Readings of
 * idle connectors never find a session, and keep no stop from it.
 */
const waitingMax = 500;

/**
 * Whether an orphan is kept already, by what it said. Its event would be another one each time: signed
 * values are encrypted anew, and of another connection a clock is known or not.
 */
export const isKept = async (
  tx: SqlClient,
  { cpoId }: Station,
  orphanId: string,
): Promise<boolean> => {
  const { rows } = await queryPrepared(
    tx,
    'gateway.find_orphan',
    'SELECT FROM orphans WHERE cpo_id = $1 AND orphan_id = $2',
    [cpoId, orphanId],
  );
  return rows.length > 0;
};

/** Keeps an orphan until its session is found. Said again it is the same orphan. */
export const keepOrphan = async (
  tx: SqlClient,
  { cpoId, chargePointId }: Station,
  orphan: WaitingOrphan,
  facts: readonly DatedFact[],
): Promise<void> => {
  await queryPrepared(
    tx,
    'gateway.keep_orphan',
    `INSERT INTO orphans (cpo_id, orphan_id, charge_point_id, fact, event_ids)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [
      cpoId,
      orphan.orphanId,
      chargePointId,
      encodeState(orphan),
      facts.map(({ event }) => contentEventId(encodeEvent(event))),
    ],
  );
  await queryPrepared(
    tx,
    'gateway.add_orphan_matching',
    `INSERT INTO orphan_matchings (cpo_id, charge_point_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    [cpoId, chargePointId],
  );
};

/**
 * Something came that may find sessions for a charge point's orphans, once it is silent again.
 *
 * @returns whether it ever had orphans; few have.
 */
export const expectMatching = async (
  tx: SqlClient,
  { cpoId, chargePointId }: Station,
  settleSeconds: number,
): Promise<boolean> => {
  const { rowCount } = await queryPrepared(
    tx,
    'gateway.expect_orphan_matching',
    `UPDATE orphan_matchings SET due_at = now() + make_interval(secs => $3)
     WHERE cpo_id = $1 AND charge_point_id = $2`,
    [cpoId, chargePointId, settleSeconds],
  );
  return rowCount !== 0;
};

/** One that cannot be matched now is tried again later, behind those that wait. */
export const putOffMatching = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Station,
): Promise<void> => {
  await sql.query(
    `UPDATE orphan_matchings SET due_at = now() + interval '1 minute'
     WHERE cpo_id = $1 AND charge_point_id = $2 AND due_at <= now()`,
    [cpoId, chargePointId],
  );
};

/** Locked: what waits with a charge point, as it was said. */
export const lockWaiting = async (
  tx: SqlClient,
  { cpoId, chargePointId }: Station,
): Promise<KeptOrphan[]> => {
  const { rows } = await queryPrepared<Row>(
    tx,
    'gateway.waiting_orphans',
    `WITH stops AS (
       SELECT orphan_id, fact, event_ids, ordinal FROM orphans
       WHERE cpo_id = $1 AND charge_point_id = $2 AND session_id IS NULL AND kind = 'stop'
       ORDER BY ordinal DESC LIMIT $3 FOR UPDATE),
     reports AS (
       SELECT orphan_id, fact, event_ids, ordinal FROM orphans
       WHERE cpo_id = $1 AND charge_point_id = $2 AND session_id IS NULL AND kind = 'readings'
       ORDER BY ordinal DESC LIMIT $3 FOR UPDATE)
     SELECT orphan_id, fact, event_ids FROM (TABLE stops UNION ALL TABLE reports) AS waiting
     ORDER BY ordinal DESC`,
    [cpoId, chargePointId, waitingMax],
  );
  return rows.map((row) => ({
    orphan: decodeState<WaitingOrphan>(row.fact),
    eventIds: row.event_ids,
  }));
};
