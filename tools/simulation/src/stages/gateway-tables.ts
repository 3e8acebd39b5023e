import type { ConnectorStatus } from '@tallywatt/ocpp-gateway/domain/connector-status';
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
  readonly commands: Table<RemoteCommand>;
  readonly numbers: Table<number>;

  constructor(disk: Disk) {
    this.sessions = disk.table();
    this.reports = disk.table();
    this.statuses = disk.table();
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

  nextTransactionId(): number {
    const next = (this.numbers.get('transaction') ?? 0) + 1;
    this.numbers.set('transaction', next);
    return next;
  }
}
