import { derivedId, type EventMetadata } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { lockById } from './session-rows';

export type RemoteStopReason = 'payment-declined' | 'operator';

export type RemoteStopWish = Readonly<{
  cpoId: string;
  /** A session of another charge point is not found. */
  chargePointId: string;
  sessionId: string;
  reason: RemoteStopReason;
  requestedBy: string;
  /** What makes this wish itself: the same wish twice is one command. */
  wishId: string;
}>;

export type RemoteStopOutcome = Readonly<{
  commandId: string;
  chargePointId: string;
  status: 'pending' | 'rejected';
}>;

export type PendingStop = Readonly<{
  cpoId: string;
  commandId: string;
  chargePointId: string;
  sessionId: string;
  ocppTransactionId: string;
  isSessionActive: boolean;
}>;

export type RemoteStopAnswer =
  | Readonly<{ kind: 'accepted' }>
  | Readonly<{
      kind: 'rejected';
      reason: 'rejected-by-charger' | 'session-over';
      detail: string;
    }>;

const longestPauseSeconds = 60;

/** Commands that a session be stopped: recorded before they are sent, and kept until answered. */
export class RemoteStops {
  constructor(private readonly eventLog: Pick<EventLog, 'append'>) {}

  /** Records the wish; undefined when the charge point has no such session. */
  async request(
    tx: SqlClient,
    wish: RemoteStopWish,
    now: Instant,
    cause?: EventMetadata,
  ): Promise<RemoteStopOutcome | undefined> {
    const { cpoId, sessionId, reason, requestedBy, wishId } = wish;
    const session = await lockById(tx, cpoId, sessionId);
    if (session?.chargePointId !== wish.chargePointId) return undefined;
    const { chargePointId, ocppTransactionId } = session;
    const commandId = derivedId('remote-stop', cpoId, sessionId, reason, wishId);
    const isActive = session.state.status === 'active';
    const { rowCount } = await tx.query(
      `INSERT INTO remote_commands
         (cpo_id, command_id, charge_point_id, session_id, status)
       VALUES ($1, $2, $3, $4, 'pending') ON CONFLICT DO NOTHING`,
      [cpoId, commandId, chargePointId, sessionId],
    );
    const status = isActive ? 'pending' : 'rejected';
    if (rowCount === 0) return { commandId, chargePointId, status };
    const event = {
      type: 'RemoteStopRequested',
      cpoId,
      commandId,
      chargePointId,
      sessionId,
      ocppTransactionId,
      reason,
      requestedBy,
    } as const;
    const context = cause === undefined ? {} : { cause };
    await this.eventLog.append(tx, [{ event, occurredAt: now }], context);
    if (!isActive) await this.conclude(tx, { ...wish, ...event }, sessionOver, now);
    return { commandId, chargePointId, status };
  }

  /**
   * Commands whose next attempt is due, with whether there still is something to stop. Of chargers
   * that are connected to a process, that one alone finds them.
   */
  async due(sql: SqlClient, replicaId: string): Promise<PendingStop[]> {
    const { rows } = await sql.query<{
      cpo_id: string;
      command_id: string;
      charge_point_id: string;
      session_id: string;
      ocpp_transaction_id: string;
      is_active: boolean;
    }>(
      `SELECT r.*, s.status = 'active' AS is_active,
         coalesce(s.station_transaction_id, s.transaction_id::text) AS ocpp_transaction_id
       FROM remote_commands r JOIN sessions s USING (cpo_id, session_id)
       WHERE r.status = 'pending' AND r.next_attempt_at <= now()
         AND (s.status <> 'active' OR EXISTS (SELECT FROM connections c
           WHERE c.cpo_id = r.cpo_id AND c.charge_point_id = r.charge_point_id
             AND c.disconnected_at IS NULL AND c.replica_id = $1))
       ORDER BY r.next_attempt_at LIMIT 200`,
      [replicaId],
    );
    return rows.map((row) => ({
      cpoId: row.cpo_id,
      commandId: row.command_id,
      chargePointId: row.charge_point_id,
      sessionId: row.session_id,
      ocppTransactionId: row.ocpp_transaction_id,
      isSessionActive: row.is_active,
    }));
  }

  /** The charger is away or did not answer: it is asked again after a pause that grows. */
  async postpone(sql: SqlClient, { cpoId, commandId }: PendingStop): Promise<void> {
    await sql.query(
      `UPDATE remote_commands SET attempts = attempts + 1,
         next_attempt_at = now() + make_interval(secs => least(2 ^ least(attempts, 10), $3))
       WHERE cpo_id = $1 AND command_id = $2`,
      [cpoId, commandId, longestPauseSeconds],
    );
  }

  /** A charger is back: what waits for it is due now. */
  async wake(sql: SqlClient, cpoId: string, chargePointId: string): Promise<void> {
    await sql.query(
      `UPDATE remote_commands SET next_attempt_at = now()
       WHERE cpo_id = $1 AND charge_point_id = $2 AND status = 'pending'`,
      [cpoId, chargePointId],
    );
  }

  async conclude(
    tx: SqlClient,
    command: Pick<PendingStop, 'cpoId' | 'commandId' | 'chargePointId' | 'sessionId'>,
    answer: RemoteStopAnswer,
    now: Instant,
  ): Promise<void> {
    const { cpoId, commandId, chargePointId, sessionId } = command;
    const { rowCount } = await tx.query(
      `UPDATE remote_commands SET status = $3
       WHERE cpo_id = $1 AND command_id = $2 AND status = 'pending'`,
      [cpoId, commandId, answer.kind],
    );
    if (rowCount === 0) return;
    const identity = { cpoId, commandId, chargePointId, sessionId };
    const event =
      answer.kind === 'accepted'
        ? ({ type: 'RemoteStopAccepted', ...identity } as const)
        : ({
            type: 'RemoteStopRejected',
            ...identity,
            reason: answer.reason,
            detail: answer.detail,
          } as const);
    await this.eventLog.append(tx, [{ event, occurredAt: now, correlationId: commandId }]);
  }
}

export const sessionOver: RemoteStopAnswer = {
  kind: 'rejected',
  reason: 'session-over',
  detail: 'the session had stopped before the command could be sent',
};
