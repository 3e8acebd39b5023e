import type { ChargePointRegistered } from '@tallywatt/contracts';
import { derivedId } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import { decimalFromString } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';
import { isReplaced, voidCertificates } from './charger-certificates';
import { forgetPending } from './pending-charge-points';
import { closeConnections } from './credential-rotations';

export type RegisteredConnector = Readonly<{
  id: number;
  powerWMax: bigint;
  /** Sorted, each once. */
  evseGroups: readonly string[];
}>;

/**
 * How a charger shows what a session costs: `ocpp201` by totalCost and CostUpdated, `costmsg` by the
 * DataTransfer messages of the Open Charge Alliance's pricing extension of 1.6, or not at all.
 */
export const costDisplays = ['none', 'ocpp201', 'costmsg'] as const;
export type CostDisplay = (typeof costDisplays)[number];

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
  costDisplay: CostDisplay;
  connectors: readonly RegisteredConnector[];
}>;

/** How a charge point proves who it is; in no event. */
export type StoredCredentials = Readonly<{
  /** A slow hash. */
  passwordHash?: string;
  /** CN or DNS name of its certificate, where it is not the charge point's id. */
  certificateName?: string;
  /** SHA-256 in lower-case hexadecimal: no other certificate will do. */
  certificateFingerprint?: string;
}>;

export type Credential = StoredCredentials & Readonly<{ securityProfile: number }>;

type CredentialRow = {
  security_profile: number;
  password_hash: string | null;
  certificate_name: string | null;
  certificate_fingerprint: string | null;
};

export type Row = CredentialRow & {
  cpo_id: string;
  charge_point_id: string;
  revision: number;
  location_id: string;
  time_zone: string;
  currency: string;
  tax_rate_percent: string | null;
  site_groups: string[];
  tariff_id: string;
  cost_display: CostDisplay;
  connectors: { id: number; powerWMax: string; evseGroups: string[] }[];
};

export const selectRow = `
  SELECT c.*, (
    SELECT coalesce(json_agg(json_build_object(
      'id', k.connector_id, 'powerWMax', k.power_w_max::text, 'evseGroups', k.evse_groups)
      ORDER BY k.connector_id), '[]')
    FROM connectors k
    WHERE k.cpo_id = c.cpo_id AND k.charge_point_id = c.charge_point_id
  ) AS connectors
  FROM charge_points c`;

export const fromRow = (row: Row): ChargePoint => ({
  cpoId: row.cpo_id,
  id: row.charge_point_id,
  locationId: row.location_id,
  timeZone: row.time_zone,
  currency: row.currency,
  ...(row.tax_rate_percent === null ? {} : { taxRatePercent: row.tax_rate_percent }),
  siteGroups: row.site_groups,
  tariffId: row.tariff_id,
  securityProfile: row.security_profile,
  costDisplay: row.cost_display,
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

export const registered = (point: ChargePoint): ChargePointRegistered => ({
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
  ...(point.costDisplay === 'none' ? {} : { costDisplay: point.costDisplay }),
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

/** Those of many charge points at once; what is not registered is missing. */
export const findChargePoints = async (
  sql: SqlClient,
  stations: readonly Readonly<{ cpoId: string; chargePointId: string }>[],
): Promise<ChargePoint[]> => {
  const { rows } = await sql.query<Row>(
    `${selectRow} WHERE (c.cpo_id, c.charge_point_id) IN (
       SELECT * FROM unnest($1::text[], $2::text[]))`,
    [stations.map(({ cpoId }) => cpoId), stations.map(({ chargePointId }) => chargePointId)],
  );
  return rows.map(fromRow);
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

export const credentialOf = (row: CredentialRow): Credential => ({
  securityProfile: row.security_profile,
  ...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
  ...(row.certificate_name === null ? {} : { certificateName: row.certificate_name }),
  ...(row.certificate_fingerprint === null
    ? {}
    : { certificateFingerprint: row.certificate_fingerprint }),
});

export const findCredential = async (
  sql: SqlClient,
  cpoId: string,
  id: string,
): Promise<Credential | undefined> => {
  const { rows } = await sql.query<CredentialRow>(
    `SELECT security_profile, password_hash, certificate_name, certificate_fingerprint
     FROM charge_points WHERE cpo_id = $1 AND charge_point_id = $2`,
    [cpoId, id],
  );
  return rows[0] === undefined ? undefined : credentialOf(rows[0]);
};

export type Registration = 'created' | 'unchanged' | 'changed';

const sameNames = (one: readonly string[], other: readonly string[] | undefined): boolean =>
  one.length === other?.length && one.every((name, index) => name === other[index]);

export const sameFacts = (one: ChargePoint, other: ChargePoint): boolean =>
  one.locationId === other.locationId &&
  one.timeZone === other.timeZone &&
  one.currency === other.currency &&
  one.taxRatePercent === other.taxRatePercent &&
  sameNames(one.siteGroups, other.siteGroups) &&
  one.tariffId === other.tariffId &&
  one.securityProfile === other.securityProfile &&
  one.costDisplay === other.costDisplay &&
  one.connectors.length === other.connectors.length &&
  one.connectors.every(
    ({ id, powerWMax, evseGroups }, index) =>
      id === other.connectors[index]?.id &&
      powerWMax === other.connectors[index].powerWMax &&
      sameNames(evseGroups, other.connectors[index].evseGroups),
  );

const credentialColumns = (credentials: StoredCredentials): (string | null)[] => [
  credentials.passwordHash ?? null,
  credentials.certificateName ?? null,
  credentials.certificateFingerprint ?? null,
];

export const sameCredentials = (one: StoredCredentials, other: StoredCredentials): boolean =>
  one.passwordHash === other.passwordHash &&
  one.certificateName === other.certificateName &&
  one.certificateFingerprint === other.certificateFingerprint;

const writePoint = async (
  tx: SqlClient,
  point: ChargePoint,
  revision: number,
  credentials: StoredCredentials,
): Promise<void> => {
  await tx.query(
    `INSERT INTO charge_points (cpo_id, charge_point_id, revision, location_id, time_zone,
       currency, tax_rate_percent, site_groups, tariff_id, security_profile, password_hash,
       certificate_name, certificate_fingerprint, cost_display)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (cpo_id, charge_point_id) DO UPDATE SET revision = $3, location_id = $4,
       time_zone = $5, currency = $6, tax_rate_percent = $7, site_groups = $8, tariff_id = $9,
       security_profile = $10, password_hash = $11, certificate_name = $12,
       certificate_fingerprint = $13, cost_display = $14`,
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
      ...credentialColumns(credentials),
      point.costDisplay,
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
 * registration. Credentials come from what is stored, which no rotation changes meanwhile; they are in
 * no event.
 */
export const registerChargePoint = async (
  eventLog: EventLog,
  tx: SqlClient,
  point: ChargePoint,
  credentialsAfter: (known: StoredCredentials | undefined) => StoredCredentials,
  now: Instant,
): Promise<Registration> => {
  // Beside others of its kind, not beside a list.
  await tx.query('SELECT pg_advisory_xact_lock_shared(hashtext($1), 0)', [
    `charge-points/${point.cpoId}`,
  ]);
  await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
    `charge-point/${point.cpoId}`,
    point.id,
  ]);
  const { rows } = await tx.query<Row>(
    `${selectRow} WHERE c.cpo_id = $1 AND c.charge_point_id = $2 FOR NO KEY UPDATE OF c`,
    [point.cpoId, point.id],
  );
  const [known] = rows;
  const credentials = credentialsAfter(known && credentialOf(known));
  if (known !== undefined && known.password_hash !== (credentials.passwordHash ?? null)) {
    // The operator's word is the last: what was on its way is not let in any more.
    await tx.query(
      `UPDATE credential_rotations SET status = 'superseded', sealed = NULL
       WHERE cpo_id = $1 AND charge_point_id = $2 AND status IN ('waiting', 'sent', 'accepted')`,
      [point.cpoId, point.id],
    );
    await closeConnections(tx, { cpoId: point.cpoId, chargePointId: point.id }, [0, 1, 2]);
  }
  if (known !== undefined && isReplaced(known, credentials)) {
    await voidCertificates(tx, point.cpoId, [point.id]);
    await closeConnections(tx, { cpoId: point.cpoId, chargePointId: point.id }, [3]);
  }
  if (known !== undefined && sameFacts(fromRow(known), point)) {
    if (sameCredentials(credentialOf(known), credentials)) return 'unchanged';
    await tx.query(
      `UPDATE charge_points SET password_hash = $3, certificate_name = $4,
         certificate_fingerprint = $5 WHERE cpo_id = $1 AND charge_point_id = $2`,
      [point.cpoId, point.id, ...credentialColumns(credentials)],
    );
    return 'changed';
  }
  const revision = (known?.revision ?? 0) + 1;
  await writePoint(tx, point, revision, credentials);
  await writeConnectors(tx, point);
  // Going back to an earlier registration is news as well, so the id counts revisions.
  const id = derivedId('registration', point.cpoId, point.id, revision.toString());
  await eventLog.append(tx, [{ event: registered(point), occurredAt: now, id }]);
  if (known === undefined) await forgetPending(tx, point.cpoId, [point.id]);
  return known === undefined ? 'created' : 'changed';
};
