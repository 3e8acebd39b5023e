import type { ChargePointRegistered } from '@tallywatt/contracts';
import { derivedId } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import { decimalFromString } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';

export type RegisteredConnector = Readonly<{ id: number; powerWMax: bigint }>;

/** A charge point as it was registered, without its password. */
export type ChargePoint = Readonly<{
  cpoId: string;
  id: string;
  locationId: string;
  timeZone: string;
  currency: string;
  /** Plain digits; left out when unknown. */
  taxRatePercent?: string;
  tariffId: string;
  securityProfile: number;
  connectors: readonly RegisteredConnector[];
}>;

export type Credential = Readonly<{ securityProfile: number; passwordHash?: string }>;

type Row = {
  cpo_id: string;
  charge_point_id: string;
  revision: number;
  location_id: string;
  time_zone: string;
  currency: string;
  tax_rate_percent: string | null;
  tariff_id: string;
  security_profile: number;
  password_hash: string | null;
  connectors: { id: number; powerWMax: string }[];
};

const selectRow = `
  SELECT c.*, (
    SELECT coalesce(json_agg(json_build_object(
      'id', k.connector_id, 'powerWMax', k.power_w_max::text) ORDER BY k.connector_id), '[]')
    FROM connectors k
    WHERE k.cpo_id = c.cpo_id AND k.charge_point_id = c.charge_point_id
  ) AS connectors
  FROM charge_points c`;

const fromRow = (row: Row): ChargePoint => ({
  cpoId: row.cpo_id,
  id: row.charge_point_id,
  locationId: row.location_id,
  timeZone: row.time_zone,
  currency: row.currency,
  ...(row.tax_rate_percent === null ? {} : { taxRatePercent: row.tax_rate_percent }),
  tariffId: row.tariff_id,
  securityProfile: row.security_profile,
  connectors: row.connectors.map(({ id, powerWMax }) => ({ id, powerWMax: BigInt(powerWMax) })),
});

/** Where a session on this charge point happens, as its price needs it. */
export const locationOf = (point: ChargePoint): ChargePointRegistered['location'] => ({
  locationId: point.locationId,
  timeZone: point.timeZone,
  currency: point.currency,
  ...(point.taxRatePercent === undefined
    ? {}
    : { taxRatePercent: decimalFromString(point.taxRatePercent) }),
});

const registered = (point: ChargePoint): ChargePointRegistered => ({
  type: 'ChargePointRegistered',
  cpoId: point.cpoId,
  chargePointId: point.id,
  location: locationOf(point),
  tariffId: point.tariffId,
  connectors: point.connectors.map(({ id, powerWMax }) => ({ connectorId: id, powerWMax })),
  securityProfile: point.securityProfile,
});

export const findChargePoint = async (
  sql: SqlClient,
  cpoId: string,
  id: string,
): Promise<ChargePoint | undefined> => {
  const { rows } = await sql.query<Row>(
    `${selectRow} WHERE c.cpo_id = $1 AND c.charge_point_id = $2`,
    [cpoId, id],
  );
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
};

/** One more than the limit, so that a page knows whether another follows. */
export const listChargePoints = async (
  sql: SqlClient,
  cpoId: string,
  after: string,
  limit: number,
): Promise<ChargePoint[]> => {
  const { rows } = await sql.query<Row>(
    `${selectRow} WHERE c.cpo_id = $1 AND c.charge_point_id > $2
     ORDER BY c.charge_point_id LIMIT $3`,
    [cpoId, after, limit + 1],
  );
  return rows.map(fromRow);
};

export const findCredential = async (
  sql: SqlClient,
  cpoId: string,
  id: string,
): Promise<Credential | undefined> => {
  const { rows } = await sql.query<{ security_profile: number; password_hash: string | null }>(
    `SELECT security_profile, password_hash FROM charge_points
     WHERE cpo_id = $1 AND charge_point_id = $2`,
    [cpoId, id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    securityProfile: row.security_profile,
    ...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
  };
};

export type Registration = 'created' | 'unchanged' | 'changed';

const sameFacts = (one: ChargePoint, other: ChargePoint): boolean =>
  one.locationId === other.locationId &&
  one.timeZone === other.timeZone &&
  one.currency === other.currency &&
  one.taxRatePercent === other.taxRatePercent &&
  one.tariffId === other.tariffId &&
  one.securityProfile === other.securityProfile &&
  one.connectors.length === other.connectors.length &&
  one.connectors.every(
    ({ id, powerWMax }, index) =>
      id === other.connectors[index]?.id && powerWMax === other.connectors[index].powerWMax,
  );

/**
 * Writes down a charge point; the same facts again change nothing, other facts are a new
 * registration. A password is stored as given here (a slow hash) and is in no event.
 */
export const registerChargePoint = async (
  eventLog: EventLog,
  tx: SqlClient,
  point: ChargePoint,
  passwordHash: string | undefined,
  now: Instant,
): Promise<Registration> => {
  await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
    `charge-point/${point.cpoId}`,
    point.id,
  ]);
  const { rows } = await tx.query<Row>(
    `${selectRow} WHERE c.cpo_id = $1 AND c.charge_point_id = $2`,
    [point.cpoId, point.id],
  );
  const [known] = rows;
  const hash = passwordHash ?? null;
  if (known !== undefined && sameFacts(fromRow(known), point)) {
    if (known.password_hash === hash) return 'unchanged';
    await tx.query(
      `UPDATE charge_points SET password_hash = $3 WHERE cpo_id = $1 AND charge_point_id = $2`,
      [point.cpoId, point.id, hash],
    );
    return 'changed';
  }
  const revision = (known?.revision ?? 0) + 1;
  await tx.query(
    `INSERT INTO charge_points (cpo_id, charge_point_id, revision, location_id, time_zone,
       currency, tax_rate_percent, tariff_id, security_profile, password_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (cpo_id, charge_point_id) DO UPDATE SET revision = $3, location_id = $4,
       time_zone = $5, currency = $6, tax_rate_percent = $7, tariff_id = $8,
       security_profile = $9, password_hash = $10`,
    [
      point.cpoId,
      point.id,
      revision,
      point.locationId,
      point.timeZone,
      point.currency,
      point.taxRatePercent ?? null,
      point.tariffId,
      point.securityProfile,
      hash,
    ],
  );
  await tx.query('DELETE FROM connectors WHERE cpo_id = $1 AND charge_point_id = $2', [
    point.cpoId,
    point.id,
  ]);
  await tx.query(
    `INSERT INTO connectors (cpo_id, charge_point_id, connector_id, power_w_max)
     SELECT $1, $2, * FROM unnest($3::int[], $4::bigint[])`,
    [
      point.cpoId,
      point.id,
      point.connectors.map(({ id }) => id),
      point.connectors.map(({ powerWMax }) => powerWMax.toString()),
    ],
  );
  // Going back to an earlier registration is news as well, so the id counts revisions.
  const id = derivedId('registration', point.cpoId, point.id, revision.toString());
  await eventLog.append(tx, [{ event: registered(point), occurredAt: now, id }]);
  return known === undefined ? 'created' : 'changed';
};
