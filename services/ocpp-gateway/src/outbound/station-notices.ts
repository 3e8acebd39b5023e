import type {
  DiagnosticsStatusChanged,
  FirmwareStatusChanged,
  LogStatusChanged,
  ReservationEnded,
  SecurityEventReported,
  VariablesReported,
} from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { CommandName } from '../domain/charger-command';
import type { Station } from '../domain/session-message';
import type { Appends } from './group-append';

export type StationNotice =
  | FirmwareStatusChanged
  | DiagnosticsStatusChanged
  | LogStatusChanged
  | SecurityEventReported
  | VariablesReported;

/** What chargers say of themselves and of commands they were given. */
export class StationNotices {
  constructor(private readonly eventLog: Appends) {}

  /** `id` tells a repeated message from the same words said again. */
  async record(
    tx: SqlClient,
    notice: StationNotice,
    occurredAt: Instant,
    id: string,
  ): Promise<void> {
    const cause = 'commandId' in notice ? { correlationId: notice.commandId } : {};
    await this.eventLog.append(tx, [{ event: notice, occurredAt, id, ...cause }]);
  }

  /**
   * The command that a charger speaks of: by the number it was given, or the latest of its kind where
   * its version has no number for it.
   */
  async commandOf(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    commands: readonly CommandName[],
    requestId: number | undefined,
  ): Promise<Readonly<{ commandId?: string }>> {
    const { rows } = await tx.query<{ command_id: string }>(
      `SELECT command_id FROM charger_commands
       WHERE cpo_id = $1 AND charge_point_id = $2 AND command = ANY($3)
         AND sent_at IS NOT NULL AND ($4::integer IS NULL OR request_id = $4)
       ORDER BY ordinal DESC LIMIT 1`,
      [cpoId, chargePointId, commands, requestId ?? null],
    );
    const [row] = rows;
    return row === undefined ? {} : { commandId: row.command_id };
  }

  /** Nothing is recorded of a reservation that is not ours, or that has ended before. */
  async endReservation(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    reservationNumber: number,
    how: Pick<ReservationEnded, 'reason' | 'ocppTransactionId'>,
    now: Instant,
  ): Promise<void> {
    const { rows } = await tx.query<{ command_id: string }>(
      `UPDATE charger_commands SET reservation_ended_as = $4
       WHERE cpo_id = $1 AND charge_point_id = $2 AND request_id = $3
         AND command = 'Reservation' AND sent_at IS NOT NULL AND reservation_ended_as IS NULL
       RETURNING command_id`,
      [cpoId, chargePointId, reservationNumber, how.reason],
    );
    const [row] = rows;
    if (row === undefined) return;
    const reservationId = row.command_id;
    const event: ReservationEnded = {
      type: 'ReservationEnded',
      cpoId,
      chargePointId,
      reservationId,
      ...how,
    };
    await this.eventLog.append(tx, [{ event, occurredAt: now, correlationId: reservationId }]);
  }
}
