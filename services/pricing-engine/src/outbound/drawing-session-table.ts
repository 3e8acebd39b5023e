import type { AllowanceEvent, RecordedEvent, SessionEvent } from '@tallywatt/contracts';
import { decodeState, encodeState } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import { sessionKeyText, type SessionKey } from './session-table';

/** A fact of a session, with what is known of its record. */
export type SessionFact = Pick<RecordedEvent<SessionEvent>, 'event' | 'metadata'>;

/** A session that draws included energy: what it has, and what waits for more. */
export type DrawingSession = Readonly<{
  draws: readonly Pick<AllowanceEvent, 'energyRevision' | 'sessionDrawnMilliWh'>[];
  waiting: readonly SessionFact[];
}>;

/**
 * The sessions of these keys by key text, locked until the transaction ends. Locks in one order for
 * all, and rows that are not there yet as well: facts and draws of a session come at the same time.
 */
export const lockDrawingSessions = async (
  tx: SqlClient,
  keys: readonly SessionKey[],
): Promise<Map<string, DrawingSession>> => {
  if (keys.length === 0) return new Map();
  const sorted = [...new Map(keys.map((key) => [sessionKeyText(key), key]))]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, key]) => key);
  const { rows } = await tx.query<Record<'cpo_id' | 'session_id' | 'draws' | 'waiting', string>>(
    `INSERT INTO drawing_sessions AS s (cpo_id, session_id, draws, waiting)
     SELECT cpo_id, session_id, '[]', '[]'
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u (cpo_id, session_id, n) ORDER BY n
     ON CONFLICT (cpo_id, session_id) DO UPDATE SET draws = s.draws
     RETURNING cpo_id, session_id, draws, waiting`,
    [sorted.map(({ cpoId }) => cpoId), sorted.map(({ sessionId }) => sessionId)],
  );
  return new Map(
    rows.map((row) => [
      sessionKeyText({ cpoId: row.cpo_id, sessionId: row.session_id }),
      {
        draws: decodeState<DrawingSession['draws']>(row.draws),
        waiting: decodeState<DrawingSession['waiting']>(row.waiting),
      },
    ]),
  );
};

/** What a session has now, and whether the draw it waits for, if any, is another than before. */
export type DrawingProgress = Readonly<{
  key: SessionKey;
  drawing: DrawingSession;
  waitsAnew: boolean;
}>;

/** Writes what sessions have now; what waits for the same draw as before has waited since then. */
export const storeDrawingSessions = async (
  tx: SqlClient,
  sessions: readonly DrawingProgress[],
): Promise<void> => {
  if (sessions.length === 0) return;
  await tx.query(
    `UPDATE drawing_sessions s SET draws = u.draws, waiting = u.waiting,
       waiting_since = CASE WHEN NOT u.waits THEN NULL WHEN u.waits_anew THEN now()
         ELSE coalesce(s.waiting_since, now()) END
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[],
       $6::boolean[]) AS u (cpo_id, session_id, draws, waiting, waits, waits_anew)
     WHERE (s.cpo_id, s.session_id) = (u.cpo_id, u.session_id)`,
    [
      sessions.map(({ key }) => key.cpoId),
      sessions.map(({ key }) => key.sessionId),
      sessions.map(({ drawing }) => encodeState(drawing.draws)),
      sessions.map(({ drawing }) => encodeState(drawing.waiting)),
      sessions.map(({ drawing }) => drawing.waiting.length > 0),
      sessions.map(({ waitsAnew }) => waitsAnew),
    ],
  );
};

/** How many sessions wait for a draw, and how long the first of them has, by the database's clock. */
export const drawWaits = async (
  db: SqlClient,
): Promise<Readonly<{ sessions: number; oldestSeconds: number }>> => {
  const { rows } = await db.query<{ sessions: number; oldest_seconds: number }>(
    `SELECT count(*)::int AS sessions,
       coalesce(extract(epoch FROM now() - min(waiting_since)), 0)::float8 AS oldest_seconds
     FROM drawing_sessions WHERE waiting_since IS NOT NULL`,
  );
  const [row] = rows;
  return { sessions: row?.sessions ?? 0, oldestSeconds: Math.max(0, row?.oldest_seconds ?? 0) };
};
