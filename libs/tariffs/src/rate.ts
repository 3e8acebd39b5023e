import type { Rational } from '@tallywatt/money';
import {
  addRational,
  multiplyWhole,
  rational,
  rationalToText,
  sumRationals,
} from '@tallywatt/money';
import { isTimeZone, timeZoneDataVersion } from '@tallywatt/time';
import type { Charge } from './charges';
import { matchSegments, sessionCharges } from './charges';
import { sessionCost } from './energy-cost';
import { energyCurve } from './energy-curve';
import type { PricedLine } from './lines';
import { sumAmounts, sumMinor, unchargedLine } from './lines';
import { occupancyTimeline } from './occupancy-timeline';
import type { TariffDimension } from './ocpi-tariff';
import { interpolationPolicyId, ratingPolicyId, roundingPolicyId } from './policies';
import { applyPriceLimits, sumTax } from './price-limits';
import type { RatingInput } from './rated-session';
import { CannotRate } from './rated-session';
import type { AmountTotals, LineDimension, RatingReport, RatingResult } from './rating-report';
import { ratedPeriods } from './rated-periods';
import { sessionLines } from './session-lines';
import { sessionSegments } from './session-segments';

/**
 * The one rating function: the price shown, the cost so far, the hold and the CDR are all this.
 * Depends on nothing but its input, the policies named in the report, and the time zone data whose
 * version the report carries. Never throws for a session or tariff it cannot price.
 */
export const rate = (input: RatingInput): RatingResult => {
  try {
    checkInput(input);
    return { ok: true, report: report(input) };
  } catch (error) {
    if (error instanceof CannotRate) {
      return { ok: false, reason: error.reason, detail: error.detail };
    }
    throw error;
  }
};

const checkInput = ({ tariff, timeZone, currency, session }: RatingInput): void => {
  const { startMs, stopMs, endMs } = session;
  if (!isTimeZone(timeZone)) {
    throw new CannotRate('time-zone-unknown', `${JSON.stringify(timeZone)} is not an IANA zone`);
  }
  if (currency !== undefined && currency !== tariff.currency) {
    const found = `the location charges in ${currency}, the tariff in ${tariff.currency}`;
    throw new CannotRate('currency-mismatch', found);
  }
  const usable = [startMs, stopMs, endMs].every(Number.isSafeInteger);
  if (!usable || stopMs < startMs || endMs < stopMs) {
    const found = `start ${startMs}, stop ${stopMs}, end ${endMs} are not in order`;
    throw new CannotRate('session-times-unusable', found);
  }
  if (startMs < (tariff.startAtMs ?? -Infinity) || startMs >= (tariff.endAtMs ?? Infinity)) {
    throw new CannotRate('tariff-not-in-force', 'the session starts outside its validity');
  }
};

const report = (input: RatingInput): RatingReport => {
  const { tariff, session } = input;
  const curve = energyCurve(session);
  const stretches = occupancyTimeline(session, tariff.idleGraceSeconds);
  const matched = matchSegments(tariff, sessionSegments(input, curve, stretches));
  const charges = sessionCharges(matched);
  const priced = sessionLines(charges, input);
  const isMinimumDue = (tariff.minPrice?.exclVat.unscaled ?? 0n) !== 0n;
  const limited = priced.length === 0 && isMinimumDue ? [unchargedLine(input)] : priced;
  const { adjustments, taxes, exclTax, inclTax } = applyPriceLimits(limited, tariff);
  const all = [...priced, ...adjustments];
  const exclTaxMinor = sumMinor(all);
  const taxMinor = sumTax(taxes);
  const cost = sessionCost(input, curve, stretches, { exact: exclTax, minor: exclTaxMinor });
  const metered = rational(curve.totalMilliWh, 1000);
  const chargingMs = millisecondsOf(stretches, 'charging');
  const parkingMs = millisecondsOf(stretches, 'parking');
  return {
    currency: tariff.currency,
    lines: all.map(({ line }) => line),
    taxes,
    totals: {
      exclTaxMinor,
      taxMinor,
      inclTaxMinor: exclTaxMinor + taxMinor,
      exclTaxExact: rationalToText(exclTax),
      inclTaxExact: rationalToText(inclTax),
      byDimension: totalsByDimension(all),
    },
    energyMilliWh: BigInt(curve.totalMilliWh),
    energyWhExact: rationalToText(metered),
    chargingSeconds: BigInt(Math.floor(chargingMs / 1000)),
    parkingSeconds: BigInt(Math.floor(parkingMs / 1000)),
    billedEnergyWhExact: billed(metered, charges, 'ENERGY'),
    billedChargingSecondsExact: billed(rational(chargingMs, 1000), charges, 'TIME'),
    billedParkingSecondsExact: billed(rational(parkingMs, 1000), charges, 'PARKING_TIME'),
    periods: ratedPeriods(matched),
    ...(cost === undefined ? {} : { energyCost: cost }),
    marks: curve.marks,
    ratingPolicyId,
    roundingPolicyId,
    interpolationPolicyId,
    timeZoneDataVersion: timeZoneDataVersion(),
  };
};

const millisecondsOf = (
  stretches: readonly { fromMs: number; toMs: number; use: string }[],
  use: string,
): number =>
  stretches.reduce((sum, one) => (one.use === use ? sum + one.toMs - one.fromMs : sum), 0);

// Steps of reservations are not part of the session's own quantities.
const billed = (
  quantity: Rational,
  charges: readonly Charge[],
  dimension: TariffDimension,
): string => {
  const stepped = charges.filter(
    (charge) =>
      charge.dimension === dimension && !charge.reserved && charge.stepExcess.numerator > 0,
  );
  if (stepped.length === 0) return rationalToText(quantity);
  const excess = sumRationals(stepped.map(({ stepExcess }) => stepExcess));
  return rationalToText(
    addRational(quantity, rational(excess.numerator, multiplyWhole(excess.denominator, 1000))),
  );
};

const totalsByDimension = (lines: readonly PricedLine[]): AmountTotals['byDimension'] => {
  const totals: Partial<Record<LineDimension, { amountExact: string; amountMinor: bigint }>> = {};
  for (const dimension of lineDimensions) {
    const own = lines.filter(({ line }) => line.dimension === dimension);
    if (own.length === 0) continue;
    totals[dimension] = {
      amountExact: rationalToText(sumAmounts(own)),
      amountMinor: sumMinor(own),
    };
  }
  return totals;
};

const lineDimensions: readonly LineDimension[] = [
  'FLAT',
  'ENERGY',
  'TIME',
  'PARKING_TIME',
  'DISCOUNT',
  'ADJUSTMENT',
];
