import type { SqlClient } from '@tallywatt/event-log';
import {
  standingAssignments,
  tariffVersionOf,
  type TariffOffer,
  type TariffVersion,
  type TariffVersions,
} from '@tallywatt/tariffs';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { allAssignments } from './assignment-table';

type Row = Readonly<{
  tariff_id: string;
  version: string;
  content_hash: string;
  currency: string;
  bills_parking_time: boolean;
  dates_json: string;
  withdrawn_version: string | null;
  withdrawn_at: Date | null;
}>;

/** What a CPO's starts are priced by, as this service's tables know it. */
export const loadTariffOffer = async (
  db: SqlClient,
  cpoId: string,
  chargePointTariffId: string,
): Promise<TariffOffer> => {
  const assignments = standingAssignments(await allAssignments(db, cpoId));
  const tariffs = await loadTariffVersions(db, cpoId, [
    chargePointTariffId,
    ...assignments.map(({ tariffId }) => tariffId),
  ]);
  return { assignments, chargePointTariffId, versionsOf: (tariffId) => tariffs.get(tariffId) };
};

/**
 * The versions of tariffs that starts can be priced by, of those a rule made the newest; all of them,
 * or those published before an instant.
 */
export const loadTariffVersions = async (
  db: SqlClient,
  cpoId: string,
  tariffIds: readonly string[],
  publishedBefore?: Instant,
): Promise<ReadonlyMap<string, TariffVersions>> => {
  // Of each text only its dates, and of the many versions that rules make of one base only the
  // newest, which wins over the others: they have the dates of the base. A text with an escape is
  // taken whole: PostgreSQL reads no field beside an escaped NUL, which was accepted once.
  const { rows } = await db.query<Row>(
    `WITH newest AS (
       SELECT DISTINCT ON (tariff_id, coalesce((adjusted_by::json->'baseVersion')::text, 'own ' || version)) *
       FROM tariff_versions WHERE cpo_id = $1 AND tariff_id = ANY ($2::text[])
         AND ($3::timestamptz IS NULL OR published_at < $3)
       ORDER BY tariff_id, coalesce((adjusted_by::json->'baseVersion')::text, 'own ' || version),
         version DESC
     )
     SELECT v.tariff_id, v.version, v.content_hash, v.currency, v.bills_parking_time,
       CASE WHEN position('\\u' IN v.ocpi_tariff_json) > 0 THEN v.ocpi_tariff_json
         ELSE json_build_object('start_date_time', v.ocpi_tariff_json::json->'start_date_time',
           'end_date_time', v.ocpi_tariff_json::json->'end_date_time')::text END AS dates_json,
       t.withdrawn_version, t.withdrawn_at
     FROM newest v JOIN tariffs t USING (cpo_id, tariff_id)`,
    [cpoId, [...new Set(tariffIds)], publishedBefore ?? null],
  );
  const tariffs = new Map<string, TariffVersions & { readonly versions: TariffVersion[] }>();
  for (const row of rows) {
    const known = tariffs.get(row.tariff_id) ?? { versions: [], ...withdrawnOf(row) };
    known.versions.push(versionOf(row));
    tariffs.set(row.tariff_id, known);
  }
  return tariffs;
};

const versionOf = (row: Row): TariffVersion =>
  tariffVersionOf(
    {
      tariffId: row.tariff_id,
      version: BigInt(row.version),
      contentHash: row.content_hash,
      billsParkingTime: row.bills_parking_time,
    },
    row.currency,
    row.dates_json,
  );

const withdrawnOf = ({
  withdrawn_version,
  withdrawn_at,
}: Row): Pick<TariffVersions, 'withdrawn'> =>
  withdrawn_version === null || withdrawn_at === null
    ? {}
    : {
        withdrawn: {
          lastVersion: BigInt(withdrawn_version),
          withdrawnAt: instantFromEpochMs(withdrawn_at.getTime()),
        },
      };
