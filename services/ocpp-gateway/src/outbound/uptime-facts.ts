import { setImmediate } from 'node:timers/promises';
import type { SqlClient } from '@tallywatt/event-log';
import { parseInstant, type Instant } from '@tallywatt/time';
import type { Span, StatusChange } from '../domain/uptime';

/** What is known of a charge point in a period, and of just before. */
export type StationFacts = Readonly<{
  connections: readonly Span[];
  /** By connector; those of connector 0 are the charge point's own. */
  statuses: ReadonlyMap<number, readonly StatusChange[]>;
  /** How often connectors said in the period that they are Faulted: connector, error code, times. */
  faults: readonly Readonly<{ connectorId: number; errorCode: string; count: number }>[];
}>;

type ConnectionRow = {
  charge_point_id: string;
  connected_at: string;
  disconnected_at: string | null;
};
type StatusRow = {
  charge_point_id: string;
  connector_id: number;
  ordinal: string;
  changed_at: string;
  status: string;
  error_code: string;
  is_within: boolean;
};

/** Connections that touch a period, with the last before it and the first after it. */
const selectConnections = `
  SELECT p.id AS charge_point_id, c.connected_at, c.disconnected_at
  FROM unnest($2::text[]) AS p (id), LATERAL (
    SELECT connected_at, disconnected_at FROM connections
    WHERE cpo_id = $1 AND charge_point_id = p.id AND connected_at <= $4 AND connected_at >= coalesce(
      (SELECT max(connected_at) FROM connections
       WHERE cpo_id = $1 AND charge_point_id = p.id AND connected_at <= $3), '')
    UNION ALL
    (SELECT connected_at, disconnected_at FROM connections
     WHERE cpo_id = $1 AND charge_point_id = p.id AND connected_at > $4
     ORDER BY connected_at LIMIT 1)) AS c`;

/** Statuses within a period, and of each connector the last before it. */
const selectStatuses = `
  SELECT charge_point_id, connector_id, ordinal, changed_at, status, error_code,
    changed_at >= $3 AS is_within
  FROM connector_status_history
  WHERE cpo_id = $1 AND charge_point_id = ANY($2::text[]) AND changed_at >= $3 AND changed_at < $4
  UNION ALL
  SELECT * FROM (
    SELECT DISTINCT ON (charge_point_id, connector_id) charge_point_id, connector_id, ordinal,
      changed_at, status, error_code, false
    FROM connector_status_history
    WHERE cpo_id = $1 AND charge_point_id = ANY($2::text[]) AND changed_at < $3
    ORDER BY charge_point_id, connector_id, changed_at DESC, ordinal DESC) AS before`;

/** Of so many charge points the facts are in memory at a time: a year of one can be thousands of rows. */
const stationsAtOnce = 25;

const byStation = <Row extends { charge_point_id: string }>(
  rows: readonly Row[],
): ReadonlyMap<string, readonly Row[]> => {
  const grouped = new Map<string, Row[]>();
  for (const row of rows) {
    const group = grouped.get(row.charge_point_id);
    if (group === undefined) grouped.set(row.charge_point_id, [row]);
    else group.push(row);
  }
  return grouped;
};

/**
 * The facts of charge points, one after the other in the order of their ids given; chargers are served
 * in between. `lookedAt` ends what is still open.
 */
export async function* findUptimeFacts(
  sql: SqlClient,
  cpoId: string,
  chargePointIds: readonly string[],
  period: Readonly<{ from: Instant; to: Instant; lookedAt: Instant }>,
): AsyncGenerator<StationFacts, void, void> {
  for (let first = 0; first < chargePointIds.length; first += stationsAtOnce) {
    const ids = chargePointIds.slice(first, first + stationsAtOnce);
    const values = [cpoId, ids, period.from, period.to];
    const connections = byStation((await sql.query<ConnectionRow>(selectConnections, values)).rows);
    const statuses = byStation((await sql.query<StatusRow>(selectStatuses, values)).rows);
    for (const id of ids) {
      await setImmediate();
      yield {
        connections: (connections.get(id) ?? []).map((row) => ({
          fromMs: parseInstant(row.connected_at),
          toMs: parseInstant(row.disconnected_at ?? period.lookedAt),
        })),
        ...statusFacts(statuses.get(id) ?? []),
      };
    }
  }
}

const statusFacts = (rows: readonly StatusRow[]): Omit<StationFacts, 'connections'> => {
  const statuses = new Map<number, StatusChange[]>();
  const faults = new Map<string, { connectorId: number; errorCode: string; count: number }>();
  for (const row of rows) {
    const { connector_id: connectorId, error_code: errorCode, status } = row;
    const change = { atMs: parseInstant(row.changed_at), ordinal: BigInt(row.ordinal), status };
    const changes = statuses.get(connectorId) ?? [];
    changes.push(change);
    statuses.set(connectorId, changes);
    if (status !== 'Faulted' || !row.is_within) continue;
    const key = `${connectorId} ${errorCode}`;
    const { count } = faults.get(key) ?? { count: 0 };
    faults.set(key, { connectorId, errorCode, count: count + 1 });
  }
  return { statuses, faults: [...faults.values()] };
};
