import type { Rational } from '@tallywatt/money';
import {
  multiplyRational,
  multiplyWhole,
  rational,
  rationalFromDecimal,
  rationalToText,
  subtractRational,
  sumRationals,
  toMinor,
} from '@tallywatt/money';
import { matchSegments } from './charges';
import type { EnergyCurve } from './energy-curve';
import type { Stretch } from './occupancy-timeline';
import type { OcpiTariff } from './ocpi-tariff';
import type { RatingInput } from './rated-session';
import type { CostPeriod, SessionCost } from './rating-report';
import type { MatchedSegment } from './charges';
import { sessionSegments } from './session-segments';

/**
 * What the energy of a session cost the operator, per period of its utility, and what is left of
 * the price. Beside the price and never part of it. Energy without a known cost leaves the sums
 * out: unknown is not zero.
 */
export const sessionCost = (
  input: RatingInput,
  curve: EnergyCurve,
  stretches: readonly Stretch[],
  price: Readonly<{ exact: Rational; minor: bigint }>,
): SessionCost | undefined => {
  const { tariff } = input;
  if (tariff.energyCost === undefined) return undefined;
  const asked = { ...input, tariff: costTariffOf(tariff) };
  const segments = sessionSegments(asked, curve, stretches);
  const runs = energyRuns(matchSegments(asked.tariff, segments));
  const unknown = runs.filter(({ cost }) => cost === undefined).map(({ kwh }) => kwh);
  const currency = tariff.energyCost.currency ?? tariff.currency;
  const beside = {
    currency,
    unknownEnergyKwhExact: rationalToText(sumRationals(unknown)),
    periods: runs.map(({ period }) => period),
  };
  if (unknown.length > 0) return beside;
  const cost = sumRationals(runs.flatMap((run) => run.cost ?? []));
  const costMinor = toMinor(cost, currency, 'half-away-from-zero');
  const costed = { ...beside, costExact: rationalToText(cost), costMinor };
  // A margin over two currencies would depend on a rate that nobody has stated.
  if (currency !== tariff.currency) return costed;
  const marginExact = rationalToText(subtractRational(price.exact, cost));
  return { ...costed, marginExact, marginMinor: price.minor - costMinor };
};

const remembered = new WeakMap<OcpiTariff, OcpiTariff>();

// The cost is looked up as the price is, by elements of ENERGY alone.
const costTariffOf = (tariff: OcpiTariff): OcpiTariff => {
  const known = remembered.get(tariff);
  if (known !== undefined) return known;
  const { id, currency, idleGraceSeconds, holidays = [], energyCost } = tariff;
  const elements = (energyCost?.elements ?? []).map(({ pricePerKwh: price, restrictions }) => ({
    priceComponents: [{ type: 'ENERGY', price, stepSize: 0n } as const],
    restrictions,
  }));
  const costTariff = { id, currency, idleGraceSeconds, holidays, elements };
  remembered.set(tariff, costTariff);
  return costTariff;
};

type CostRun = Readonly<{ kwh: Rational; cost: Rational | undefined; period: CostPeriod }>;

const energyRuns = (matched: readonly MatchedSegment[]): CostRun[] => {
  const runs: CostRun[] = [];
  let first: MatchedSegment | undefined;
  matched.forEach((one, index) => {
    first ??= one;
    const next = matched[index + 1];
    if (next !== undefined && first.matches.ENERGY === next.matches.ENERGY) return;
    const run = costRun(first, one);
    if (run.kwh.numerator !== 0) runs.push(run);
    first = undefined;
  });
  return runs;
};

const costRun = ({ segment: first, matches }: MatchedSegment, last: MatchedSegment): CostRun => {
  const energy = subtractRational(last.segment.toEnergyMilliWh, first.fromEnergyMilliWh);
  const kwh = rational(energy.numerator, multiplyWhole(energy.denominator, 1_000_000));
  const match = matches.ENERGY;
  const period = {
    fromMs: first.fromMs,
    toMs: last.segment.toMs,
    fromBoundary: first.fromBoundary,
    toBoundary: last.segment.toBoundary,
    energyKwhExact: rationalToText(kwh),
  };
  if (match === undefined) return { kwh, cost: undefined, period };
  const { elementIndex, component } = match;
  const cost = multiplyRational(kwh, rationalFromDecimal(component.price));
  const priced = { elementIndex, pricePerKwh: component.price, costExact: rationalToText(cost) };
  return { kwh, cost, period: { ...period, ...priced } };
};
