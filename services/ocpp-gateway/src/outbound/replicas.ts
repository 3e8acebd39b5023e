import { randomUUID } from 'node:crypto';
import type { Logger } from '@tallywatt/service-kit';
import type { SqlClient } from '@tallywatt/event-log';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import type { ChargerConnections } from './charger-connections';
import type { CommitQueue } from './commit-queue';
import type { DatabaseClock } from './database-clock';
import type { Station } from './session-store';
import type { StationStore } from './station-store';
import type { Steadiness } from './steadiness';

export type ReplicaParts = Readonly<{
  replicaId: string;
  /** Which process it is, the same after a restart: a host and a port have one process at a time. */
  name: string;
  /** How long after its last sign of life it is taken for dead. */
  leaseMs: number;
  sql: SqlClient;
  commits: CommitQueue;
  stations: StationStore;
  steadiness: Steadiness;
  clock: DatabaseClock;
  connections: ChargerConnections;
  logger: Logger;
}>;

const endedAtOnce = 1_000;

const now = (): Instant => instantFromEpochMs(Date.now());

export const newReplicaId = (): string => randomUUID();

/**
 * This process among those that share a database. Each says again and again that it lives; what one
 * that died has left open is ended in the log by any other, once.
 */
export class Replicas {
  constructor(private readonly parts: ReplicaParts) {}

  /** Before chargers are let in: whoever had this name before is dead, since its port is ours now. */
  async join(): Promise<void> {
    await this.sayAlive();
    await this.endLeftOpen(this.parts.name);
  }

  /** That it lives, for as long as the lease. */
  async sayAlive(): Promise<void> {
    const { sql, replicaId, name, leaseMs, steadiness, clock, connections, logger } = this.parts;
    const startedMs = performance.now();
    const askedMs = Date.now();
    const { rows } = await sql.query<{ is_new: boolean; database_ms: number }>(
      `INSERT INTO gateway_replicas AS r (replica_id, name, alive_at, lease_until, renewed_at)
       VALUES ($1, $2, $3, now() + make_interval(secs => $4), now())
       ON CONFLICT (replica_id) DO UPDATE SET alive_at = EXCLUDED.alive_at,
         lease_until = EXCLUDED.lease_until, renewed_at = EXCLUDED.renewed_at
       RETURNING xmax = 0 AS is_new,
         (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS database_ms`,
      [replicaId, name, now(), leaseMs / 1_000],
    );
    clock.told(askedMs, rows[0]?.database_ms ?? askedMs, Date.now());
    steadiness.said(startedMs);
    if (rows[0]?.is_new !== true || connections.count === 0) return;
    logger.warn({ replicaId }, 'this process was taken for dead: its chargers are to come again');
    for (const charger of connections.all()) charger.close('shutdown');
  }

  /**
   * Ends what dead processes have left open. After the database was away nobody has said for a while
   * that it lives: who has not said it steadily itself does not judge others.
   */
  async endDead(): Promise<void> {
    if (this.parts.steadiness.isSteady) await this.endLeftOpen('');
  }

  /**
   * Closes sockets whose chargers have come again through another process, and those whose credentials
   * have been replaced.
   */
  async closeReplaced(): Promise<void> {
    const { sql, replicaId, connections } = this.parts;
    const { rows } = await sql.query<Row & { is_over: boolean }>(
      `SELECT cpo_id, charge_point_id, connection_id, disconnected_at IS NOT NULL AS is_over
       FROM connections
       WHERE replica_id = $1 AND is_to_close`,
      [replicaId],
    );
    if (rows.length === 0) return;
    for (const { cpo_id: cpoId, charge_point_id: chargePointId, ...row } of rows) {
      const charger = connections.find({ cpoId, chargePointId });
      if (charger?.connectionId !== row.connection_id) continue;
      charger.close(row.is_over ? 'replaced' : 'credentials-replaced');
    }
    await sql.query(
      `UPDATE connections SET is_to_close = false
       WHERE replica_id = $1 AND is_to_close AND connection_id = ANY($2::uuid[])`,
      [replicaId, rows.map((row) => row.connection_id)],
    );
  }

  /** At the end of an orderly stop. */
  async leave(): Promise<void> {
    const { sql, replicaId } = this.parts;
    await sql.query(
      `UPDATE connections SET is_to_close = false WHERE replica_id = $1 AND is_to_close`,
      [replicaId],
    );
    await sql.query(
      `DELETE FROM gateway_replicas WHERE replica_id = $1 AND NOT EXISTS (
         SELECT FROM connections WHERE replica_id = $1 AND disconnected_at IS NULL)`,
      [replicaId],
    );
  }

  private async endLeftOpen(replacedName: string): Promise<void> {
    const { commits, stations, sql, replicaId, logger } = this.parts;
    const whose = { replicaId, replacedName };
    for (;;) {
      const ended = await commits.submit((tx) =>
        stations.endLeftOpen(tx, { ...whose, limit: endedAtOnce }, now()),
      );
      if (ended > 0) logger.warn({ ended }, 'connections of a crashed gateway ended');
      if (ended < endedAtOnce) break;
    }
    await sql.query(
      `WITH gone AS (
         DELETE FROM gateway_replicas r
         WHERE r.replica_id <> $1 AND (r.lease_until < now() OR r.name = $2) AND NOT EXISTS (
           SELECT FROM connections c
           WHERE c.replica_id = r.replica_id AND c.disconnected_at IS NULL)
         RETURNING r.replica_id)
       UPDATE connections c SET is_to_close = false FROM gone
       WHERE c.replica_id = gone.replica_id AND c.is_to_close`,
      [replicaId, replacedName],
    );
  }
}

type Row = { cpo_id: string; charge_point_id: string; connection_id: string };

/** Which of these charge points have a connection, to whichever process that lives. */
export const connectedAmong = async (
  sql: SqlClient,
  cpoId: string,
  chargePointIds: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { rows } = await sql.query<Pick<Row, 'charge_point_id'>>(
    `SELECT DISTINCT c.charge_point_id FROM connections c JOIN gateway_replicas r USING (replica_id)
     WHERE c.cpo_id = $1 AND c.charge_point_id = ANY($2::text[]) AND c.disconnected_at IS NULL
       AND r.lease_until >= now()`,
    [cpoId, chargePointIds],
  );
  return new Set(rows.map((row) => row.charge_point_id));
};

/** Which process holds a charger's socket, if one that lives does: its replica id. */
export const replicaHolding = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Station,
): Promise<string | undefined> => {
  const { rows } = await sql.query<{ replica_id: string }>(
    `SELECT c.replica_id FROM connections c JOIN gateway_replicas r USING (replica_id)
     WHERE c.cpo_id = $1 AND c.charge_point_id = $2 AND c.disconnected_at IS NULL
       AND r.lease_until >= now()`,
    [cpoId, chargePointId],
  );
  return rows[0]?.replica_id;
};
