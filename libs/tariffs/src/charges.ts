import type { Rational } from '@tallywatt/money';
import {
  addRational,
  divideWhole,
  addWhole,
  multiplyWhole,
  rational,
  subtractRational,
  subtractWhole,
  sumRationals,
  wholeOf,
  zeroRational,
} from '@tallywatt/money';
import type { Match } from './element-match';
import { firstMatch, rulesOf } from './element-match';
import type { OcpiTariff, PriceComponent, TariffDimension } from './ocpi-tariff';
import type { Boundary, Segment } from './session-segments';

/** What one price component charges for, before it becomes money. */
export type Charge = Readonly<{
  dimension: TariffDimension;
  elementIndex: number;
  component: PriceComponent;
  /** mWh for ENERGY, ms for TIME and PARKING_TIME, 1 for FLAT. */
  quantity: Rational;
  /** The part of the quantity that step_size added. */
  stepExcess: Rational;
  /** Inside the grace: shown, and priced at zero. */
  inGrace: boolean;
  /** Reservations are priced apart from the session. */
  reserved: boolean;
  fromMs: number;
  toMs: number;
  fromBoundary: Boundary;
  toBoundary: Boundary;
}>;

/** Which element prices each dimension; undefined means that it is not charged. */
export type Matches = Readonly<Record<TariffDimension, Match | undefined>>;

const unmatched: Matches = {
  ENERGY: undefined,
  TIME: undefined,
  PARKING_TIME: undefined,
  FLAT: undefined,
};

/** Neighbours that match alike have the same `matches`, not only equal ones. */
export type MatchedSegment = Readonly<{ segment: Segment; matches: Matches }>;

/** The element that prices each dimension in each segment. */
export const matchSegments = (
  tariff: OcpiTariff,
  segments: readonly Segment[],
): MatchedSegment[] => {
  const rules = rulesOf(tariff);
  let matches = unmatched;
  return segments.map((segment) => {
    const { moment, use } = segment;
    const energy = takesEnergy(segment) ? firstMatch(rules.ENERGY, moment) : undefined;
    const time = use === 'parking' ? undefined : firstMatch(rules.TIME, moment);
    const parking = use === 'parking' ? firstMatch(rules.PARKING_TIME, moment) : undefined;
    const flat = firstMatch(rules.FLAT, moment);
    if (
      matches.ENERGY !== energy ||
      matches.TIME !== time ||
      matches.PARKING_TIME !== parking ||
      matches.FLAT !== flat
    ) {
      matches = { ENERGY: energy, TIME: time, PARKING_TIME: parking, FLAT: flat };
    }
    return { segment, matches };
  });
};

// Both ends are in lowest terms, and the energy never falls.
const takesEnergy = ({ fromEnergyMilliWh, toEnergyMilliWh }: Segment): boolean =>
  fromEnergyMilliWh.numerator !== toEnergyMilliWh.numerator ||
  fromEnergyMilliWh.denominator !== toEnergyMilliWh.denominator;

/**
 * Charges of the whole session in the order of their lines: runs of one component are merged, FLAT
 * comes once, and step_size is applied once per dimension (OCPI 2.2.1 mod_cdrs, "step_size").
 */
export const sessionCharges = (matched: readonly MatchedSegment[]): Charge[] => {
  const reserved = matched.filter(({ segment }) => isReserved(segment));
  if (reserved.length === 0) return chargesOf(matched, false);
  const own = matched.filter(({ segment }) => !isReserved(segment));
  return [...chargesOf(reserved, true), ...chargesOf(own, false)];
};

const isReserved = ({ use }: Segment): boolean =>
  use === 'reserved' || use === 'reservation-expired';

const chargesOf = (own: readonly MatchedSegment[], reserved: boolean): Charge[] => {
  if (own.length === 0) return [];
  const energy = energyRuns(own, reserved);
  const time = timeRuns(own, 'TIME', reserved);
  const parking = timeRuns(own, 'PARKING_TIME', reserved);
  const grace = parking.filter((charge) => charge.inGrace);
  const idle = parking.filter((charge) => !charge.inGrace);
  return [
    ...flatOnce(own, reserved),
    ...withSteps(energy, 1000n),
    // When both times are charged only the last of them, PARKING_TIME, is rounded up.
    ...(idle.length > 0 ? time : withSteps(time, 1000n)),
    ...grace,
    ...withSteps(idle, 1000n),
  ];
};

const flatOnce = (own: readonly MatchedSegment[], reserved: boolean): Charge[] => {
  const first = own.find(({ matches }) => matches.FLAT !== undefined);
  const match = first?.matches.FLAT;
  if (first === undefined || match === undefined) return [];
  const { segment } = first;
  const once = chargeOf({ dimension: 'FLAT', match, first: segment, last: segment }, one, reserved);
  return [{ ...once, toMs: once.fromMs, toBoundary: once.fromBoundary }];
};

const one: Rational = { numerator: 1, denominator: 1 };

/** Segments that one component prices without another one between them. */
type Run = { dimension: TariffDimension; match: Match; first: Segment; last: Segment };

// What a run took is the difference of its ends: what lies between took nothing of its own.
const energyRuns = (own: readonly MatchedSegment[], reserved: boolean): Charge[] => {
  const charges: Charge[] = [];
  let run: Run | undefined;
  const close = (): void => {
    if (run === undefined) return;
    const { toEnergyMilliWh } = run.last;
    const quantity = subtractRational(toEnergyMilliWh, run.first.fromEnergyMilliWh);
    charges.push(chargeOf(run, quantity, reserved));
    run = undefined;
  };
  for (const { segment, matches } of own) {
    if (!takesEnergy(segment)) continue;
    const match = matches.ENERGY;
    if (match !== undefined && match.elementIndex === run?.match.elementIndex) {
      run.last = segment;
    } else {
      close();
      if (match !== undefined) run = { dimension: 'ENERGY', match, first: segment, last: segment };
    }
  }
  close();
  return charges;
};

const timeRuns = (
  own: readonly MatchedSegment[],
  dimension: 'TIME' | 'PARKING_TIME',
  reserved: boolean,
): Charge[] => {
  const runs: (Run & { milliseconds: number })[] = [];
  // Grace and billed idle time alternate, and each continues where it stopped.
  let billed: number | undefined;
  let grace: number | undefined;
  for (const { segment, matches } of own) {
    if ((segment.use === 'parking') !== (dimension === 'PARKING_TIME')) continue;
    const milliseconds = segment.toMs - segment.fromMs;
    if (milliseconds === 0) continue;
    const match = matches[dimension];
    if (match === undefined) {
      billed = grace = undefined;
      continue;
    }
    const run = runs[(segment.inGrace ? grace : billed) ?? -1];
    if (run?.match.elementIndex === match.elementIndex) {
      run.milliseconds += milliseconds;
      run.last = segment;
    } else {
      if (segment.inGrace) grace = runs.length;
      else billed = runs.length;
      runs.push({ dimension, match, first: segment, last: segment, milliseconds });
    }
  }
  return runs.map((run) =>
    chargeOf(run, { numerator: run.milliseconds, denominator: 1 }, reserved),
  );
};

// Spelled out, because merging objects here was a fifth of the time of rating a session.
const chargeOf = (
  { dimension, match, first, last }: Run,
  quantity: Rational,
  reserved: boolean,
): Charge => ({
  dimension,
  elementIndex: match.elementIndex,
  component: match.component,
  quantity,
  stepExcess: zeroRational,
  inGrace: dimension === 'PARKING_TIME' && first.inGrace,
  reserved,
  fromMs: first.fromMs,
  toMs: last.toMs,
  fromBoundary: first.fromBoundary,
  toBoundary: last.toBoundary,
});

// The priced total rises to the next multiple of the last component's step, in its last charge.
const withSteps = (charges: readonly Charge[], quantityPerUnit: bigint): readonly Charge[] => {
  const last = charges.at(-1);
  if (last === undefined || last.component.stepSize === 0n) return charges;
  const total = sumRationals(charges.map(({ quantity }) => quantity));
  const step = wholeOf(last.component.stepSize * quantityPerUnit);
  const perStep = multiplyWhole(step, total.denominator);
  const steps = divideWhole(subtractWhole(addWhole(total.numerator, perStep), 1), perStep);
  const stepExcess = subtractRational(rational(multiplyWhole(steps, step), 1), total);
  if (stepExcess.numerator === 0) return charges;
  const quantity = addRational(last.quantity, stepExcess);
  return [...charges.slice(0, -1), { ...last, quantity, stepExcess }];
};
