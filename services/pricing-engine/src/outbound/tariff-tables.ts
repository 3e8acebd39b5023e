import type { TariffAdjustment, TariffEvent, TariffPublished } from '@tallywatt/contracts';
import { decodeState, encodeState } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import type { TariffVersion } from '../domain/tariff-version';

export type TariffKey = Readonly<{ cpoId: string; tariffId: string }>;

export type TariffRow = Readonly<{
  tariff_id: string;
  version: string;
  content_hash: string;
  currency: string;
  bills_parking_time: boolean;
  ocpi_tariff_json: string;
  published_at: Date;
  /** Why a rule published it; null for a person. */
  adjusted_by: string | null;
}>;

/** Which rule made a version, and why; undefined for what a person published. */
export const adjustmentOf = ({
  adjusted_by: text,
}: Pick<TariffRow, 'adjusted_by'>): TariffAdjustment | undefined =>
  text === null ? undefined : decodeState<TariffAdjustment>(text);

const columns = `v.tariff_id, v.version, v.content_hash, v.currency, v.bills_parking_time,
  v.ocpi_tariff_json, v.published_at, v.adjusted_by`;

/** Locks a tariff against other publishers and says what its latest version is. */
export const lockTariff = async (
  tx: SqlClient,
  { cpoId, tariffId }: TariffKey,
): Promise<TariffVersion> => {
  await tx.query(
    `INSERT INTO tariffs (cpo_id, tariff_id) VALUES ($1, $2)
     ON CONFLICT (cpo_id, tariff_id) DO UPDATE SET tariff_id = EXCLUDED.tariff_id`,
    [cpoId, tariffId],
  );
  return latestVersion(tx, { cpoId, tariffId });
};

/** The same without waiting: undefined when somebody else has the lock. */
export const lockTariffIfFree = async (
  tx: SqlClient,
  { cpoId, tariffId }: TariffKey,
): Promise<TariffVersion | undefined> => {
  const { rowCount } = await tx.query(
    'SELECT FROM tariffs WHERE cpo_id = $1 AND tariff_id = $2 FOR UPDATE SKIP LOCKED',
    [cpoId, tariffId],
  );
  return rowCount === 0 ? undefined : latestVersion(tx, { cpoId, tariffId });
};

const latestVersion = async (
  tx: SqlClient,
  { cpoId, tariffId }: TariffKey,
): Promise<TariffVersion> => {
  const { rows } = await tx.query<TariffRow & { withdrawn: boolean }>(
    `SELECT ${columns}, coalesce(t.withdrawn_version >= v.version, false) AS withdrawn
     FROM tariffs t JOIN tariff_versions v USING (cpo_id, tariff_id)
     WHERE cpo_id = $1 AND tariff_id = $2 ORDER BY version DESC LIMIT 1`,
    [cpoId, tariffId],
  );
  const [latest] = rows;
  if (latest === undefined) return { status: 'absent' };
  const document = JSON.parse(latest.ocpi_tariff_json) as { last_updated?: string };
  return {
    status: latest.withdrawn ? 'withdrawn' : 'published',
    version: BigInt(latest.version),
    contentHash: latest.content_hash,
    lastUpdated: document.last_updated,
    isAdjusted: latest.adjusted_by !== null,
  };
};

/**
 * Keeps what the stream of tariffs says; a version that is there already stays as it is.
 *
 * @throws when a version that is there says something else: two logs, or a forged one.
 */
export const keepTariffs = async (tx: SqlClient, events: readonly TariffEvent[]): Promise<void> => {
  const published = events.filter((event) => event.type === 'TariffPublished');
  await keepVersions(tx, published);
  for (const event of events) {
    if (event.type !== 'TariffWithdrawn') continue;
    await tx.query(
      `UPDATE tariffs SET withdrawn_version = greatest(withdrawn_version, $3),
         withdrawn_at = CASE WHEN coalesce(withdrawn_version, 0) < $3 THEN $4 ELSE withdrawn_at END
       WHERE cpo_id = $1 AND tariff_id = $2`,
      [event.cpoId, event.tariffId, event.lastVersion.toString(), event.withdrawnAt],
    );
  }
};

const keepVersions = async (tx: SqlClient, events: readonly TariffPublished[]): Promise<void> => {
  if (events.length === 0) return;
  const keys = [
    events.map(({ cpoId }) => cpoId),
    events.map(({ tariff }) => tariff.tariffId),
    events.map(({ tariff }) => tariff.version.toString()),
    events.map(({ tariff }) => tariff.contentHash),
  ];
  await tx.query(
    `INSERT INTO tariffs (cpo_id, tariff_id)
     SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) ORDER BY 1, 2
     ON CONFLICT DO NOTHING`,
    keys.slice(0, 2),
  );
  await tx.query(
    `INSERT INTO tariff_versions (cpo_id, tariff_id, version, content_hash, currency,
       bills_parking_time, ocpi_tariff_json, published_at, adjusted_by)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[],
       $6::boolean[], $7::text[], $8::timestamptz[], $9::text[])
     ON CONFLICT DO NOTHING`,
    [
      ...keys,
      events.map(({ currency }) => currency),
      events.map(({ tariff }) => tariff.billsParkingTime),
      events.map(({ ocpiTariffJson }) => ocpiTariffJson),
      events.map(({ publishedAt }) => publishedAt),
      events.map(({ adjustedBy }) => (adjustedBy === undefined ? null : encodeState(adjustedBy))),
    ],
  );
  const { rows } = await tx.query<{ tariff_id: string; version: string }>(
    `SELECT tariff_id, version
     FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
       AS k (cpo_id, tariff_id, version, content_hash)
     JOIN tariff_versions v USING (cpo_id, tariff_id, version)
     WHERE v.content_hash <> k.content_hash`,
    keys,
  );
  if (rows.length > 0) {
    const which = rows.map((row) => `${row.tariff_id} version ${row.version}`).join(', ');
    throw new Error(`the log and the database disagree about tariff ${which}`);
  }
};

/** Versions by their number; those not known are left out. */
export const loadVersions = async (
  tx: SqlClient,
  keys: readonly (TariffKey & Readonly<{ version: bigint }>)[],
): Promise<(TariffRow & { cpo_id: string })[]> => {
  const { rows } = await tx.query<TariffRow & { cpo_id: string }>(
    `SELECT v.cpo_id, ${columns}
     FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (cpo_id, tariff_id, version)
     JOIN tariff_versions v USING (cpo_id, tariff_id, version)`,
    [
      keys.map(({ cpoId }) => cpoId),
      keys.map(({ tariffId }) => tariffId),
      keys.map(({ version }) => version.toString()),
    ],
  );
  return rows;
};

/** The latest version of each of a CPO's tariffs that comes after `afterId`, by id. */
export const listLatest = async (
  db: SqlClient,
  cpoId: string,
  afterId: string,
  count: number,
): Promise<TariffRow[]> => {
  const { rows } = await db.query<TariffRow>(
    `SELECT ${columns} FROM tariffs t
     CROSS JOIN LATERAL (
       SELECT * FROM tariff_versions w
       WHERE w.cpo_id = t.cpo_id AND w.tariff_id = t.tariff_id ORDER BY version DESC LIMIT 1
     ) v
     WHERE t.cpo_id = $1 AND t.tariff_id > $2 ORDER BY t.tariff_id LIMIT $3`,
    [cpoId, afterId, count],
  );
  return rows;
};

/** The latest version that a person has published: what a rule may be set for. */
export const findBase = async (
  db: SqlClient,
  { cpoId, tariffId }: TariffKey,
): Promise<TariffRow | undefined> => {
  const { rows } = await db.query<TariffRow>(
    `SELECT ${columns} FROM tariff_versions v
     WHERE cpo_id = $1 AND tariff_id = $2 AND adjusted_by IS NULL
     ORDER BY version DESC LIMIT 1`,
    [cpoId, tariffId],
  );
  return rows[0];
};

/** One version of a tariff, or its latest. */
export const findVersion = async (
  db: SqlClient,
  { cpoId, tariffId }: TariffKey,
  version?: bigint,
): Promise<TariffRow | undefined> => {
  const { rows } = await db.query<TariffRow>(
    `SELECT ${columns} FROM tariff_versions v
     WHERE cpo_id = $1 AND tariff_id = $2 AND ($3::bigint IS NULL OR version = $3)
     ORDER BY version DESC LIMIT 1`,
    [cpoId, tariffId, version?.toString() ?? null],
  );
  return rows[0];
};
