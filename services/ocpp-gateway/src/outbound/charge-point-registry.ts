import type { ChargePointRegistered } from '@tallywatt/contracts';
import { derivedId } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import { decimalFromString } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';

export type RegisteredConnector = Readonly<{
  id: number;
  powerWMax: bigint;
  /** Sorted, each once. */
  evseGroups: readonly string[];
}>;

/** A charge point as it was registered, without its password. */
export type ChargePoint = Readonly<{
  cpoId: string;
  id: string;
  locationId: string;
  timeZone: string;
  currency: string;
  /** Plain digits; left out when unknown. */
  taxRatePercent?: string;
  /** Those of its location; sorted, each once. */
  siteGroups: readonly string[];
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
  site_groups: string[];
  tariff_id: string;
  security_profile: number;
  password_hash: string | null;
  connectors: { id: number; powerWMax: string; evseGroups: string[] }[];
};

const selectRow = `
  SELECT c.*, (
    SELECT coalesce(json_agg(json_build_object(
      'id', k.connector_id, 'powerWMax', k.power_w_max::text, 'evseGroups', k.evse_groups)
      ORDER BY k.connector_id), '[]')
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
  siteGroups: row.site_groups,
  tariffId: row.tariff_id,
  securityProfile: row.security_profile,
  connectors: row.connectors.map(({ id, powerWMax, evseGroups }) => ({
    id,
    powerWMax: BigInt(powerWMax),
    evseGroups,
  })),
});

/** Where a session on this charge point happens, as its price needs it. */
export const locationOf = (point: ChargePoint): ChargePointRegistered['location'] => ({
  locationId: point.locationId,
  timeZone: point.timeZone,
  currency: point.currency,
  ...(point.taxRatePercent === undefined
    ? {}
    : { taxRatePercent: decimalFromString(point.taxRatePercent) }),
  ...(point.siteGroups.length === 0 ? {} : { siteGroups: point.siteGroups }),
});

/** What authorization is told of where a token asks; a connector may be unknown. */
export const placeOf = (
  { tariffId, currency, locationId, timeZone, siteGroups }: ChargePoint,
  connector: RegisteredConnector | undefined,
) => ({
  tariffId,
  currency,
  locationId,
  timeZone,
  siteGroups,
  evseGroups: connector?.evseGroups ?? [],
});

const registered = (point: ChargePoint): ChargePointRegistered => ({
  type: 'ChargePointRegistered',
  cpoId: point.cpoId,
  chargePointId: point.id,
  location: locationOf(point),
  tariffId: point.tariffId,
  connectors: point.connectors.map(({ id, powerWMax, evseGroups }) => ({
    connectorId: id,
    powerWMax,
    ...(evseGroups.length === 0 ? {} : { evseGroups }),
  })),
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

const sameNames = (one: readonly string[], other: readonly string[] | undefined): boolean =>
  one.length === other?.length && one.every((name, index) => name === other[index]);

const sameFacts = (one: ChargePoint, other: ChargePoint): boolean =>
  one.locationId === other.locationId &&
  one.timeZone === other.timeZone &&
  one.currency === other.currency &&
  one.taxRatePercent === other.taxRatePercent &&
  sameNames(one.siteGroups, other.siteGroups) &&
  one.tariffId === other.tariffId &&
  one.securityProfile === other.securityProfile &&
  one.connectors.length === other.connectors.length &&
  one.connectors.every(
    ({ id, powerWMax, evseGroups }, index) =>
      id === other.connectors[index]?.id &&
      powerWMax === other.connectors[index].powerWMax &&
      sameNames(evseGroups, other.connectors[index].evseGroups),
  );

const writePoint = async (
  tx: SqlClient,
  point: ChargePoint,
  revision: number,
  passwordHash: string | null,
): Promise<void> => {
  await tx.query(
    `INSERT INTO charge_points (cpo_id, charge_point_id, revision, location_id, time_zone,
       currency, tax_rate_percent, site_groups, tariff_id, security_profile, password_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (cpo_id, charge_point_id) DO UPDATE SET revision = $3, location_id = $4,
       time_zone = $5, currency = $6, tax_rate_percent = $7, site_groups = $8, tariff_id = $9,
       security_profile = $10, password_hash = $11`,
    [
      point.cpoId,
      point.id,
      revision,
      point.locationId,
      point.timeZone,
      point.currency,
      point.taxRatePercent ?? null,
      point.siteGroups,
      point.tariffId,
      point.securityProfile,
      passwordHash,
    ],
  );
};

const writeConnectors = async (
  tx: SqlClient,
  { cpoId, id: chargePointId, connectors }: ChargePoint,
): Promise<void> => {
  await tx.query('DELETE FROM connectors WHERE cpo_id = $1 AND charge_point_id = $2', [
    cpoId,
    chargePointId,
  ]);
  // Through JSON, because PostgreSQL's own lists of lists must all have one length.
  const rows = connectors.map(({ id, powerWMax, evseGroups }) => ({
    id,
    power: powerWMax.toString(),
    groups: evseGroups,
  }));
  await tx.query(
    `INSERT INTO connectors (cpo_id, charge_point_id, connector_id, power_w_max, evse_groups)
     SELECT $1, $2, (c->>'id')::int, (c->>'power')::bigint,
       ARRAY(SELECT jsonb_array_elements_text(c->'groups'))
     FROM jsonb_array_elements($3::jsonb) AS c`,
    [cpoId, chargePointId, JSON.stringify(rows)],
  );
};

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
  await writePoint(tx, point, revision, hash);
  await writeConnectors(tx, point);
  // Going back to an earlier registration is news as well, so the id counts revisions.
  const id = derivedId('registration', point.cpoId, point.id, revision.toString());
  await eventLog.append(tx, [{ event: registered(point), occurredAt: now, id }]);
  return known === undefined ? 'created' : 'changed';
};
