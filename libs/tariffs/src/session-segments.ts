import type { Rational } from '@tallywatt/money';
import { compareRational, rational, subtractRational, zeroRational } from '@tallywatt/money';
import type { LocalParts } from '@tallywatt/time';
import { localParts, localWallClockBoundaries } from '@tallywatt/time';
import type { Moment } from './element-match';
import type { EnergyCurve } from './energy-curve';
import { averagePowerMilliW, clockReadings, energyAt, instantOfEnergy } from './energy-curve';
import type { Stretch, Use } from './occupancy-timeline';
import type { OcpiTariff, TariffRestrictions } from './ocpi-tariff';
import type { MeterPoint, RatingInput } from './rated-session';
import { CannotRate } from './rated-session';

/** How a meter value at a boundary is known. */
export type Boundary = 'measured' | 'interpolated';

/** A part of the session in which nothing that restrictions ask about changes. */
export type Segment = Readonly<{
  fromMs: number;
  toMs: number;
  use: Use;
  inGrace: boolean;
  energyMilliWh: Rational;
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
  const boundaryAt = ({ atMs }: Cut): Boundary =>
    atMs <= session.startMs || atMs >= session.stopMs || onTheClock.has(atMs)
      ? 'measured'
      : 'interpolated';
  const segments: Segment[] = [];
  let at = 0;
  cuts.forEach((from, index) => {
    const to = cuts[index + 1] ?? from;
    if (to === from && cuts.length > 1) return;
    while (at < stretches.length - 1 && from.atMs >= (stretches[at + 1]?.fromMs ?? Infinity)) {
      at += 1;
    }
    const stretch = stretches[at];
    if (stretch === undefined || from.atMs > stretch.toMs || to.atMs > stretch.toMs) return;
    segments.push({
      fromMs: from.atMs,
      toMs: to.atMs,
      use: stretch.use,
      inGrace: stretch.use === 'parking' && from.atMs < stretch.graceUntilMs,
      energyMilliWh: subtractRational(to.energyMilliWh, from.energyMilliWh),
      fromBoundary: boundaryAt(from),
      toBoundary: boundaryAt(to),
      moment: momentAt(from, stretch.use, input, curve),
    });
  });
  return segments;
};

const sessionCuts = (
  { tariff, timeZone, session }: RatingInput,
  curve: EnergyCurve,
  stretches: readonly Stretch[],
): Cut[] => {
  const fromMs = stretches[0]?.fromMs ?? session.startMs;
  const { startMs, endMs } = session;
  const asked = questionsOf(tariff);
  const instants = new Set<number>();
  for (const stretch of stretches) {
    instants.add(stretch.fromMs).add(stretch.toMs);
    if (stretch.use === 'parking' && stretch.graceUntilMs < stretch.toMs) {
      instants.add(stretch.graceUntilMs);
    }
  }
  for (const atMs of localWallClockBoundaries(fromMs, endMs, timeZone, asked.wallTimes)) {
    instants.add(atMs);
  }
  for (const seconds of asked.durationsSeconds) {
    const atMs = startMs + Number(seconds) * 1000;
    if (atMs < endMs) instants.add(atMs);
  }
  if (asked.power || asked.current) {
    for (const { atMs } of session.readings) {
      if (atMs > startMs && atMs < session.stopMs) instants.add(atMs);
    }
  }
  const cuts: Cut[] = [...instants].map((atMs) => ({ atMs, energyMilliWh: energyAt(curve, atMs) }));
  for (const threshold of asked.energiesMilliWh) {
    const atMs = instantOfEnergy(curve, threshold);
    if (atMs !== undefined) cuts.push({ atMs, energyMilliWh: rational(threshold, 1n) });
  }
  cuts.sort((a, b) => a.atMs - b.atMs || compareRational(a.energyMilliWh, b.energyMilliWh));
  return cuts.filter((cut, index) => !sameCut(cut, cuts[index - 1]));
};

const sameCut = (cut: Cut, before: Cut | undefined): boolean =>
  before !== undefined &&
  cut.atMs === before.atMs &&
  compareRational(cut.energyMilliWh, before.energyMilliWh) === 0;

type Questions = Readonly<{
  wallTimes: readonly string[];
  durationsSeconds: readonly bigint[];
  energiesMilliWh: readonly bigint[];
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
  const days = all.some((one) => (one.dayOfWeek ?? one.startDate ?? one.endDate) !== undefined);
  const wallTimes = given(
    (r) => r.startTime,
    (r) => r.endTime,
  );
  // A window that does not wrap also ends at midnight.
  const midnight = days || wallTimes.length > 0 ? ['00:00'] : [];
  const questions: Questions = {
    wallTimes: [...new Set([...wallTimes, ...midnight])],
    durationsSeconds: given(
      (r) => r.minDurationSeconds,
      (r) => r.maxDurationSeconds,
    ),
    energiesMilliWh: given(
      (r) => r.minEnergyMilliWh,
      (r) => r.maxEnergyMilliWh,
    ),
    power: all.some((one) => (one.minPowerMilliW ?? one.maxPowerMilliW) !== undefined),
    current: all.some((one) => (one.minCurrentMilliA ?? one.maxCurrentMilliA) !== undefined),
  };
  remembered.set(tariff, questions);
  return questions;
};

const momentAt = (cut: Cut, use: Use, input: RatingInput, curve: EnergyCurve): Moment => {
  const { session, timeZone } = input;
  let local: LocalParts | undefined;
  const flowing = cut.atMs >= session.startMs && cut.atMs < session.stopMs;
  return {
    use,
    energyMilliWh: cut.energyMilliWh,
    sinceStartMs: cut.atMs - session.startMs,
    local: () => (local ??= localParts(cut.atMs, timeZone)),
    powerMilliW: () => {
      if (!flowing) return zeroRational;
      const reported = heldValue(session.readings, cut.atMs, (reading) => reading.powerMilliW);
      return reported === undefined ? averagePowerMilliW(curve, cut.atMs) : rational(reported, 1n);
    },
    currentMilliA: () => {
      if (!flowing) return zeroRational;
      const reported = heldValue(session.readings, cut.atMs, (reading) => reading.currentMilliA);
      if (reported !== undefined) return rational(reported, 1n);
      const why = 'the tariff depends on the current and no reading reports one';
      throw new CannotRate('power-or-current-unknown', why);
    },
  };
};

// A reported value holds until the next one; before the first, the first.
const heldValue = (
  readings: readonly MeterPoint[],
  atMs: number,
  pick: (reading: MeterPoint) => bigint | undefined,
): bigint | undefined => {
  let held: { atMs: number; value: bigint } | undefined;
  let first: { atMs: number; value: bigint } | undefined;
  for (const reading of readings) {
    const value = pick(reading);
    if (value === undefined) continue;
    const found = { atMs: reading.atMs, value };
    if (reading.atMs <= atMs && isLater(found, held)) held = found;
    if (first === undefined || found.atMs < first.atMs) first = found;
    else if (found.atMs === first.atMs && isLater(found, first)) first = found;
  }
  return (held ?? first)?.value;
};

// Of two values for one instant the larger counts, whatever order they came in.
const isLater = (
  one: { atMs: number; value: bigint },
  other: { atMs: number; value: bigint } | undefined,
): boolean =>
  other === undefined ||
  one.atMs > other.atMs ||
  (one.atMs === other.atMs && one.value > other.value);
