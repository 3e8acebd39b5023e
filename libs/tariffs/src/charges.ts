import type { Rational } from '@tallywatt/money';
import { addRational, compareRational, rational, zeroRational } from '@tallywatt/money';
import type { Match } from './element-match';
import { firstMatch } from './element-match';
import type { OcpiTariff, PriceComponent, TariffDimension } from './ocpi-tariff';
import { hasParkingTime } from './ocpi-tariff';
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

export type MatchedSegment = Readonly<{
  segment: Segment;
  matches: Readonly<Partial<Record<TariffDimension, Match>>>;
}>;

/** The element that prices each dimension in each segment. */
export const matchSegments = (
  tariff: OcpiTariff,
  segments: readonly Segment[],
): MatchedSegment[] => {
  const parkingIsPriced = hasParkingTime(tariff);
  return segments.map((segment) => {
    const matches: Partial<Record<TariffDimension, Match>> = {};
    const look = (dimension: TariffDimension): void => {
      const match = firstMatch(tariff, dimension, segment.moment);
      if (match !== undefined) matches[dimension] = match;
    };
    if (segment.energyMilliWh.numerator > 0n) look('ENERGY');
    if (segment.use !== 'parking') look('TIME');
    else if (parkingIsPriced) look('PARKING_TIME');
    look('FLAT');
    return { segment, matches };
  });
};

/**
 * Charges of the whole session in the order of their lines: runs of one component are merged, FLAT
 * comes once, and step_size is applied once per dimension (OCPI 2.2.1 mod_cdrs, "step_size").
 */
export const sessionCharges = (matched: readonly MatchedSegment[]): Charge[] =>
  [true, false].flatMap((reserved) => {
    const own = matched.filter(
      ({ segment: { use } }) => (use === 'reserved' || use === 'reservation-expired') === reserved,
    );
    if (own.length === 0) return [];
    const energy = runs(own, 'ENERGY', reserved);
    const time = runs(own, 'TIME', reserved);
    const parking = runs(own, 'PARKING_TIME', reserved);
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
  });

const flatOnce = (own: readonly MatchedSegment[], reserved: boolean): Charge[] => {
  const first = own.find(({ matches }) => matches.FLAT !== undefined);
  const match = first?.matches.FLAT;
  if (first === undefined || match === undefined) return [];
  const once = chargeOf('FLAT', match, first.segment, one, reserved);
  return [{ ...once, toMs: once.fromMs, toBoundary: once.fromBoundary }];
};

const one = rational(1n, 1n);

const runs = (
  own: readonly MatchedSegment[],
  dimension: 'ENERGY' | 'TIME' | 'PARKING_TIME',
  reserved: boolean,
): Charge[] => {
  const charges: Charge[] = [];
  // Grace and billed idle time alternate, and each continues where it stopped.
  const open: { billed?: number; grace?: number } = {};
  for (const { segment, matches } of own) {
    const quantity = quantityOf(segment, dimension);
    if (quantity.numerator === 0n) continue;
    const match = matches[dimension];
    if (match === undefined) {
      delete open.billed;
      delete open.grace;
      continue;
    }
    const kind = dimension === 'PARKING_TIME' && segment.inGrace ? 'grace' : 'billed';
    const index = open[kind] ?? -1;
    const run = charges[index];
    if (run?.elementIndex === match.elementIndex) {
      const { toMs, toBoundary } = segment;
      const sum = addRational(run.quantity, quantity);
      charges[index] = { ...run, quantity: sum, toMs, toBoundary };
    } else {
      open[kind] = charges.length;
      charges.push(chargeOf(dimension, match, segment, quantity, reserved));
    }
  }
  return charges;
};

// Spelled out, because merging objects here was a fifth of the time of rating a session.
const chargeOf = (
  dimension: TariffDimension,
  match: Match,
  segment: Segment,
  quantity: Rational,
  reserved: boolean,
): Charge => ({
  dimension,
  elementIndex: match.elementIndex,
  component: match.component,
  quantity,
  stepExcess: zeroRational,
  inGrace: dimension === 'PARKING_TIME' && segment.inGrace,
  reserved,
  fromMs: segment.fromMs,
  toMs: segment.toMs,
  fromBoundary: segment.fromBoundary,
  toBoundary: segment.toBoundary,
});

const quantityOf = (segment: Segment, dimension: 'ENERGY' | 'TIME' | 'PARKING_TIME'): Rational => {
  if (dimension === 'ENERGY') return segment.energyMilliWh;
  if ((segment.use === 'parking') !== (dimension === 'PARKING_TIME')) return zeroRational;
  return rational(BigInt(segment.toMs - segment.fromMs), 1n);
};

// The priced total rises to the next multiple of the last component's step, in its last charge.
const withSteps = (charges: readonly Charge[], quantityPerUnit: bigint): Charge[] => {
  const last = charges.at(-1);
  if (last === undefined || last.component.stepSize === 0n) return [...charges];
  const total = charges.reduce((sum, charge) => addRational(sum, charge.quantity), zeroRational);
  const step = last.component.stepSize * quantityPerUnit;
  const perStep = step * total.denominator;
  const steps = (total.numerator + perStep - 1n) / perStep;
  const stepExcess = addRational(rational(steps * step, 1n), {
    numerator: -total.numerator,
    denominator: total.denominator,
  });
  if (compareRational(stepExcess, zeroRational) === 0) return [...charges];
  const quantity = addRational(last.quantity, stepExcess);
  return [...charges.slice(0, -1), { ...last, quantity, stepExcess }];
};
