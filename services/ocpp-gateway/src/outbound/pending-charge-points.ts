import { derivedId } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { Appends } from './group-append';
import type { Station } from './session-store';

/** What an unknown charger says of itself; nothing of it is proven. */
export type PendingBoot = Station &
  Readonly<{
    ocppVersion: string;
    remoteAddress: string;
    vendor: string;
    model: string;
    serialNumber?: string;
    firmwareVersion?: string;
    bootedAt: Instant;
  }>;

/** A charger that waits for the operator, or that he has refused, as it is shown. */
export type PendingChargePoint = Readonly<{
  id: string;
  status: 'pending' | 'refused';
  ocppVersion: string;
  remoteAddress: string;
  vendor: string;
  model: string;
  serialNumber?: string;
  firmwareVersion?: string;
  firstBootedAt: Instant;
  lastBootedAt: Instant;
  refusedBy?: string;
  refusalReason?: string;
}>;

/** `closed`: no more may wait, the CPO has no charge point at all, or this one is registered by now. */
export type Standing = 'pending' | 'refused' | 'closed';

/** Of a charger that has not come for so long the place is another's. */
const forgottenAfter = '7 days';
/** As many refused ones are remembered of a CPO. */
const refusedMax = 1_000;

type Row = {
  charge_point_id: string;
  status: 'pending' | 'refused';
  ocpp_version: string;
  remote_address: string;
  vendor: string;
  model: string;
  serial_number: string | null;
  firmware_version: string | null;
  first_booted_at: string;
  last_booted_at: string;
  refused_by: string | null;
  refusal_reason: string | null;
};

const viewOf = (row: Row): PendingChargePoint => ({
  id: row.charge_point_id,
  status: row.status,
  ocppVersion: row.ocpp_version,
  remoteAddress: row.remote_address,
  vendor: row.vendor,
  model: row.model,
  ...(row.serial_number === null ? {} : { serialNumber: row.serial_number }),
  ...(row.firmware_version === null ? {} : { firmwareVersion: row.firmware_version }),
  firstBootedAt: row.first_booted_at,
  lastBootedAt: row.last_booted_at,
  ...(row.refused_by === null ? {} : { refusedBy: row.refused_by }),
  ...(row.refusal_reason === null ? {} : { refusalReason: row.refusal_reason }),
});

/** Chargers that nobody has registered and that wait for the operator, no more than a few. */
export class PendingChargePoints {
  constructor(
    private readonly eventLog: Appends,
    /** How many of one CPO may wait; 0 where unknown chargers are refused. */
    private readonly placesMax: number,
  ) {}

  /** Whether one may wait, before anything is known of it but its name. Nothing is written. */
  async standingOf(sql: SqlClient, { cpoId, chargePointId }: Station): Promise<Standing> {
    if (this.placesMax === 0) return 'closed';
    const { rows } = await sql.query<{ status: Standing | null; places: string; is_cpo: boolean }>(
      `SELECT (SELECT status FROM pending_charge_points
               WHERE cpo_id = $1 AND charge_point_id = $2) AS status,
         (SELECT count(*) FROM pending_charge_points WHERE cpo_id = $1 AND status = 'pending'
            AND touched_at > now() - $3::interval) AS places,
         EXISTS (SELECT FROM charge_points WHERE cpo_id = $1) AS is_cpo`,
      [cpoId, chargePointId, forgottenAfter],
    );
    const [row] = rows;
    if (row?.status !== null && row?.status !== undefined) return row.status;
    return row?.is_cpo === true && Number(row.places) < this.placesMax ? 'pending' : 'closed';
  }

  /** A charger that is not registered says BootNotification; its first one is a fact. */
  async booted(tx: SqlClient, boot: PendingBoot): Promise<Standing> {
    const { cpoId, chargePointId, bootedAt } = boot;
    // Those of one CPO one after the other: together they are no more than they may be.
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `pending-charge-points/${cpoId}`,
    ]);
    const { rows } = await tx.query<{ is_registered: boolean }>(
      `SELECT EXISTS (SELECT FROM charge_points WHERE cpo_id = $1 AND charge_point_id = $2)
         AS is_registered`,
      [cpoId, chargePointId],
    );
    if (rows[0]?.is_registered === true) return 'closed';
    await tx.query(
      `DELETE FROM pending_charge_points
       WHERE cpo_id = $1 AND status = 'pending' AND touched_at < now() - $2::interval
         AND charge_point_id <> $3`,
      [cpoId, forgottenAfter, chargePointId],
    );
    const standing = await this.standingOf(tx, boot);
    if (standing !== 'pending') return standing;
    const { rows: kept } = await tx.query<{ is_new: boolean }>(
      `INSERT INTO pending_charge_points (cpo_id, charge_point_id, status, ocpp_version,
         remote_address, vendor, model, serial_number, firmware_version, first_booted_at,
         last_booted_at)
       VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $9)
       ON CONFLICT (cpo_id, charge_point_id) DO UPDATE SET ocpp_version = $3, remote_address = $4,
         vendor = $5, model = $6, serial_number = $7, firmware_version = $8, last_booted_at = $9,
         touched_at = now()
       RETURNING xmax = 0 AS is_new`,
      [
        cpoId,
        chargePointId,
        boot.ocppVersion,
        boot.remoteAddress,
        boot.vendor,
        boot.model,
        boot.serialNumber ?? null,
        boot.firmwareVersion ?? null,
        bootedAt,
      ],
    );
    if (kept[0]?.is_new === true) {
      const { ocppVersion, vendor, model, serialNumber, firmwareVersion } = boot;
      const event = {
        type: 'ChargePointPending',
        cpoId,
        chargePointId,
        bootedAt,
        ocppVersion,
        vendor,
        model,
        ...(serialNumber === undefined ? {} : { serialNumber }),
        ...(firmwareVersion === undefined ? {} : { firmwareVersion }),
      } as const;
      const id = derivedId('charge-point-pending', cpoId, chargePointId, bootedAt);
      await this.eventLog.append(tx, [{ event, occurredAt: bootedAt, id }]);
    }
    return 'pending';
  }

  /** @returns false when no such charger waits. */
  async refuse(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    { refusedBy, reason }: Readonly<{ refusedBy: string; reason: string }>,
    now: Instant,
  ): Promise<boolean> {
    const { rowCount } = await tx.query(
      `UPDATE pending_charge_points
       SET status = 'refused', refused_by = $3, refusal_reason = $4, touched_at = now()
       WHERE cpo_id = $1 AND charge_point_id = $2 AND status = 'pending'`,
      [cpoId, chargePointId, refusedBy, reason],
    );
    if (rowCount === 0) return false;
    await tx.query(
      `DELETE FROM pending_charge_points WHERE cpo_id = $1 AND status = 'refused'
         AND charge_point_id IN (
           SELECT charge_point_id FROM pending_charge_points
           WHERE cpo_id = $1 AND status = 'refused' ORDER BY touched_at DESC OFFSET $2)`,
      [cpoId, refusedMax],
    );
    const event = { type: 'ChargePointRefused', cpoId, chargePointId, refusedBy, reason } as const;
    await this.eventLog.append(tx, [{ event, occurredAt: now }]);
    return true;
  }
}

/** Of these those that are registered or refused by now, or have been forgotten after a boot. */
export const decidedAmong = async (
  sql: SqlClient,
  stations: readonly Station[],
): Promise<readonly (Station & Readonly<{ isRegistered: boolean }>)[]> => {
  if (stations.length === 0) return [];
  const { rows } = await sql.query<{
    cpo_id: string;
    charge_point_id: string;
    is_registered: boolean;
  }>(
    `SELECT u.cpo_id, u.charge_point_id, c.cpo_id IS NOT NULL AS is_registered
     FROM unnest($1::text[], $2::text[]) AS u (cpo_id, charge_point_id)
       LEFT JOIN charge_points c USING (cpo_id, charge_point_id)
       LEFT JOIN pending_charge_points p USING (cpo_id, charge_point_id)
     WHERE c.cpo_id IS NOT NULL OR p.status = 'refused'`,
    [stations.map(({ cpoId }) => cpoId), stations.map(({ chargePointId }) => chargePointId)],
  );
  return rows.map((row) => ({
    cpoId: row.cpo_id,
    chargePointId: row.charge_point_id,
    isRegistered: row.is_registered,
  }));
};

/** One more than the limit, so that a page knows whether another follows. */
export const listPending = async (
  sql: SqlClient,
  cpoId: string,
  status: 'pending' | 'refused',
  after: string,
  limit: number,
): Promise<PendingChargePoint[]> => {
  const { rows } = await sql.query<Row>(
    `SELECT * FROM pending_charge_points
     WHERE cpo_id = $1 AND status = $2 AND charge_point_id > $3
     ORDER BY charge_point_id LIMIT $4`,
    [cpoId, status, after, limit + 1],
  );
  return rows.map(viewOf);
};

/** Who is registered waits no longer. */
export const forgetPending = async (
  tx: SqlClient,
  cpoId: string,
  chargePointIds: readonly string[],
): Promise<void> => {
  await tx.query(
    'DELETE FROM pending_charge_points WHERE cpo_id = $1 AND charge_point_id = ANY($2)',
    [cpoId, chargePointIds],
  );
};
