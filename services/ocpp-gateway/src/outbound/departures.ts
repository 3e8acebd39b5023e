import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { departureOf } from '../domain/departure';
import { awaitsStop } from '../domain/estimated-stop';
import type { Departure } from '../domain/session-occupancy';
import type { Station } from '../domain/session-message';
import type { StoredSession } from '../domain/session-record';

type Connector = Station & Readonly<{ connectorId: number }>;

/** More than come while a station keeps a stop to itself, and few enough to be looked through. */
const availabilitiesKept = 100;

/** Keeps when a connector became Available. */
export const keepAvailability = async (
  tx: SqlClient,
  { cpoId, chargePointId, connectorId }: Connector,
  availableAt: Instant,
): Promise<void> => {
  await queryPrepared(
    tx,
    'gateway.keep_availability',
    `INSERT INTO connector_availabilities (cpo_id, charge_point_id, connector_id, available_at)
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [cpoId, chargePointId, connectorId, availableAt],
  );
  await queryPrepared(
    tx,
    'gateway.forget_availabilities',
    `DELETE FROM connector_availabilities
     WHERE cpo_id = $1 AND charge_point_id = $2 AND connector_id = $3 AND available_at < (
       SELECT available_at FROM connector_availabilities
       WHERE cpo_id = $1 AND charge_point_id = $2 AND connector_id = $3
       ORDER BY available_at DESC OFFSET $4 LIMIT 1)`,
    [cpoId, chargePointId, connectorId, availabilitiesKept - 1],
  );
};

/**
 * What has ended a session's stay already, when its stop at `stoppedAt` is told.
 */
export const findDeparture = async (
  tx: SqlClient,
  { cpoId, chargePointId, connectorId, state }: StoredSession,
  stoppedAt: Instant,
  now: Instant,
): Promise<Departure> => {
  if (!awaitsStop(state) || state.status === 'absent' || !state.billsParkingTime) return {};
  const { rows } = await queryPrepared<{
    freed_at: Instant | null;
    available_since: Instant | null;
    next_start_at: Instant | null;
  }>(
    tx,
    'gateway.find_departure',
    `SELECT
       (SELECT min(available_at) FROM connector_availabilities
        WHERE cpo_id = $1 AND charge_point_id = $2 AND connector_id = $3
          AND available_at >= $4) AS freed_at,
       (SELECT changed_at FROM connector_statuses
        WHERE cpo_id = $1 AND charge_point_id = $2 AND connector_id = $3
          AND status = 'Available') AS available_since,
       (SELECT min(started_at) FROM sessions
        WHERE cpo_id = $1 AND charge_point_id = $2 AND connector_id = $3
          AND started_at > $5) AS next_start_at`,
    [cpoId, chargePointId, connectorId, stoppedAt, state.startedAt],
  );
  const { freed_at, available_since, next_start_at } = rows[0] ?? {};
  const history = {
    freedAt: freed_at ?? undefined,
    availableSince: available_since ?? undefined,
    nextStartAt: next_start_at ?? undefined,
  };
  return departureOf({ startedAt: state.startedAt, stoppedAt }, history, now);
};
