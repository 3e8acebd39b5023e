import type { MeterReading } from '@tallywatt/contracts';
import { type Instant, parseInstant } from '@tallywatt/time';
import { clockFault } from './clock';

/** How far a session's register is believed: its last plausible value and when that was read. */
export type MeterTrack = Readonly<{ registerMilliWh: bigint; readAt: Instant }>;

/** What bounds a session's register. */
export type MeterBounds = Readonly<{
  startedAt: Instant;
  meterStartMilliWh: bigint;
  /** Rated power of the connector in watts; 0 when unknown, then nothing bounds the rise. */
  powerWMax: bigint;
  stoppedAt?: Instant;
}>;

/** Chargers stamp whole seconds, and some stamp the sending and not the reading. */
const timestampSlackMs = 5_000;
/** Registers of whole watt-hours. */
export const registerSlackMilliWh = 1_000n;

/**
 * Whether a register can have risen that much between two instants: not by more than rated power
 * times time times 1.1. A placeholder zero followed by the lifetime register fails here.
 */
export const canHaveRisen = (
  riseMilliWh: bigint,
  from: Instant,
  until: Instant,
  powerWMax: bigint,
): boolean => {
  if (powerWMax === 0n) return true;
  const elapsedMs = BigInt(
    Math.max(parseInstant(until) - parseInstant(from), 0) + timestampSlackMs,
  );
  // 1 W over 1 ms is 1/3600 mWh; the factor 1.1 is 11/10.
  return (riseMilliWh - registerSlackMilliWh) * 36_000n <= powerWMax * elapsedMs * 11n;
};

const faultOf = (
  reading: MeterReading,
  track: MeterTrack,
  bounds: MeterBounds,
  now: Instant,
): string | undefined => {
  if (reading.implausibleReason !== undefined) return reading.implausibleReason;
  if (clockFault(reading.readAt, now) !== undefined) return 'clock-implausible';
  const register = reading.registerMilliWh;
  if (register === undefined) return undefined;
  if (register < 0n) return 'register-negative';
  if (reading.readAt < bounds.startedAt) return 'read-before-start';
  if (bounds.stoppedAt !== undefined && reading.readAt > bounds.stoppedAt) return 'read-after-stop';
  const floor = reading.readAt < track.readAt ? bounds.meterStartMilliWh : track.registerMilliWh;
  if (register === 0n && floor > 0n) return 'placeholder-zero';
  if (register + registerSlackMilliWh <= floor) return 'register-ran-backwards';
  // A late reading belongs before the last one: it cannot be above it.
  if (reading.readAt < track.readAt) {
    return register > track.registerMilliWh ? 'register-out-of-order' : undefined;
  }
  return canHaveRisen(
    register - track.registerMilliWh,
    track.readAt,
    reading.readAt,
    bounds.powerWMax,
  )
    ? undefined
    : 'jumped-beyond-rated-power';
};

/** The track after a reading; one that cannot be right, or that came late, does not move it. */
export const trackAfter = (track: MeterTrack, reading: MeterReading): MeterTrack =>
  reading.implausibleReason !== undefined ||
  reading.registerMilliWh === undefined ||
  reading.readAt < track.readAt
    ? track
    : { registerMilliWh: reading.registerMilliWh, readAt: reading.readAt };

/** The same readings, each that cannot be right marked with why. None is dropped. */
export const assessReadings = (
  readings: readonly MeterReading[],
  track: MeterTrack,
  bounds: MeterBounds,
  now: Instant,
): MeterReading[] => {
  let latest = track;
  return readings.map((reading) => {
    const fault = faultOf(reading, latest, bounds, now);
    const assessed = fault === undefined ? reading : { ...reading, implausibleReason: fault };
    latest = trackAfter(latest, assessed);
    return assessed;
  });
};
