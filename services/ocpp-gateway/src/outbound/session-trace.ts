import type { SqlClient } from '@tallywatt/event-log';
import { storableText } from './storable-text';

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
  const isNumber = typeof transactionId === 'number' && (transactionId | 0) === transactionId;
  const isName = typeof transactionId === 'string' && transactionId.length <= 36;
  if (!isNumber && !isName) return undefined;
  // Stations may use a name again: the trace is that of the latest transaction.
  const named = isNumber ? 'transaction_id = $3' : 'station_transaction_id = $3';
  const { rows } = await sql.query<Row>(
    `${firstEvent} (SELECT cpo_id || '/' || session_id FROM sessions
       WHERE cpo_id = $1 AND charge_point_id = $2 AND ${named} ORDER BY ordinal DESC LIMIT 1)`,
    [cpoId, chargePointId, isName ? storableText(transactionId) : transactionId],
  );
  return rows[0]?.traceparent ?? undefined;
};
