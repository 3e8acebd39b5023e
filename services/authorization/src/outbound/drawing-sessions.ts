import type { SessionEvent } from '@tallywatt/contracts';
import { decodeState, encodeState, type SessionFacts } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';

type SessionKey = Pick<SessionEvent, 'cpoId' | 'sessionId'>;

/** CPO id and session id as one text, in the form the log keys its streams by. */
export const sessionKeyText = ({ cpoId, sessionId }: SessionKey): string => `${cpoId}/${sessionId}`;

/** What is known of the sessions among these that draw, by key text. */
export const loadDrawingSessions = async (
  tx: SqlClient,
  keys: readonly SessionKey[],
): Promise<Map<string, SessionFacts>> => {
  const { rows } = await tx.query<{ cpo_id: string; session_id: string; facts: string }>(
    `SELECT cpo_id, session_id, facts FROM unnest($1::text[], $2::text[]) AS k (cpo_id, session_id)
     JOIN drawing_sessions USING (cpo_id, session_id)`,
    [keys.map(({ cpoId }) => cpoId), keys.map(({ sessionId }) => sessionId)],
  );
  return new Map(
    rows.map((row) => [
      sessionKeyText({ cpoId: row.cpo_id, sessionId: row.session_id }),
      decodeState<SessionFacts>(row.facts),
    ]),
  );
};

/** Writes what is known of sessions now. */
export const storeDrawingSessions = async (
  tx: SqlClient,
  sessions: readonly SessionFacts[],
): Promise<void> => {
  if (sessions.length === 0) return;
  await tx.query(
    `INSERT INTO drawing_sessions (cpo_id, session_id, facts)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
     ON CONFLICT (cpo_id, session_id) DO UPDATE SET facts = EXCLUDED.facts`,
    [
      sessions.map(({ started }) => started.cpoId),
      sessions.map(({ started }) => started.sessionId),
      sessions.map(encodeState),
    ],
  );
};
