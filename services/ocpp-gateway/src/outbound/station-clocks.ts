import type { StationClockMeasured } from '@tallywatt/contracts';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { clockAfter, clockSkewMs, type KnownClock } from '../domain/clock';
import type { LiveClock } from '../domain/clock-correction';
import type { Connection } from './station-store';

type Row = { connection_id: string; skew_ms: string; recorded_skew_ms: string };

const knownOf = (row: Row | undefined): KnownClock | undefined =>
  row === undefined
    ? undefined
    : {
        connectionId: row.connection_id,
        skewMs: BigInt(row.skew_ms),
        recordedSkewMs: BigInt(row.recorded_skew_ms),
      };

/** A status as it came; `live` where it is known to have been made then, also by a slow clock. */
type Measured = Readonly<{ claimedAt: Instant; receivedAt: Instant; live: LiveClock | undefined }>;

/**
 * Measures a charger's clock by a message that was made on the connection it came by; what is to be
 * written down of that, if it has moved.
 */
export const measureClock = async (
  tx: SqlClient,
  { cpoId, chargePointId, connectionId, connectedAt }: Connection,
  { claimedAt, receivedAt, live }: Measured,
): Promise<StationClockMeasured | undefined> => {
  const measuredMs = clockSkewMs(claimedAt, receivedAt, connectedAt, live);
  if (measuredMs === undefined) return undefined;
  const { rows } = await queryPrepared<Row>(
    tx,
    'gateway.lock_clock',
    `SELECT connection_id, skew_ms, recorded_skew_ms FROM station_clocks
     WHERE cpo_id = $1 AND charge_point_id = $2 FOR UPDATE`,
    [cpoId, chargePointId],
  );
  const known = knownOf(rows[0]);
  const { hasMoved, ...clock } = clockAfter(known, connectionId, measuredMs);
  if (known?.connectionId === connectionId && known.skewMs === clock.skewMs) return undefined;
  await queryPrepared(
    tx,
    'gateway.keep_clock',
    `INSERT INTO station_clocks (cpo_id, charge_point_id, connection_id, skew_ms, recorded_skew_ms)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (cpo_id, charge_point_id) DO UPDATE
       SET connection_id = $3, skew_ms = $4, recorded_skew_ms = $5`,
    [cpoId, chargePointId, connectionId, clock.skewMs, clock.recordedSkewMs],
  );
  const { skewMs } = clock;
  const about = { cpoId, chargePointId, connectionId, clockSkewMs: skewMs, claimedAt, receivedAt };
  return hasMoved ? { type: 'StationClockMeasured', ...about } : undefined;
};
