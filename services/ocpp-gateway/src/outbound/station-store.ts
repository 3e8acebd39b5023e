import { derivedId, type StationBooted, type StationDisconnected } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { clockFault } from '../domain/clock';
import { keepAvailability } from './departures';
import type { Appends } from './group-append';
import type { Station } from './session-store';

export type Connection = Station &
  Readonly<{ connectionId: string; connectedAt: Instant; ocppVersion: string }>;

export type DisconnectCause = 'closed' | 'replaced' | 'shutdown' | 'gateway-crashed';

export type StatusReport = Readonly<{
  connectorId: number;
  status: string;
  errorCode: string;
  changedAt: Instant;
}>;

/** Facts of charge points themselves: connections, boots, connector statuses. */
export class StationStore {
  constructor(private readonly eventLog: Appends) {}

  async connected(tx: SqlClient, connection: Connection): Promise<void> {
    const { cpoId, chargePointId, connectionId, connectedAt, ocppVersion } = connection;
    await tx.query(
      `INSERT INTO connections
         (cpo_id, connection_id, charge_point_id, connected_at, ocpp_version)
       VALUES ($1, $2, $3, $4, $5)`,
      [cpoId, connectionId, chargePointId, connectedAt, ocppVersion],
    );
    const event = {
      type: 'StationConnected',
      cpoId,
      chargePointId,
      connectionId,
      connectedAt,
      ocppVersion,
    } as const;
    await this.eventLog.append(tx, [{ event, occurredAt: connectedAt }]);
  }

  async disconnected(
    tx: SqlClient,
    { cpoId, chargePointId, connectionId }: Station & { connectionId: string },
    cause: DisconnectCause,
    disconnectedAt: Instant,
  ): Promise<void> {
    const { rowCount } = await tx.query(
      `UPDATE connections SET disconnected_at = $3, cause = $4
       WHERE cpo_id = $1 AND connection_id = $2 AND disconnected_at IS NULL`,
      [cpoId, connectionId, disconnectedAt, cause],
    );
    if (rowCount === 0) return;
    const event: StationDisconnected = {
      type: 'StationDisconnected',
      cpoId,
      chargePointId,
      connectionId,
      disconnectedAt,
      cause,
    };
    await this.eventLog.append(tx, [{ event, occurredAt: disconnectedAt }]);
  }

  /** Connections that a process left open when it died; called before new ones are let in. */
  async closeLeftOpen(tx: SqlClient, now: Instant): Promise<number> {
    const { rows } = await tx.query<{
      cpo_id: string;
      charge_point_id: string;
      connection_id: string;
    }>(
      `SELECT cpo_id, charge_point_id, connection_id FROM connections
       WHERE disconnected_at IS NULL ORDER BY cpo_id, charge_point_id, connected_at`,
    );
    for (const row of rows) {
      const connection = {
        cpoId: row.cpo_id,
        chargePointId: row.charge_point_id,
        connectionId: row.connection_id,
      };
      await this.disconnected(tx, connection, 'gateway-crashed', now);
    }
    return rows.length;
  }

  async booted(tx: SqlClient, boot: StationBooted, id: string): Promise<void> {
    await this.eventLog.append(tx, [{ event: boot, occurredAt: boot.bootedAt, id }]);
  }

  /** Records a status unless it is word for word the one that is known. */
  async statusChanged(
    tx: SqlClient,
    { cpoId, chargePointId, connectionId }: Connection,
    messageId: string,
    { connectorId, status, errorCode, changedAt }: StatusReport,
    now: Instant,
  ): Promise<void> {
    const { rowCount } = await tx.query(
      `INSERT INTO connector_statuses AS s
         (cpo_id, charge_point_id, connector_id, status, error_code, changed_at)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (cpo_id, charge_point_id, connector_id) DO UPDATE
         SET status = $4, error_code = $5, changed_at = $6
         WHERE (s.status, s.error_code, s.changed_at) <> ($4, $5, $6)`,
      [cpoId, chargePointId, connectorId, status, errorCode, changedAt],
    );
    if (rowCount === 0) return;
    if (status === 'Available' && clockFault(changedAt, now) === undefined) {
      await keepAvailability(tx, { cpoId, chargePointId, connectorId }, changedAt);
    }
    const event = {
      type: 'ConnectorStatusChanged',
      cpoId,
      chargePointId,
      connectorId,
      changedAt,
      status,
      errorCode,
    } as const;
    // A status may come back within one second, so its message tells it apart. Its words do too:
    // there are chargers that give every message the same id.
    const words = [connectorId.toString(), changedAt, status, errorCode];
    const id = derivedId('connector-status', cpoId, connectionId, messageId, ...words);
    await this.eventLog.append(tx, [{ event, occurredAt: changedAt, id }]);
  }
}
