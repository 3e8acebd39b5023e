import type { SqlClient } from '@tallywatt/event-log';
import { decodeState, encodeState, type RatedSession } from '@tallywatt/derivations';

export type SessionKey = Readonly<{ cpoId: string; sessionId: string }>;

/** CPO id and session id as one text, in the form the log keys its streams by. */
export const sessionKeyText = ({ cpoId, sessionId }: SessionKey): string => `${cpoId}/${sessionId}`;

/** The states of sessions, by key text; those never seen are left out. */
export const loadSessions = async (
  tx: SqlClient,
  keys: readonly SessionKey[],
): Promise<Map<string, RatedSession>> => {
  const { rows } = await tx.query<{ cpo_id: string; session_id: string; state: string }>(
    `SELECT s.cpo_id, s.session_id, s.state
     FROM unnest($1::text[], $2::text[]) AS k (cpo_id, session_id)
     JOIN rated_sessions s USING (cpo_id, session_id)`,
    [keys.map(({ cpoId }) => cpoId), keys.map(({ sessionId }) => sessionId)],
  );
  return new Map(
    rows.map((row) => [
      sessionKeyText({ cpoId: row.cpo_id, sessionId: row.session_id }),
      decodeState(row.state),
    ]),
  );
};

/** Writes what is known of sessions now. */
export const storeSessions = async (
  tx: SqlClient,
  sessions: readonly Readonly<{ key: SessionKey; state: RatedSession }>[],
): Promise<void> => {
  await tx.query(
    `INSERT INTO rated_sessions (cpo_id, session_id, status, state)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
     ON CONFLICT (cpo_id, session_id)
       DO UPDATE SET status = EXCLUDED.status, state = EXCLUDED.state`,
    [
      sessions.map(({ key }) => key.cpoId),
      sessions.map(({ key }) => key.sessionId),
      sessions.map(({ state }) => state.status),
      sessions.map(({ state }) => encodeState(state)),
    ],
  );
};
