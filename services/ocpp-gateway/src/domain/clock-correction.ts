import type { ClockCorrection, MeterReading } from '@tallywatt/contracts';
import { type Instant, instantFromEpochMs, parseInstant } from '@tallywatt/time';
import { clockFault } from './clock';
import type { Stop } from './stop';

/** When a charger said by its own clock that something happened, and when we heard of it. */
export type ClockWitness = Readonly<{ claimedAt: Instant; receivedAt: Instant }>;

/** How far a charger's clock is from ours, as one connection shows it for a message that was live. */
export type LiveClock = Readonly<{
  /** Our clock minus the charger's. */
  offsetMs: number;
  connectedAt: Instant;
  receivedAt: Instant;
}>;

/** Less time than this between two messages says nothing: what was queued comes in one go. */
const apartMs = 10_000;
/** Chargers stamp whole seconds, and a message takes its time. */
const stepSlackMs = 5_000;
/**
 * A clock that is less ahead than this is not set back: what its charger keeps for that long comes
 * with instants that look right, and they would be believed beside the corrected ones.
 */
const aheadMsMin = 30 * 24 * 60 * 60 * 1_000;

const offsetOf = ({ claimedAt, receivedAt }: ClockWitness): number =>
  parseInstant(receivedAt) - parseInstant(claimedAt);

/**
 * Whether a message was made when it came, and how far the charger's clock is from ours then:
 * undefined unless as much time has passed by the charger's clock as by ours since an earlier status
 * of the same connection, ten seconds ago or longer. A status is never queued (OCPP 1.6, section 4.9).
 */
export const liveClock = (
  witnesses: readonly ClockWitness[],
  said: ClockWitness,
  connectedAt: Instant,
): LiveClock | undefined => {
  const { receivedAt } = said;
  const inStep = witnesses.filter(
    (witness) =>
      parseInstant(receivedAt) - parseInstant(witness.receivedAt) >= apartMs &&
      Math.abs(offsetOf(said) - offsetOf(witness)) <= stepSlackMs,
  );
  // Each took some time on its way: the least difference is the clock's.
  return inStep.length === 0
    ? undefined
    : { offsetMs: Math.min(...[said, ...inStep].map(offsetOf)), connectedAt, receivedAt };
};

/** An instant, and what it was before where that cannot have been right. */
export type Corrected = Readonly<{ at: Instant; clockCorrection?: ClockCorrection }>;

const isLittleAhead = ({ offsetMs }: LiveClock): boolean => offsetMs < 0 && -offsetMs < aheadMsMin;

/**
 * The instant that a charger claims, or what its connection shows it to have been where the claim
 * cannot be right, however long the charger keeps it. What would be before the connection, or after the message came, is left as claimed:
 * it was of another run of the clock.
 */
export const corrected = (claimedAt: Instant, clock: LiveClock | undefined): Corrected => {
  const isKept = clock === undefined || clockFault(claimedAt, clock.receivedAt) === undefined;
  if (isKept || isLittleAhead(clock)) return { at: claimedAt };
  const at = instantFromEpochMs(parseInstant(claimedAt) + clock.offsetMs);
  return at < clock.connectedAt || at > clock.receivedAt
    ? { at: claimedAt }
    : { at, clockCorrection: { claimedAt, method: 'connection-offset' } };
};

export const correctedReadings = (
  readings: readonly MeterReading[],
  clock: LiveClock | undefined,
): MeterReading[] =>
  readings.map((reading) => {
    const { at: readAt, ...note } = corrected(reading.readAt, clock);
    return { ...reading, readAt, ...note };
  });

export const correctedStop = <S extends Pick<Stop, 'stoppedAt'>>(
  stop: S,
  clock: LiveClock | undefined,
): S & Pick<Stop, 'clockCorrection'> => {
  const { at: stoppedAt, ...note } = corrected(stop.stoppedAt, clock);
  return { ...stop, stoppedAt, ...note };
};
