import { derivedId } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { Appends } from './group-append';
import type { Seal } from './sealed-parameters';
import type { Station } from './session-store';

export type RotationStatus =
  'waiting' | 'sent' | 'accepted' | 'rotated' | 'rejected' | 'superseded';

/** A rotation as it is shown: never with the password. */
export type RotationView = Readonly<{
  rotationId: string;
  status: RotationStatus;
  detail?: string;
  requestedBy: string;
  requestedAt: Instant;
  rotatedAt?: Instant;
}>;

export type RotationWish = Station &
  Readonly<{ rotationId: string; password: string; passwordHash: string; requestedBy: string }>;

export type DueRotation = Station & Readonly<{ rotationId: string; connectionId: string }>;

/** A password that a charger may have by now. */
export type RotatingPassword = Readonly<{ rotationId: string; passwordHash: string }>;

/** Each is one more slow hash that a wrong password costs. */
const openMax = 3;
/** A charger restarts its connection, or itself, within this time of itself. */
const reconnectPatience = '2 minutes';
const isOpen = `status IN ('waiting', 'sent', 'accepted')`;

/**
 * New passwords for chargers: recorded before they are sent, once, by the process that holds the
 * socket. The old one stays valid until the charger has connected with the new one; where it did not
 * say whether it took it, both stay.
 */
export class CredentialRotations {
  constructor(
    private readonly eventLog: Appends,
    private readonly seal: Seal,
    /** The process whose chargers' rotations are looked for. */
    private readonly replicaId: string,
  ) {}

  /** False when too many are under way already. */
  async request(tx: SqlClient, wish: RotationWish, now: Instant): Promise<boolean> {
    const { cpoId, chargePointId, rotationId, password, passwordHash, requestedBy } = wish;
    const { rowCount } = await tx.query(
      `INSERT INTO credential_rotations (cpo_id, rotation_id, charge_point_id, password_hash, sealed,
         status, requested_by, requested_at)
       SELECT $1, $2, $3, $4, $5, 'waiting', $6, $7
       WHERE (SELECT count(*) FROM credential_rotations
              WHERE cpo_id = $1 AND charge_point_id = $3 AND ${isOpen}) < $8`,
      [
        cpoId,
        rotationId,
        chargePointId,
        passwordHash,
        this.seal.seal(rotationId, password),
        requestedBy,
        now,
        openMax,
      ],
    );
    if (rowCount === 0) return false;
    const event = {
      type: 'CredentialsRotationRequested',
      cpoId,
      chargePointId,
      rotationId,
      kind: 'password',
      requestedBy,
    } as const;
    await this.eventLog.append(tx, [{ event, occurredAt: now, correlationId: rotationId }]);
    return true;
  }

  /** Those that can be sent to chargers of this process. */
  async due(sql: SqlClient): Promise<DueRotation[]> {
    const { rows } = await sql.query<{
      cpo_id: string;
      rotation_id: string;
      charge_point_id: string;
      connection_id: string;
    }>(
      `SELECT r.cpo_id, r.rotation_id, r.charge_point_id, k.connection_id
       FROM credential_rotations r JOIN connections k USING (cpo_id, charge_point_id)
       WHERE r.status = 'waiting' AND k.disconnected_at IS NULL AND k.replica_id = $1
       ORDER BY r.ordinal LIMIT 200`,
      [this.replicaId],
    );
    return rows.map((row) => ({
      cpoId: row.cpo_id,
      chargePointId: row.charge_point_id,
      rotationId: row.rotation_id,
      connectionId: row.connection_id,
    }));
  }

  /** Takes one to send; undefined when it was taken before. It is forgotten here from now on. */
  async claim(tx: SqlClient, { cpoId, rotationId }: DueRotation): Promise<string | undefined> {
    const { rows } = await tx.query<{ sealed: Buffer }>(
      `WITH due AS (
         SELECT sealed FROM credential_rotations
         WHERE cpo_id = $1 AND rotation_id = $2 AND status = 'waiting' FOR UPDATE
       )
       UPDATE credential_rotations r SET status = 'sent', sealed = NULL FROM due
       WHERE r.cpo_id = $1 AND r.rotation_id = $2 RETURNING due.sealed`,
      [cpoId, rotationId],
    );
    return rows[0] === undefined ? undefined : this.seal.open(rotationId, rows[0].sealed);
  }

  /** The charger has taken it, in the place of those that it was told before. */
  async accepted(tx: SqlClient, { cpoId, chargePointId, rotationId }: DueRotation): Promise<void> {
    await lockChargePoint(tx, cpoId, chargePointId);
    const { rows } = await tx.query<{ ordinal: string }>(
      `UPDATE credential_rotations SET status = 'accepted', sent_away_at = now() + $3::interval
       WHERE cpo_id = $1 AND rotation_id = $2 AND status = 'sent' RETURNING ordinal`,
      [cpoId, rotationId, reconnectPatience],
    );
    if (rows[0] === undefined) return;
    await tx.query(
      `UPDATE credential_rotations SET status = 'superseded'
       WHERE cpo_id = $1 AND charge_point_id = $2 AND ordinal < $3
         AND status IN ('sent', 'accepted')`,
      [cpoId, chargePointId, rows[0].ordinal],
    );
  }

  /**
   * Sends away, once, chargers that have taken a new password and stay with the connection that the old
   * one has opened: they come again with either.
   */
  async sendAway(sql: SqlClient): Promise<void> {
    await sql.query(
      `WITH due AS (
         UPDATE credential_rotations SET sent_away_at = NULL
         WHERE status = 'accepted' AND sent_away_at < now() RETURNING cpo_id, charge_point_id)
       UPDATE connections c SET is_to_close = true FROM due
       WHERE c.cpo_id = due.cpo_id AND c.charge_point_id = due.charge_point_id
         AND c.disconnected_at IS NULL AND c.security_profile IN (1, 2)`,
    );
  }

  async rejected(tx: SqlClient, due: DueRotation, detail: string, now: Instant): Promise<void> {
    const { cpoId, chargePointId, rotationId } = due;
    const { rowCount } = await tx.query(
      `UPDATE credential_rotations SET status = 'rejected', detail = $3
       WHERE cpo_id = $1 AND rotation_id = $2 AND status = 'sent'`,
      [cpoId, rotationId, detail],
    );
    if (rowCount === 0) return;
    const event = {
      type: 'CredentialsRotationFailed',
      cpoId,
      chargePointId,
      rotationId,
      kind: 'password',
      reason: 'rejected-by-charger',
      detail,
    } as const;
    await this.eventLog.append(tx, [{ event, occurredAt: now, correlationId: rotationId }]);
  }

  /** A charger has come with its new password: the one before, and those it passed over, are void. */
  async rotated(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    rotationId: string,
    now: Instant,
  ): Promise<void> {
    await lockChargePoint(tx, cpoId, chargePointId);
    const { rows } = await tx.query<{ password_hash: string; ordinal: string }>(
      `UPDATE credential_rotations SET status = 'rotated', rotated_at = $3
       WHERE cpo_id = $1 AND rotation_id = $2 AND status IN ('sent', 'accepted')
       RETURNING password_hash, ordinal`,
      [cpoId, rotationId, now],
    );
    const [row] = rows;
    if (row === undefined) return;
    await tx.query(
      `UPDATE charge_points SET password_hash = $3
       WHERE cpo_id = $1 AND charge_point_id = $2 AND password_hash IS NOT NULL`,
      [cpoId, chargePointId, row.password_hash],
    );
    await tx.query(
      `UPDATE credential_rotations SET status = 'superseded', sealed = NULL
       WHERE cpo_id = $1 AND charge_point_id = $2 AND ordinal < $3 AND ${isOpen}`,
      [cpoId, chargePointId, row.ordinal],
    );
    const event = {
      type: 'CredentialsRotated',
      cpoId,
      chargePointId,
      rotationId,
      kind: 'password',
      rotatedAt: now,
    } as const;
    const id = derivedId('credentials-rotated', cpoId, rotationId);
    await this.eventLog.append(tx, [{ event, occurredAt: now, id, correlationId: rotationId }]);
  }
}

/** First the charge point, then its rotations: the order in which registrations lock them. */
export const lockChargePoint = async (
  tx: SqlClient,
  cpoId: string,
  chargePointId: string,
): Promise<void> => {
  await tx.query(
    `SELECT FROM charge_points WHERE cpo_id = $1 AND charge_point_id = $2 FOR NO KEY UPDATE`,
    [cpoId, chargePointId],
  );
};

/** Passwords that a charger may come with besides the registered one. */
export const rotatingPasswords = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Station,
): Promise<RotatingPassword[]> => {
  const { rows } = await sql.query<{ rotation_id: string; password_hash: string }>(
    `SELECT rotation_id, password_hash FROM credential_rotations
     WHERE cpo_id = $1 AND charge_point_id = $2 AND status IN ('sent', 'accepted')
     ORDER BY ordinal DESC`,
    [cpoId, chargePointId],
  );
  return rows.map((row) => ({ rotationId: row.rotation_id, passwordHash: row.password_hash }));
};

/**
 * Whoever is connected by a credential that is not the registered one any more has to come again; by a
 * password, or without one where there was none: those of profiles 0 to 2.
 */
export const closeConnections = async (
  tx: SqlClient,
  { cpoId, chargePointId }: Station,
  securityProfiles: readonly number[],
): Promise<void> => {
  await tx.query(
    `UPDATE connections SET is_to_close = true
     WHERE cpo_id = $1 AND charge_point_id = $2 AND disconnected_at IS NULL
       AND security_profile = ANY($3::int[])`,
    [cpoId, chargePointId, securityProfiles],
  );
};

/** Password hashes by charge point, of those that have a rotation under way. */
export const hashesBeingRotated = async (
  sql: SqlClient,
  cpoId: string,
  chargePointIds: readonly string[],
): Promise<Map<string, string>> => {
  const { rows } = await sql.query<{ charge_point_id: string; password_hash: string }>(
    `SELECT charge_point_id, password_hash FROM charge_points c
     WHERE cpo_id = $1 AND charge_point_id = ANY($2) AND password_hash IS NOT NULL AND EXISTS (
       SELECT FROM credential_rotations r WHERE r.cpo_id = c.cpo_id
         AND r.charge_point_id = c.charge_point_id AND r.${isOpen})`,
    [cpoId, chargePointIds],
  );
  return new Map(rows.map((row) => [row.charge_point_id, row.password_hash]));
};

/** The latest first. */
export const listRotations = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Station,
): Promise<RotationView[]> => {
  const { rows } = await sql.query<{
    rotation_id: string;
    status: RotationStatus;
    detail: string | null;
    requested_by: string;
    requested_at: string;
    rotated_at: string | null;
  }>(
    `SELECT * FROM credential_rotations WHERE cpo_id = $1 AND charge_point_id = $2
     ORDER BY ordinal DESC LIMIT 50`,
    [cpoId, chargePointId],
  );
  return rows.map((row) => ({
    rotationId: row.rotation_id,
    status: row.status,
    ...(row.detail === null ? {} : { detail: row.detail }),
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    ...(row.rotated_at === null ? {} : { rotatedAt: row.rotated_at }),
  }));
};
