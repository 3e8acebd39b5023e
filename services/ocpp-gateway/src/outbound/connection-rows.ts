import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { DatabaseClock } from './database-clock';
import type { Station } from './session-store';
import type { Connection, DisconnectCause } from './station-store';
import type { Steadiness } from './steadiness';

/** Which of two connections of one identity stays. */
export type Takeover = 'newer-wins' | 'older-wins';

/** This process, among those that share the database. */
export type OwnProcess = Readonly<{
  /** The one that holds the sockets of the connections that are begun here. */
  replicaId: string;
  steadiness: Pick<Steadiness, 'isSteady' | 'isNew'>;
  clock: Pick<DatabaseClock, 'at'>;
  takeover: Takeover;
}>;

export type EndedRow = {
  cpo_id: string;
  charge_point_id: string;
  connection_id: string;
  disconnected_at: string;
  cause: DisconnectCause;
  replica_id?: string | null;
};

/** Parameters of a statement: this process, whether it is steady, whether it is new. */
type Judge = Readonly<{ own: string; isSteady: string; isNew: string }>;

/**
 * Whether the process of a connection lives, as far as this one can say. A new one judges, too, where
 * the database was there ever since the other has last said that it lives.
 */
const lives = ({ own, isSteady, isNew }: Judge): string => {
  const databaseStayed = 'coalesce(r.renewed_at >= pg_postmaster_start_time(), false)';
  const canJudge = `(${isSteady}::boolean OR (${isNew}::boolean AND ${databaseStayed}))`;
  return `(o.replica_id = ${own} OR r.lease_until >= now()
    OR (r.replica_id IS NOT NULL AND NOT ${canJudge}))`;
};

const olderLives = lives({ own: '$4', isSteady: '$5', isNew: '$6' });
/** When a connection began, by the database's clock; by its process's where that is not known. */
const begunAt = `coalesce(o.begun_at, o.connected_at::timestamptz)`;

/** Ends the connections whose place this one takes. */
export const endOlder = async (
  tx: SqlClient,
  { replicaId, steadiness, clock, takeover }: OwnProcess,
  { cpoId, chargePointId, connectedAt }: Connection,
): Promise<readonly EndedRow[]> => {
  const { rows } = await queryPrepared<EndedRow>(
    tx,
    'gateway.replace_connections',
    `UPDATE connections c SET is_to_close = c.replica_id <> $4 AND r.replica_id IS NOT NULL,
       disconnected_at = CASE WHEN ${olderLives} THEN greatest($3, c.connected_at)
         ELSE greatest(coalesce(r.alive_at, $3), c.connected_at) END,
       cause = CASE WHEN ${olderLives} THEN 'replaced' ELSE 'gateway-crashed' END
     FROM connections o LEFT JOIN gateway_replicas r USING (replica_id)
     WHERE o.cpo_id = $1 AND o.charge_point_id = $2 AND o.disconnected_at IS NULL
       AND c.cpo_id = o.cpo_id AND c.connection_id = o.connection_id
       AND c.disconnected_at IS NULL
       AND (NOT $8::boolean OR o.replica_id = $4 OR NOT ${olderLives})
       AND (${begunAt} <= $7 OR ${begunAt} > clock_timestamp() OR o.replica_id = $4
         OR r.lease_until >= now() IS NOT TRUE)
     RETURNING c.cpo_id, c.charge_point_id, c.connection_id, c.disconnected_at, c.cause,
       c.replica_id`,
    [
      cpoId,
      chargePointId,
      connectedAt,
      replicaId,
      steadiness.isSteady,
      steadiness.isNew,
      clock.at(connectedAt),
      takeover === 'older-wins',
    ],
  );
  return rows;
};

/** Adds a connection; where another one is still open (`held`) it is over at once. */
export const insertConnection = async (
  tx: SqlClient,
  { replicaId, clock }: OwnProcess,
  connection: Connection,
): Promise<Readonly<{ isNewest: boolean; held: string | undefined }>> => {
  const { cpoId, chargePointId, connectionId, connectedAt } = connection;
  const { ocppVersion, securityProfile } = connection;
  const { rows } = await tx.query<{ is_newest: boolean; held: string | null }>(
    `WITH newer AS (
       SELECT connection_id FROM connections
       WHERE cpo_id = $1 AND charge_point_id = $3 AND disconnected_at IS NULL)
     INSERT INTO connections (cpo_id, connection_id, charge_point_id, connected_at, replica_id,
       ocpp_version, security_profile, begun_at, disconnected_at, cause)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN EXISTS (SELECT FROM newer) THEN $4 END,
       CASE WHEN EXISTS (SELECT FROM newer) THEN 'replaced' END)
     RETURNING disconnected_at IS NULL AS is_newest,
       (SELECT connection_id FROM newer LIMIT 1) AS held`,
    [
      cpoId,
      connectionId,
      chargePointId,
      connectedAt,
      replicaId,
      ocppVersion,
      securityProfile,
      clock.at(connectedAt),
    ],
  );
  return { isNewest: rows[0]?.is_newest === true, held: rows[0]?.held ?? undefined };
};

/** The connection of a charge point to another process that lives. */
export const heldElsewhere = async (
  sql: SqlClient,
  { replicaId, steadiness }: OwnProcess,
  { cpoId, chargePointId }: Station,
): Promise<string | undefined> => {
  const { rows } = await sql.query<{ connection_id: string }>(
    `SELECT o.connection_id FROM connections o LEFT JOIN gateway_replicas r USING (replica_id)
     WHERE o.cpo_id = $1 AND o.charge_point_id = $2 AND o.disconnected_at IS NULL
       AND o.replica_id <> $3 AND ${lives({ own: '$3', isSteady: '$4', isNew: '$5' })}`,
    [cpoId, chargePointId, replicaId, steadiness.isSteady, steadiness.isNew],
  );
  return rows[0]?.connection_id;
};
