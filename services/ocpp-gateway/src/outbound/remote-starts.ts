import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { clockFault } from '../domain/clock';
import type { Station } from '../domain/session-message';

type Words = Readonly<{ connectorId: number; tokenMark: string; startedAt: Instant }>;
/** What SessionStarted says of the command that led to it. */
export type RemoteOrigin = Readonly<{ remoteStartCommandId?: string }>;

const originOf = (rows: readonly { command_id: string }[]): RemoteOrigin => {
  const [row] = rows;
  return row === undefined ? {} : { remoteStartCommandId: row.command_id };
};

/**
 * The command that a start of OCPP 1.6, which has no word for it, came of: sent to this charge point
 * in the last 15 minutes for the same token and this connector or any, and not before the start by
 * the charger's own clock, with two minutes for the clock. Each leads to one session.
 */
export const matchRemoteStart = async (
  tx: SqlClient,
  { cpoId, chargePointId }: Station,
  { connectorId, tokenMark, startedAt }: Words,
  now: Instant,
): Promise<RemoteOrigin> => {
  const latest = clockFault(startedAt, now) === undefined ? startedAt : now;
  const { rows } = await queryPrepared<{ command_id: string }>(
    tx,
    'gateway.match_remote_start',
    `UPDATE charger_commands SET led_to_session_at = now()
     WHERE (cpo_id, command_id) = (
       SELECT cpo_id, command_id FROM charger_commands
       WHERE cpo_id = $1 AND charge_point_id = $2 AND command = 'RemoteStart'
         AND led_to_session_at IS NULL AND status <> 'rejected' AND token_mark = $3
         AND coalesce(parameters ->> 'connectorId', $4::text) = $4::text
         AND sent_at > now() - interval '15 minutes'
         AND sent_at < $5::timestamptz + interval '2 minutes'
       ORDER BY ordinal LIMIT 1)
     RETURNING command_id`,
    [cpoId, chargePointId, tokenMark, String(connectorId), latest],
  );
  return originOf(rows);
};

/** A transaction of a 2.0.1 station says by its number which command it came of. */
export const nameRemoteStart = async (
  tx: SqlClient,
  { cpoId, chargePointId, transactionId }: Station & Readonly<{ transactionId: string }>,
  remoteStartId: number,
): Promise<void> => {
  await tx.query(
    `UPDATE charger_commands SET ocpp_transaction_id = $4
     WHERE cpo_id = $1 AND charge_point_id = $2 AND request_id = $3 AND command = 'RemoteStart'
       AND ocpp_transaction_id IS NULL AND sent_at IS NOT NULL`,
    [cpoId, chargePointId, remoteStartId, transactionId],
  );
};

/** The command that a transaction has named, when its session begins. */
export const startedRemotely = async (
  tx: SqlClient,
  { cpoId, chargePointId, transactionId }: Station & Readonly<{ transactionId: string }>,
): Promise<RemoteOrigin> => {
  const { rows } = await queryPrepared<{ command_id: string }>(
    tx,
    'gateway.started_remotely',
    `UPDATE charger_commands SET led_to_session_at = now()
     WHERE cpo_id = $1 AND charge_point_id = $2 AND command = 'RemoteStart'
       AND led_to_session_at IS NULL AND ocpp_transaction_id = $3
     RETURNING command_id`,
    [cpoId, chargePointId, transactionId],
  );
  return originOf(rows);
};
