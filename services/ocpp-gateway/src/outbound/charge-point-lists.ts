import { derivedId } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import {
  type ChargePoint,
  credentialOf,
  fromRow,
  registered,
  type Registration,
  type Row,
  sameCredentials,
  sameFacts,
  selectRow,
  type StoredCredentials,
} from './charge-point-registry';
import { isOtherPin, voidCertificates } from './charger-certificates';
import { forgetPending } from './pending-charge-points';

export type ListedPoint = Readonly<{
  point: ChargePoint;
  /** From what is known of it: a password that is the known one keeps its hash. */
  credentialsAfter: (known: StoredCredentials | undefined) => StoredCredentials;
}>;

type Write = Readonly<{
  point: ChargePoint;
  credentials: StoredCredentials;
  revision: number;
  outcome: Registration;
  isNews: boolean;
}>;

/** As many events as one statement appends. */
const chunkSize = 500;

/** Locked, so that no rotation ends between what is read here and what is written. */
const knownRows = async (
  tx: SqlClient,
  cpoId: string,
  ids: readonly string[],
): Promise<Map<string, Row>> => {
  const { rows } = await tx.query<Row>(
    `${selectRow} WHERE c.cpo_id = $1 AND c.charge_point_id = ANY($2)
     ORDER BY c.charge_point_id FOR NO KEY UPDATE OF c`,
    [cpoId, ids],
  );
  return new Map(rows.map((row) => [row.charge_point_id, row]));
};

const writeOf = ({ point, credentialsAfter }: ListedPoint, row: Row | undefined): Write => {
  const known = row === undefined ? undefined : credentialOf(row);
  const credentials = credentialsAfter(known);
  const isNews = row === undefined || !sameFacts(fromRow(row), point);
  const isSame = !isNews && known !== undefined && sameCredentials(known, credentials);
  return {
    point,
    credentials,
    revision: (row?.revision ?? 0) + (isNews ? 1 : 0),
    outcome: row === undefined ? 'created' : isSame ? 'unchanged' : 'changed',
    isNews,
  };
};

const writePoints = async (tx: SqlClient, writes: readonly Write[]): Promise<void> => {
  const points = writes.map(({ point, credentials, revision }) => ({
    cpo_id: point.cpoId,
    charge_point_id: point.id,
    revision,
    location_id: point.locationId,
    time_zone: point.timeZone,
    currency: point.currency,
    tax_rate_percent: point.taxRatePercent ?? null,
    site_groups: point.siteGroups,
    tariff_id: point.tariffId,
    security_profile: point.securityProfile,
    cost_display: point.costDisplay,
    password_hash: credentials.passwordHash ?? null,
    certificate_name: credentials.certificateName ?? null,
    certificate_fingerprint: credentials.certificateFingerprint ?? null,
  }));
  const columns = `revision, location_id, time_zone, currency, tax_rate_percent, site_groups,
    tariff_id, security_profile, cost_display, password_hash, certificate_name, certificate_fingerprint`;
  await tx.query(
    `INSERT INTO charge_points (cpo_id, charge_point_id, ${columns})
     SELECT cpo_id, charge_point_id, ${columns}
     FROM jsonb_populate_recordset(NULL::charge_points, $1)
     ON CONFLICT (cpo_id, charge_point_id) DO UPDATE SET (${columns}) =
       (SELECT ${columns
         .split(',')
         .map((column) => `excluded.${column.trim()}`)
         .join(', ')})`,
    [JSON.stringify(points)],
  );
};

const writeConnectors = async (
  tx: SqlClient,
  cpoId: string,
  writes: readonly Write[],
): Promise<void> => {
  const ids = writes.map(({ point }) => point.id);
  await tx.query('DELETE FROM connectors WHERE cpo_id = $1 AND charge_point_id = ANY($2)', [
    cpoId,
    ids,
  ]);
  const connectors = writes.flatMap(({ point }) =>
    point.connectors.map(({ id, powerWMax, evseGroups }) => ({
      cpo_id: cpoId,
      charge_point_id: point.id,
      connector_id: id,
      power_w_max: powerWMax.toString(),
      evse_groups: evseGroups,
    })),
  );
  await tx.query(
    `INSERT INTO connectors (cpo_id, charge_point_id, connector_id, power_w_max, evse_groups)
     SELECT cpo_id, charge_point_id, connector_id, power_w_max, evse_groups
     FROM jsonb_populate_recordset(NULL::connectors, $1)`,
    [JSON.stringify(connectors)],
  );
};

/**
 * Registers many charge points of one CPO, all or none, each once in the list; the outcomes are in the
 * order given. What one of them alone would do, done for all in a few statements.
 */
export const registerChargePoints = async (
  eventLog: EventLog,
  tx: SqlClient,
  cpoId: string,
  listed: readonly ListedPoint[],
  now: Instant,
): Promise<Registration[]> => {
  // Nobody else registers charge points of this CPO meanwhile (registerChargePoint shares the lock).
  await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), 0)', [`charge-points/${cpoId}`]);
  const known = await knownRows(
    tx,
    cpoId,
    listed.map(({ point }) => point.id),
  );
  const writes = listed.map((one) => writeOf(one, known.get(one.point.id)));
  const others = writes.filter(({ outcome }) => outcome !== 'unchanged');
  await writePoints(tx, others);
  const newHashes = others.filter(
    ({ point, credentials }) =>
      known.get(point.id)?.password_hash !== (credentials.passwordHash ?? null),
  );
  // The operator's word is the last: what was on its way is not let in any more.
  await tx.query(
    `UPDATE credential_rotations SET status = 'superseded', sealed = NULL
     WHERE cpo_id = $1 AND charge_point_id = ANY($2) AND status IN ('waiting', 'sent', 'accepted')`,
    [cpoId, newHashes.map(({ point }) => point.id)],
  );
  const repinned = others.filter(({ point, credentials }) =>
    isOtherPin(known.get(point.id), credentials),
  );
  await voidCertificates(
    tx,
    cpoId,
    repinned.map(({ point }) => point.id),
  );
  await forgetPending(
    tx,
    cpoId,
    others.filter(({ outcome }) => outcome === 'created').map(({ point }) => point.id),
  );
  const news = others.filter(({ isNews }) => isNews);
  await writeConnectors(tx, cpoId, news);
  for (let from = 0; from < news.length; from += chunkSize) {
    const events = news.slice(from, from + chunkSize).map(({ point, revision }) => ({
      event: registered(point),
      occurredAt: now,
      id: derivedId('registration', cpoId, point.id, revision.toString()),
    }));
    await eventLog.append(tx, events);
  }
  return writes.map(({ outcome }) => outcome);
};

/** Passwords that came in lists, to be hashed slowly, a few at a time. */
export const passwordsToStrengthen = async (
  sql: SqlClient,
  limit: number,
): Promise<readonly { cpoId: string; chargePointId: string; passwordHash: string }[]> => {
  const { rows } = await sql.query<{
    cpo_id: string;
    charge_point_id: string;
    password_hash: string;
  }>(
    `SELECT cpo_id, charge_point_id, password_hash FROM charge_points
     WHERE password_hash LIKE 'quick$%' ORDER BY cpo_id, charge_point_id LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({
    cpoId: row.cpo_id,
    chargePointId: row.charge_point_id,
    passwordHash: row.password_hash,
  }));
};

/** Puts the slow hash in the place of the quick one, unless there is another password by now. */
export const replaceHash = async (
  sql: SqlClient,
  cpoId: string,
  chargePointId: string,
  quick: string,
  slow: string,
): Promise<void> => {
  await sql.query(
    `UPDATE charge_points SET password_hash = $4
     WHERE cpo_id = $1 AND charge_point_id = $2 AND password_hash = $3`,
    [cpoId, chargePointId, quick, slow],
  );
};
