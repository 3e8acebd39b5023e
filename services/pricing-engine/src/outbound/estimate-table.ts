import { decodeMessage, eventContracts, type SessionCostEstimated } from '@tallywatt/contracts';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { sessionKeyText, type SessionKey } from './session-table';

/** That a session was estimated, as of which of its events, and which event says it. */
export type EstimateEntry = SessionKey & Readonly<{ sessionSequence: bigint; eventId: string }>;

/** When this database took over the streams of estimates; undefined when they began with it. */
export const estimatesTakenOver = async (tx: SqlClient): Promise<Instant | undefined> => {
  const { rows } = await tx.query<{ finished_at: string | null }>(
    `SELECT to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS finished_at
     FROM event_log.adoptions WHERE topic = 'pricing.estimates.v1'`,
  );
  return rows[0]?.finished_at ?? undefined;
};

/** The last estimates of the sessions named, by key text; those never estimated are left out. */
export const lastEstimates = async (
  tx: SqlClient,
  keys: readonly SessionKey[],
): Promise<Map<string, SessionCostEstimated>> => {
  const { rows } = await queryPrepared<{ value: string }>(
    tx,
    'pricing_engine.last_estimates',
    `SELECT o.value FROM unnest($1::text[], $2::text[]) AS k (cpo_id, session_id)
     JOIN session_estimates e USING (cpo_id, session_id)
     JOIN event_log.outbox o ON o.event_id = e.event_id`,
    keyColumns(keys),
  );
  return new Map(
    rows.map(({ value }) => {
      const estimate = estimateOf(value);
      return [sessionKeyText(estimate), estimate];
    }),
  );
};

const estimateOf = (value: string): SessionCostEstimated => ({
  type: 'SessionCostEstimated',
  ...(decodeMessage(
    eventContracts.SessionCostEstimated.message,
    JSON.parse(value),
  ) as unknown as Omit<SessionCostEstimated, 'type'>),
});

/** Keeps the newest estimate of each session. */
export const keepEstimates = async (
  tx: SqlClient,
  entries: readonly EstimateEntry[],
): Promise<void> => {
  if (entries.length === 0) return;
  const newest = [...new Map(entries.map((entry) => [sessionKeyText(entry), entry])).values()];
  await queryPrepared(
    tx,
    'pricing_engine.keep_estimates',
    `INSERT INTO session_estimates AS e (cpo_id, session_id, session_sequence, event_id)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::uuid[])
     ON CONFLICT (cpo_id, session_id) DO UPDATE
       SET session_sequence = EXCLUDED.session_sequence, event_id = EXCLUDED.event_id
       WHERE e.session_sequence < EXCLUDED.session_sequence`,
    [
      ...keyColumns(newest),
      newest.map(({ sessionSequence }) => sessionSequence.toString()),
      newest.map(({ eventId }) => eventId),
    ],
  );
};

/** Lets go of the estimates of sessions that are closed. */
export const forgetEstimates = async (
  tx: SqlClient,
  keys: readonly SessionKey[],
): Promise<void> => {
  if (keys.length === 0) return;
  await tx.query(
    `DELETE FROM session_estimates e USING unnest($1::text[], $2::text[]) AS k (cpo_id, session_id)
     WHERE e.cpo_id = k.cpo_id AND e.session_id = k.session_id`,
    keyColumns(keys),
  );
};

const keyColumns = (keys: readonly SessionKey[]): [string[], string[]] => [
  keys.map(({ cpoId }) => cpoId),
  keys.map(({ sessionId }) => sessionId),
];

export type EstimateRow = Readonly<{
  estimated_at: string;
  event_id: string;
  content_hash: string;
  /** The event's value in canonical proto3 JSON. */
  value: string;
  topic: string;
  stream_key: string;
  sequence: string;
  partition: number | null;
  log_offset: string | null;
}>;

/** The last estimate of a running session, as it was published. */
export const findEstimate = async (
  db: SqlClient,
  { cpoId, sessionId }: SessionKey,
): Promise<EstimateRow | undefined> => {
  const { rows } = await db.query<EstimateRow>(
    `SELECT e.event_id, o.headers->>'ce_contenthash' AS content_hash,
       to_char(o.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS estimated_at,
       o.value, o.topic, o.stream_key, o.sequence, o.partition, o.log_offset
     FROM session_estimates e JOIN event_log.outbox o ON o.event_id = e.event_id
     WHERE e.cpo_id = $1 AND e.session_id = $2`,
    [cpoId, sessionId],
  );
  return rows[0];
};
