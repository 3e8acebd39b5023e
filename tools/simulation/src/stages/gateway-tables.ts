import type { ConnectorStatus } from '@tallywatt/ocpp-gateway/domain/connector-status';
import type { ChargingSession } from '@tallywatt/ocpp-gateway/domain/charging-session';
import type { Instant } from '@tallywatt/time';
import type { Disk, Table } from '../ground/disk';

export type IdTagInfo = Readonly<{ status: string }>;

/** A session as the gateway's table has it. */
export type StoredSession = Readonly<{
  cpoId: string;
  sessionId: string;
  chargePointId: string;
  connectorId: number;
  transactionId: number;
  fingerprint: string;
  occurrence: number;
  tokenMark: string;
  tokenRef: string;
  idTagInfo: IdTagInfo;
  state: ChargingSession;
  eventCount: number;
  closeDueMs?: number;
}>;

export type RemoteCommand = Readonly<{
  cpoId: string;
  commandId: string;
  chargePointId: string;
  sessionId: string;
  transactionId: number;
  status: 'pending' | 'accepted' | 'rejected';
  attempts: number;
  nextAttemptMs: number;
}>;

export type KnownStatus = Readonly<{ status: ConnectorStatus; changedAt: Instant }>;

/** The gateway's database. */
export class GatewayTables {
  readonly sessions: Table<StoredSession>;
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

  latestWithFingerprint(chargePointId: string, fingerprint: string): StoredSession | undefined {
    return this.sessions
      .values()
      .filter((s) => s.chargePointId === chargePointId && s.fingerprint === fingerprint)
      .reduce<StoredSession | undefined>(
        (last, s) => (last === undefined || s.occurrence > last.occurrence ? s : last),
        undefined,
      );
  }

  byTransaction(chargePointId: string, transactionId: number): StoredSession | undefined {
    return this.sessions
      .values()
      .find((s) => s.chargePointId === chargePointId && s.transactionId === transactionId);
  }

  openOn(chargePointId: string, connectorId: number): StoredSession[] {
    return this.sessions
      .values()
      .filter(
        (s) =>
          s.chargePointId === chargePointId &&
          s.connectorId === connectorId &&
          s.state.status !== 'closed',
      );
  }

  nextTransactionId(): number {
    const next = (this.numbers.get('transaction') ?? 0) + 1;
    this.numbers.set('transaction', next);
    return next;
  }
}
