import type { StationBooted } from '@tallywatt/contracts';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';

/** What is known of a charge point besides its outages. */
export type StationHealth = Readonly<{
  /** When anything was last said on its connection, known within a minute; null before that. */
  lastHeardAt: Instant | null;
  /** As it said at its last boot; null when it has not booted, or not said it, since this is kept. */
  firmwareVersion: string | null;
  vendor: string | null;
  model: string | null;
  bootedAt: Instant | null;
}>;

/** Keeps what a charge point says of itself at its latest boot. */
export const keepBoot = async (tx: SqlClient, boot: StationBooted): Promise<void> => {
  const { cpoId, chargePointId, bootedAt, vendor, model, firmwareVersion } = boot;
  await queryPrepared(
    tx,
    'gateway.keep_boot',
    `INSERT INTO station_boots AS b
       (cpo_id, charge_point_id, booted_at, vendor, model, firmware_version)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (cpo_id, charge_point_id) DO UPDATE SET booted_at = EXCLUDED.booted_at,
       vendor = EXCLUDED.vendor, model = EXCLUDED.model,
       firmware_version = EXCLUDED.firmware_version
     WHERE b.booted_at <= EXCLUDED.booted_at`,
    [cpoId, chargePointId, bootedAt, vendor, model, firmwareVersion ?? null],
  );
};

type Row = {
  id: string;
  last_heard_at: string | null;
  firmware_version: string | null;
  vendor: string | null;
  model: string | null;
  booted_at: string | null;
};

/**
 * Of each of some charge points. When it was last heard is read off its frames, which are written down
 * within a minute: nothing is written for a heartbeat besides.
 */
export const findStationHealth = async (
  sql: SqlClient,
  cpoId: string,
  chargePointIds: readonly string[],
): Promise<ReadonlyMap<string, StationHealth>> => {
  const { rows } = await sql.query<Row>(
    `SELECT p.id, b.firmware_version, b.vendor, b.model, b.booted_at,
       (SELECT headers->>'ce_time' FROM event_log.outbox
        WHERE topic = 'charging.frames.v1' AND stream_key = $1 || '/' || p.id
        ORDER BY sequence DESC LIMIT 1) AS last_heard_at
     FROM unnest($2::text[]) AS p (id)
     LEFT JOIN station_boots b ON b.cpo_id = $1 AND b.charge_point_id = p.id`,
    [cpoId, chargePointIds],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        lastHeardAt: row.last_heard_at,
        firmwareVersion: row.firmware_version,
        vendor: row.vendor,
        model: row.model,
        bootedAt: row.booted_at,
      },
    ]),
  );
};
