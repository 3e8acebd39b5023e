import type { SqlClient } from '@tallywatt/event-log';

type Row = { traceparent: string | null };

/**
 * The trace of a session is that of its first event, as the log has it: a stop that comes hours
 * later, to another process or after a rebuild, goes on in it.
 */
const firstEvent = `SELECT headers->>'traceparent' AS traceparent FROM event_log.outbox
  WHERE topic = 'charging.sessions.v1' AND sequence = 1 AND stream_key = `;

export const traceOfSession = async (
  sql: SqlClient,
  { cpoId, sessionId }: Readonly<{ cpoId: string; sessionId: string }>,
): Promise<string | undefined> => {
  const { rows } = await sql.query<Row>(`${firstEvent} $1`, [`${cpoId}/${sessionId}`]);
  return rows[0]?.traceparent ?? undefined;
};

/** By the words of a charger, which can be anything. */
export const traceOfTransaction = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Readonly<{ cpoId: string; chargePointId: string }>,
  transactionId: unknown,
): Promise<string | undefined> => {
  if (typeof transactionId !== 'number' || (transactionId | 0) !== transactionId) return undefined;
  const { rows } = await sql.query<Row>(
    `${firstEvent} (SELECT cpo_id || '/' || session_id FROM sessions
       WHERE cpo_id = $1 AND charge_point_id = $2 AND transaction_id = $3)`,
    [cpoId, chargePointId, transactionId],
  );
  return rows[0]?.traceparent ?? undefined;
};
