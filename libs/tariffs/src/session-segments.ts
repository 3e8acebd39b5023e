import type { Rational, Whole } from '@tallywatt/money';
import { wholeOf, zeroRational } from '@tallywatt/money';
import { localClock, localWallClockBoundaries } from '@tallywatt/time';
import type { Moment } from './element-match';
import type { EnergyCurve } from './energy-curve';
import { averagePowerReader, clockReadings, energyReader, instantOfEnergy } from './energy-curve';
import { distinctAscending } from './instants';
import type { Stretch, Use } from './occupancy-timeline';
import type { OcpiTariff, TariffRestrictions } from './ocpi-tariff';
import type { MeterPoint, RatingInput } from './rated-session';

/** How a meter value at a boundary is known. */
export type Boundary = 'measured' | 'interpolated';

/** A part of the session in which nothing that restrictions ask about changes. */
export type Segment = Readonly<{
  fromMs: number;
  toMs: number;
  use: Use;
  inGrace: boolean;
  /** Taken since the start of the session: what a part took is the difference of its ends. */
  fromEnergyMilliWh: Rational;
  toEnergyMilliWh: Rational;
  fromBoundary: Boundary;
  toBoundary: Boundary;
  moment: Moment;
}>;

type Cut = Readonly<{ atMs: number; energyMilliWh: Rational }>;

/**
 * Cuts the session wherever its price can change. The energy of each part is the difference of the
 * cumulative energy at its ends, so the parts sum to the metered whole.
 */
export const sessionSegments = (
  input: RatingInput,
  curve: EnergyCurve,
  stretches: readonly Stretch[],
): Segment[] => {
  const { session } = input;
  const cuts = sessionCuts(input, curve, stretches);
  const onTheClock = clockReadings(session.readings);
  const boundaryAt = (atMs: number): Boundary =>
    atMs <= session.startMs ||
    atMs >= session.stopMs ||
    (onTheClock.size > 0 && onTheClock.has(atMs))
      ? 'measured'
      : 'interpolated';
  const momentAt = momentReader(input, curve);
  const segments: Segment[] = [];
  let at = 0;
  // A session without duration is one cut, and still the moment in which its fee is due.
  const count = Math.max(cuts.length - 1, 1);
  for (let index = 0; index < count; index += 1) {
    const from = cuts[index];
    const to = cuts[index + 1] ?? from;
    if (from === undefined || to === undefined) break;
    while (at < stretches.length - 1 && from.atMs >= (stretches[at + 1]?.fromMs ?? Infinity)) {
      at += 1;
    }
    const stretch = stretches[at];
    if (stretch === undefined || from.atMs > stretch.toMs || to.atMs > stretch.toMs) continue;
    segments.push({
      fromMs: from.atMs,
      toMs: to.atMs,
      use: stretch.use,
      inGrace: stretch.use === 'parking' && from.atMs < stretch.graceUntilMs,
      fromEnergyMilliWh: from.energyMilliWh,
      toEnergyMilliWh: to.energyMilliWh,
      fromBoundary: boundaryAt(from.atMs),
      toBoundary: boundaryAt(to.atMs),
      moment: momentAt(from, stretch),
    });
  }
  return segments;
};

const sessionCuts = (
  input: RatingInput,
  curve: EnergyCurve,
  stretches: readonly Stretch[],
): Cut[] => {
  const asked = questionsOf(input.tariff);
  const energyAt = energyReader(curve);
  const cuts: Cut[] = [];
  const reached: Cut[] = [];
  for (const threshold of asked.energiesMilliWh) {
    const atMs = instantOfEnergy(curve, threshold);
    const energyMilliWh = { numerator: threshold, denominator: 1 };
    if (atMs !== undefined) reached.push({ atMs, energyMilliWh });
  }
  let next = 0;
  for (const atMs of instantsOf(input, asked, stretches)) {
    const energyMilliWh = energyAt(atMs);
    // A threshold lies in its millisecond, at or before the energy at the millisecond's instant.
    for (let cut = reached[next]; cut !== undefined && cut.atMs <= atMs; cut = reached[next]) {
      if (cut.atMs < atMs || !sameRational(cut.energyMilliWh, energyMilliWh)) cuts.push(cut);
      next += 1;
    }
    cuts.push({ atMs, energyMilliWh });
  }
  for (const cut of reached.slice(next)) cuts.push(cut);
  return cuts;
};

/** Both are in lowest terms. */
const sameRational = (one: Rational, other: Rational): boolean =>
  one.numerator === other.numerator && one.denominator === other.denominator;

const instantsOf = (
  { timeZone, session }: RatingInput,
  asked: Questions,
  stretches: readonly Stretch[],
): number[] => {
  const { startMs, stopMs, endMs } = session;
  const instants: number[] = [];
  for (const { fromMs, toMs, use, graceUntilMs } of stretches) {
    instants.push(fromMs, toMs);
    if (use !== 'parking') continue;
    if (graceUntilMs < toMs) instants.push(graceUntilMs);
    for (const idleMs of asked.idleMs) {
      if (fromMs + idleMs < toMs) instants.push(fromMs + idleMs);
    }
  }
  const fromMs = stretches[0]?.fromMs ?? startMs;
  for (const atMs of localWallClockBoundaries(fromMs, endMs, timeZone, asked.wallTimes)) {
    instants.push(atMs);
  }
  for (const durationMs of asked.durationsMs) {
    if (startMs + durationMs < endMs) instants.push(startMs + durationMs);
  }
  if (asked.power || asked.current) {
    for (const { atMs } of session.readings) {
      if (atMs > startMs && atMs < stopMs) instants.push(atMs);
    }
  }
  return distinctAscending(instants);
};

type Questions = Readonly<{
  wallTimes: readonly string[];
  durationsMs: readonly number[];
  /** After the vehicle stopped taking energy. */
  idleMs: readonly number[];
  /** Ascending. */
  energiesMilliWh: readonly Whole[];
  power: boolean;
  current: boolean;
}>;

const remembered = new WeakMap<OcpiTariff, Questions>();

// What the restrictions of a tariff ask about; the same for every session it prices.
const questionsOf = (tariff: OcpiTariff): Questions => {
  const known = remembered.get(tariff);
  if (known !== undefined) return known;
  const all = tariff.elements.map((element) => element.restrictions);
  const given = <Value>(...picks: ((r: TariffRestrictions) => Value | undefined)[]): Value[] => [
    ...new Set(all.flatMap((one) => picks.flatMap((pick) => pick(one) ?? []))),
  ];
  const days = all.some(
    (one) =>
      (one.dayOfWeek ?? one.startDate ?? one.endDate ?? one.seasonStart ?? one.holiday) !==
      undefined,
  );
  const wallTimes = given(
    (r) => r.startTime,
    (r) => r.endTime,
  );
  // A window that does not wrap also ends at midnight.
  const midnight = days || wallTimes.length > 0 ? ['00:00'] : [];
  const durations = given(
    (r) => r.minDurationSeconds,
    (r) => r.maxDurationSeconds,
  );
  const idle = given(
    (r) => r.minIdleSeconds,
    (r) => r.maxIdleSeconds,
  );
  const energies = given(
    (r) => r.minEnergyMilliWh,
    (r) => r.maxEnergyMilliWh,
  );
  const questions: Questions = {
    wallTimes: [...new Set([...wallTimes, ...midnight])],
    durationsMs: durations.map((seconds) => Number(seconds) * 1000),
    idleMs: idle.map((seconds) => Number(seconds) * 1000),
    energiesMilliWh: energies.sort((left, right) => (left < right ? -1 : 1)).map(wholeOf),
    power: all.some((one) => (one.minPowerMilliW ?? one.maxPowerMilliW) !== undefined),
    current: all.some((one) => (one.minCurrentMilliA ?? one.maxCurrentMilliA) !== undefined),
  };
  remembered.set(tariff, questions);
  return questions;
};

// Answers for moments that only go forward, so that each reading is looked at once.
const momentReader = (
  { tariff, timeZone, session }: RatingInput,
  curve: EnergyCurve,
): ((cut: Cut, stretch: Stretch) => Moment) => {
  const { startMs, stopMs, readings } = session;
  const asked = questionsOf(tariff);
  const reportedPower = asked.power ? heldReader(readings, (one) => one.powerMilliW) : nothing;
  const averagePower = averagePowerReader(curve);
  const reportedCurrent = asked.current
    ? heldReader(readings, (one) => one.currentMilliA)
    : nothing;
  return ({ atMs, energyMilliWh }, { use, fromMs }) => {
    const isFlowing = atMs >= startMs && atMs < stopMs;
    return {
      use,
      energyMilliWh,
      sinceStartMs: atMs - startMs,
      local: localClock(atMs, timeZone),
      powerMilliW:
        isFlowing && asked.power ? (reportedPower(atMs) ?? averagePower(atMs)) : zeroRational,
      currentMilliA: isFlowing ? reportedCurrent(atMs) : zeroRational,
      idleMs: use === 'parking' ? atMs - fromMs : 0,
    };
  };
};

type HeldReader = (atMs: number) => Rational | undefined;

const nothing: HeldReader = () => undefined;

// A reported value holds until the next one; before the first, the first. Of two values for one
// instant the larger counts, whatever order they came in.
const heldReader = (
  readings: readonly MeterPoint[],
  pick: (reading: MeterPoint) => bigint | undefined,
): HeldReader => {
  const reported: { atMs: number; value: Whole }[] = [];
  for (const reading of readings) {
    const value = pick(reading);
    if (value !== undefined) reported.push({ atMs: reading.atMs, value: wholeOf(value) });
  }
  reported.sort((left, right) => left.atMs - right.atMs || (left.value < right.value ? 1 : -1));
  const held = reported.filter(({ atMs }, index) => atMs !== reported[index - 1]?.atMs);
  let next = 1;
  return (atMs) => {
    while (next < held.length && (held[next]?.atMs ?? 0) <= atMs) next += 1;
    const value = held[next - 1]?.value;
    return value === undefined ? undefined : { numerator: value, denominator: 1 };
  };
};
