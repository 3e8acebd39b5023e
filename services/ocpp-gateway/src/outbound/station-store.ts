import { derivedId, type StationBooted, type StationDisconnected } from '@tallywatt/contracts';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { clockFault } from '../domain/clock';
import { corrected, type LiveClock } from '../domain/clock-correction';
import { keepAvailability } from './departures';
import {
  type EndedRow,
  endOlder,
  heldElsewhere,
  insertConnection,
  type OwnProcess,
} from './connection-rows';
import type { Appends } from './group-append';
import { followRaise } from './security-profile-raises';
import type { Station } from './session-store';
import { keepBoot } from './station-health';
import { measureClock } from './station-clocks';

export type Connection = Station &
  Readonly<{
    connectionId: string;
    connectedAt: Instant;
    ocppVersion: string;
    /** The one it came by, which may be above the registered one. */
    securityProfile: number;
  }>;

export type DisconnectCause =
  'closed' | 'replaced' | 'shutdown' | 'gateway-crashed' | 'credentials-replaced';

export type StatusReport = Readonly<{
  connectorId: number;
  status: string;
  errorCode: string;
  changedAt: Instant;
  /** Where it was made when it came, and not long before. */
  clock?: LiveClock;
}>;

export type LeftOpen = Readonly<{
  /** The process that looks. */
  replicaId: string;
  /** The name that it has taken over; none when empty. */
  replacedName: string;
  limit: number;
}>;

/** What became of a connection that was written down. */
export type Standing = Readonly<{
  /** Else it is over itself. */
  isNewest: boolean;
  /** Whether another process had, or has, the charge point's connection, and lives. */
  isContested: boolean;
}>;

/** Facts of charge points themselves: connections, boots, connector statuses. */
export class StationStore {
  constructor(
    private readonly eventLog: Appends,
    private readonly process: OwnProcess,
  ) {}

  /**
   * Writes down a connection, and that every older one of its charge point is over: of another
   * process as well, which is then to close its socket. One connection is open at a time. This process
   * lives, so what it held was replaced, not cut off by a crash; others it judges by their leases, if
   * it has kept its own. Which of two began later is told by the database's clock, and one that begins
   * only in the future has a wrong one. Where the older wins, that of another process stays while it
   * lives.
   */
  async connected(tx: SqlClient, connection: Connection): Promise<Standing> {
    const { cpoId, chargePointId, connectionId, connectedAt } = connection;
    const { ocppVersion, securityProfile } = connection;
    const { replicaId, takeover } = this.process;
    const rows = await endOlder(tx, this.process, connection);
    await this.appendEnds(tx, rows);
    await this.appendContests(tx, rows, connection);
    const { isNewest, held } = await insertConnection(tx, this.process, connection);
    const event = {
      type: 'StationConnected',
      cpoId,
      chargePointId,
      connectionId,
      connectedAt,
      ocppVersion,
      securityProfile,
    } as const;
    await this.eventLog.append(tx, [{ event, occurredAt: connectedAt }]);
    if (!isNewest) {
      const end = {
        cpo_id: cpoId,
        charge_point_id: chargePointId,
        connection_id: connectionId,
        disconnected_at: connectedAt,
        cause: 'replaced',
      } as const;
      await this.appendEnds(tx, [end]);
      if (held !== undefined && takeover === 'older-wins') {
        await this.contested(tx, connection, held, connectedAt);
      }
    }
    const others = rows.filter((row) => row.cause === 'replaced' && row.replica_id !== replicaId);
    return { isNewest, isContested: others.length > 0 || held !== undefined };
  }

  /** The connection of a charge point to another process that lives, as far as this one can say. */
  heldElsewhere(sql: SqlClient, station: Station): Promise<string | undefined> {
    return heldElsewhere(sql, this.process, station);
  }

  /** It came by a security profile above its registered one. */
  followRaise(tx: SqlClient, connection: Connection): Promise<void> {
    return followRaise(this.eventLog, tx, connection);
  }

  /** The connections whose place a newer one took while they lived. */
  private async appendContests(
    tx: SqlClient,
    ended: readonly EndedRow[],
    { cpoId, chargePointId, connectionId, connectedAt }: Connection,
  ): Promise<void> {
    const contests = ended
      .filter(({ cause }) => cause === 'replaced')
      .map((row) => ({
        event: {
          type: 'IdentityContested',
          cpoId,
          chargePointId,
          contestedAt: connectedAt,
          heldConnectionId: row.connection_id,
          outcome: 'newer-won',
          newerConnectionId: connectionId,
        } as const,
        occurredAt: connectedAt,
      }));
    if (contests.length > 0) await this.eventLog.append(tx, contests);
  }

  /** A second connection was turned away, because the older lives. */
  async contested(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    heldConnectionId: string,
    contestedAt: Instant,
  ): Promise<void> {
    const event = {
      type: 'IdentityContested',
      cpoId,
      chargePointId,
      contestedAt,
      heldConnectionId,
      outcome: 'older-won',
    } as const;
    await this.eventLog.append(tx, [{ event, occurredAt: contestedAt }]);
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

  /**
   * Ends connections whose process is dead: its lease has run out, it is not known any more, or its
   * name is somebody else's now. They ended when it was last known to live.
   *
   * @returns how many; there may be more when it is as many as the limit.
   */
  async endLeftOpen(
    tx: SqlClient,
    { replicaId, replacedName, limit }: LeftOpen,
    now: Instant,
  ): Promise<number> {
    const { rows } = await tx.query<EndedRow>(
      `WITH dead AS (
         SELECT c.cpo_id, c.connection_id, coalesce(r.alive_at, $4) AS alive_at
         FROM connections c LEFT JOIN gateway_replicas r USING (replica_id)
         WHERE c.disconnected_at IS NULL AND c.replica_id IS DISTINCT FROM $1
           AND (r.replica_id IS NULL OR r.lease_until < now() OR r.name = $2)
         ORDER BY c.cpo_id, c.charge_point_id, c.connected_at
         LIMIT $3 FOR UPDATE OF c SKIP LOCKED)
       UPDATE connections c SET cause = 'gateway-crashed', is_to_close = c.replica_id IS NOT NULL,
         disconnected_at = greatest(c.connected_at, dead.alive_at)
       FROM dead WHERE c.cpo_id = dead.cpo_id AND c.connection_id = dead.connection_id
       RETURNING c.cpo_id, c.charge_point_id, c.connection_id, c.disconnected_at, c.cause`,
      [replicaId, replacedName, limit, now],
    );
    await this.appendEnds(tx, rows);
    return rows.length;
  }

  private async appendEnds(tx: SqlClient, rows: readonly EndedRow[]): Promise<void> {
    const events = rows.map((row) => ({
      event: {
        type: 'StationDisconnected',
        cpoId: row.cpo_id,
        chargePointId: row.charge_point_id,
        connectionId: row.connection_id,
        disconnectedAt: row.disconnected_at,
        cause: row.cause,
      } as const,
      occurredAt: row.disconnected_at,
    }));
    if (events.length > 0) await this.eventLog.append(tx, events);
  }

  async booted(tx: SqlClient, boot: StationBooted, id: string): Promise<void> {
    await keepBoot(tx, boot);
    await this.eventLog.append(tx, [{ event: boot, occurredAt: boot.bootedAt, id }]);
  }

  /** Records a status unless it is word for word the one that is known. */
  async statusChanged(
    tx: SqlClient,
    connection: Connection,
    messageId: string,
    { connectorId, status, errorCode, changedAt, clock: live }: StatusReport,
    now: Instant,
  ): Promise<void> {
    const { cpoId, chargePointId, connectionId } = connection;
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
    // One without a time of its own was given ours, which says nothing of its charger's.
    const clock =
      changedAt === now
        ? undefined
        : await measureClock(tx, connection, { claimedAt: changedAt, receivedAt: now, live });
    if (clock !== undefined) await this.eventLog.append(tx, [{ event: clock, occurredAt: now }]);
    const { at } = corrected(changedAt, live);
    const isTimed = clockFault(at, now) === undefined;
    await queryPrepared(
      tx,
      'gateway.keep_status',
      `INSERT INTO connector_status_history
         (cpo_id, charge_point_id, connector_id, changed_at, status, error_code)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [cpoId, chargePointId, connectorId, isTimed ? at : now, status, errorCode],
    );
    if (status === 'Available' && isTimed) {
      await keepAvailability(tx, { cpoId, chargePointId, connectorId }, at);
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
