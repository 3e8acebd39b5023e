import { type Instant, instantFromEpochMs, parseInstant } from '@tallywatt/time';

const earliestPlausible: Instant = '2020-01-01T00:00:00.000Z';
const aheadMs = 24 * 60 * 60 * 1_000;

/**
 * Why a charger's claimed instant cannot be right, or undefined when it can. Chargers without a
 * battery count from 1970 or 2000 until their first time sync; none may be a day ahead of us.
 */
export const clockFault = (claimedAt: Instant, now: Instant): string | undefined => {
  if (claimedAt < earliestPlausible) return `${claimedAt} is before the first plausible instant`;
  if (parseInstant(claimedAt) - parseInstant(now) > aheadMs) {
    return `${claimedAt} is more than a day ahead of ${now}`;
  }
  return undefined;
};

/** The instants that clockFault finds nothing wrong with, both included. */
export const plausibleInstants = (now: Instant): Readonly<{ from: Instant; until: Instant }> => ({
  from: earliestPlausible,
  until: instantFromEpochMs(parseInstant(now) + aheadMs),
});

/**
 * Our clock minus the charger's in milliseconds. Only a message that was made on the connection it
 * arrived by says something about the clock: what seems to be from before was queued, and is left
 * unknown, unless it is known to have been made when it came (`live`): then the clock is slow.
 */
export const clockSkewMs = (
  claimedAt: Instant,
  receivedAt: Instant,
  connectedAt: Instant,
  live?: Readonly<{ offsetMs: number }>,
): bigint | undefined => {
  if (claimedAt >= connectedAt) return BigInt(parseInstant(receivedAt) - parseInstant(claimedAt));
  return live === undefined ? undefined : BigInt(live.offsetMs);
};

/**
 * Whether readings were made before the connection they came by, so that what runs now need not be
 * what ran then. Of a clock that cannot be right nothing is known; of one that is slow it is known
 * that they were not, where it is `live`.
 */
export const isQueued = (
  readings: readonly Readonly<{ readAt: Instant }>[],
  receivedAt: Instant,
  connectedAt: Instant,
  live?: Readonly<{ offsetMs: number }>,
): boolean =>
  readings.some(
    ({ readAt }) =>
      parseInstant(readAt) + Math.max(live?.offsetMs ?? 0, 0) < parseInstant(connectedAt) &&
      clockFault(readAt, receivedAt) === undefined,
  );

/** What is known of a charger's clock. */
export type KnownClock = Readonly<{
  /** The connection that it was last measured on. */
  connectionId: string;
  /** The least difference there. */
  skewMs: bigint;
  /** What was last written down. */
  recordedSkewMs: bigint;
}>;

/** Below this the way of a message says more than the clock. */
const clockMovedMs = 10_000n;

/**
 * The clock after one more measurement. Each message takes some time, and some are of a moment before:
 * so the least difference among those of a connection is the clock's.
 */
export const clockAfter = (
  known: KnownClock | undefined,
  connectionId: string,
  measuredMs: bigint,
): KnownClock & Readonly<{ hasMoved: boolean }> => {
  const isSame = known?.connectionId === connectionId;
  const skewMs = isSame && known.skewMs < measuredMs ? known.skewMs : measuredMs;
  const apartMs = skewMs - (known?.recordedSkewMs ?? 0n);
  const hasMoved = apartMs > clockMovedMs || apartMs < -clockMovedMs;
  const recordedSkewMs = hasMoved ? skewMs : (known?.recordedSkewMs ?? 0n);
  return { connectionId, skewMs, recordedSkewMs, hasMoved };
};

/** The later of two instants. */
export const laterOf = (one: Instant, other: Instant): Instant => (one < other ? other : one);
