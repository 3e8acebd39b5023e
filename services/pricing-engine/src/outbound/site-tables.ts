import type { RegistryEvent, SessionEvent } from '@tallywatt/contracts';
import {
  hourBefore,
  siteChargePointOf,
  siteSessionAfter,
  type Site,
  type SiteChargePoint,
  type SiteSession,
} from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';

/** Keeps charge points as they were registered last. */
export const keepChargePoints = async (
  tx: SqlClient,
  events: readonly RegistryEvent[],
): Promise<void> => {
  const latest = new Map<string, SiteChargePoint>();
  for (const event of events) {
    const chargePoint = siteChargePointOf(event);
    latest.set(`${chargePoint.cpoId}/${chargePoint.chargePointId}`, chargePoint);
  }
  const rows = [...latest.values()];
  await tx.query(
    `INSERT INTO site_charge_points AS s
       (cpo_id, charge_point_id, location_id, time_zone, connector_ids)
     SELECT cpo_id, charge_point_id, location_id, time_zone, connector_ids
     FROM jsonb_to_recordset($1::jsonb) AS r (cpo_id text, charge_point_id text,
       location_id text, time_zone text, connector_ids integer[])
     ORDER BY 1, 2
     ON CONFLICT (cpo_id, charge_point_id) DO UPDATE SET location_id = EXCLUDED.location_id,
       time_zone = EXCLUDED.time_zone, connector_ids = EXCLUDED.connector_ids`,
    [
      JSON.stringify(
        rows.map((row) => ({
          cpo_id: row.cpoId,
          charge_point_id: row.chargePointId,
          location_id: row.locationId,
          time_zone: row.timeZone,
          connector_ids: row.connectorIds,
        })),
      ),
    ],
  );
};

type SessionRow = Readonly<{
  cpo_id: string;
  session_id: string;
  location_id: string;
  charge_point_id: string;
  connector_id: number;
  started_at: string;
  closed_at: string | null;
}>;

const sessionOf = (row: SessionRow): SiteSession => ({
  cpoId: row.cpo_id,
  sessionId: row.session_id,
  locationId: row.location_id,
  chargePointId: row.charge_point_id,
  connectorId: row.connector_id,
  startedAt: row.started_at,
  ...(row.closed_at === null ? {} : { closedAt: row.closed_at }),
});

/** Keeps which sessions take up a connector. Facts of one session come in order. */
export const takeSiteSessions = async (
  tx: SqlClient,
  events: readonly SessionEvent[],
): Promise<void> => {
  const telling = events.filter(
    ({ type }) => type === 'SessionStarted' || type === 'SessionClosed',
  );
  if (telling.length === 0) return;
  const sessions = await loadSiteSessions(tx, telling);
  for (const event of telling) {
    const key = keyOf(event);
    const after = siteSessionAfter(sessions.get(key), event);
    if (after !== undefined) sessions.set(key, after);
  }
  const rows = [...sessions.values()];
  await tx.query(
    `INSERT INTO site_sessions (cpo_id, session_id, location_id, charge_point_id, connector_id,
       started_at, closed_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[],
       $6::text[], $7::text[]) ORDER BY 1, 2
     ON CONFLICT (cpo_id, session_id) DO UPDATE SET closed_at = EXCLUDED.closed_at`,
    [
      rows.map(({ cpoId }) => cpoId),
      rows.map(({ sessionId }) => sessionId),
      rows.map(({ locationId }) => locationId),
      rows.map(({ chargePointId }) => chargePointId),
      rows.map(({ connectorId }) => connectorId),
      rows.map(({ startedAt }) => startedAt),
      rows.map(({ closedAt }) => closedAt ?? null),
    ],
  );
};

type SessionKey = Readonly<{ cpoId: string; sessionId: string }>;

const keyOf = ({ cpoId, sessionId }: SessionKey): string => `${cpoId}/${sessionId}`;

const loadSiteSessions = async (
  tx: SqlClient,
  keys: readonly SessionKey[],
): Promise<Map<string, SiteSession>> => {
  const { rows } = await tx.query<SessionRow>(
    `SELECT DISTINCT s.* FROM unnest($1::text[], $2::text[]) AS k (cpo_id, session_id)
     JOIN site_sessions s USING (cpo_id, session_id)`,
    [keys.map(({ cpoId }) => cpoId), keys.map(({ sessionId }) => sessionId)],
  );
  return new Map(rows.map(sessionOf).map((session) => [keyOf(session), session]));
};

/** What is known of some locations, as far as it can be counted at `at`. */
export const loadSite = async (
  tx: SqlClient,
  cpoId: string,
  locationIds: readonly string[],
  at: Instant,
): Promise<Site> => {
  const chargePoints = await tx.query<{
    charge_point_id: string;
    location_id: string;
    time_zone: string;
    connector_ids: number[];
  }>(
    `SELECT charge_point_id, location_id, time_zone, connector_ids FROM site_charge_points
     WHERE cpo_id = $1 AND location_id = ANY($2::text[])`,
    [cpoId, locationIds],
  );
  const sessions = await tx.query<SessionRow>(
    `SELECT * FROM site_sessions WHERE cpo_id = $1 AND location_id = ANY($2::text[])
       AND (closed_at IS NULL OR closed_at > $3 OR started_at > $4)`,
    [cpoId, locationIds, at, hourBefore(at)],
  );
  return {
    chargePoints: chargePoints.rows.map((row) => ({
      cpoId,
      chargePointId: row.charge_point_id,
      locationId: row.location_id,
      timeZone: row.time_zone,
      connectorIds: row.connector_ids,
    })),
    sessions: sessions.rows.map(sessionOf),
  };
};
