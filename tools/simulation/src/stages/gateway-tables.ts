import type { ConnectorStatus } from '@tallywatt/ocpp-gateway/domain/connector-status';
import { clockFault } from '@tallywatt/ocpp-gateway/domain/clock';
import { departureOf } from '@tallywatt/ocpp-gateway/domain/departure';
import type { Departure } from '@tallywatt/ocpp-gateway/domain/session-occupancy';
import type { StoredSession } from '@tallywatt/ocpp-gateway/domain/session-record';
import type { Instant } from '@tallywatt/time';
import type { Disk, Table } from '../ground/disk';

/** A session as the gateway's table has it. */
export type SessionRow = StoredSession & Readonly<{ closeDueMs?: number }>;

export type RemoteCommand = Readonly<{
  cpoId: string;
  commandId: string;
  chargePointId: string;
  sessionId: string;
  ocppTransactionId: string;
  status: 'pending' | 'accepted' | 'rejected';
  attempts: number;
  nextAttemptMs: number;
}>;

export type KnownStatus = Readonly<{ status: ConnectorStatus; changedAt: Instant }>;

/** The gateway's database. */
export class GatewayTables {
  readonly sessions: Table<SessionRow>;
  readonly reports: Table<true>;
  readonly statuses: Table<KnownStatus>;
  /** When each connector became Available, in order. */
  readonly availabilities: Table<readonly Instant[]>;
  readonly commands: Table<RemoteCommand>;
  readonly numbers: Table<number>;

  constructor(disk: Disk) {
    this.sessions = disk.table();
    this.reports = disk.table();
    this.statuses = disk.table();
    this.availabilities = disk.table();
    this.commands = disk.table();
    this.numbers = disk.table();
  }

  latestWithFingerprint(chargePointId: string, fingerprint: string): SessionRow | undefined {
    return this.sessions
      .values()
      .filter((s) => s.chargePointId === chargePointId && s.fingerprint === fingerprint)
      .reduce<SessionRow | undefined>(
        (last, s) => (last === undefined || s.occurrence > last.occurrence ? s : last),
        undefined,
      );
  }

  byTransaction(chargePointId: string, transactionId: number): SessionRow | undefined {
    return this.sessions
      .values()
      .find(
        (s) => s.chargePointId === chargePointId && s.ocppTransactionId === String(transactionId),
      );
  }

  openOn(chargePointId: string, connectorId: number): SessionRow[] {
    return this.sessions
      .values()
      .filter(
        (s) =>
          s.chargePointId === chargePointId &&
          s.connectorId === connectorId &&
          s.state.status !== 'closed',
      );
  }

  statusAt({ chargePointId, connectorId }: SessionRow): KnownStatus | undefined {
    return this.statuses.get(`${chargePointId}/${connectorId}`);
  }

  keepStatus(chargePointId: string, connectorId: number, known: KnownStatus, now: Instant): void {
    const place = `${chargePointId}/${connectorId}`;
    this.statuses.set(place, known);
    if (known.status !== 'Available' || clockFault(known.changedAt, now) !== undefined) return;
    const availabilities = this.availabilities.get(place) ?? [];
    this.availabilities.set(place, [...availabilities, known.changedAt].sort());
  }

  /** What has ended a session's stay already, when its stop is told. */
  departure(session: SessionRow, stoppedAt: Instant, now: Instant): Departure {
    const { chargePointId, connectorId, state } = session;
    if (state.status !== 'active' || !state.billsParkingTime) return {};
    const { startedAt } = state;
    const known = this.statusAt(session);
    const history = {
      freedAt: this.availabilities
        .get(`${chargePointId}/${connectorId}`)
        ?.find((availableAt) => availableAt >= stoppedAt),
      availableSince: known?.status === 'Available' ? known.changedAt : undefined,
      nextStartAt: this.sessions
        .values()
        .filter((one) => one.chargePointId === chargePointId && one.connectorId === connectorId)
        .flatMap((one) => ('startedAt' in one.state ? one.state.startedAt : []))
        .filter((at) => at > startedAt)
        .sort()[0],
    };
    return departureOf({ startedAt, stoppedAt }, history, now);
  }

  nextTransactionId(): number {
    const next = (this.numbers.get('transaction') ?? 0) + 1;
    this.numbers.set('transaction', next);
    return next;
  }
}
