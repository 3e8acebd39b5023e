import { type Instant, parseInstant } from '@tallywatt/time';

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

/**
 * Our clock minus the charger's in milliseconds. Only a message that was made on the connection it
 * arrived by says something about the clock: one from before was queued and is left unknown.
 */
export const clockSkewMs = (
  claimedAt: Instant,
  receivedAt: Instant,
  connectedAt: Instant,
): bigint | undefined =>
  claimedAt < connectedAt ? undefined : BigInt(parseInstant(receivedAt) - parseInstant(claimedAt));

/**
 * Whether readings were made before the connection they came by, so that what runs now need not be
 * what ran then. Of a clock that cannot be right nothing is known.
 */
export const isQueued = (
  readings: readonly Readonly<{ readAt: Instant }>[],
  receivedAt: Instant,
  connectedAt: Instant,
): boolean =>
  readings.some(
    ({ readAt }) => readAt < connectedAt && clockFault(readAt, receivedAt) === undefined,
  );

/** The later of two instants. */
export const laterOf = (one: Instant, other: Instant): Instant => (one < other ? other : one);
