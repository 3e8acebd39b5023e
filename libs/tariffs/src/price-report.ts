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
import type { PricedLine } from './lines';
import { sumAmounts, sumMinor, unchargedLine } from './lines';
import type { TariffDimension } from './ocpi-tariff';
import { interpolationPolicyId, ratingPolicyId, roundingPolicyId } from './policies';
import { applyPriceLimits, sumTax } from './price-limits';
import type { RatingInput } from './rated-session';
import { CannotRate } from './rated-session';
import type { AmountTotals, LineDimension, RatingReport, RatingResult } from './rating-report';
import { sessionLines } from './session-lines';

// What the price of a session and that of somebody's CDR have in common.

/** Carries a rating out; a session that cannot be priced is an answer, not an error. */
export const ratingOf = <Priced extends object>(
  price: () => Priced,
): ({ ok: true } & Priced) | Extract<RatingResult, { ok: false }> => {
  try {
    return { ok: true, ...price() };
  } catch (error) {
    if (error instanceof CannotRate) {
      return { ok: false, reason: error.reason, detail: error.detail };
    }
    throw error;
  }
};

/** Whether the place can be priced at all: its zone is known, its currency is the tariff's. */
export const checkPlace = ({
  tariff,
  timeZone,
  currency,
}: Pick<RatingInput, 'tariff' | 'timeZone' | 'currency'>): void => {
  if (!isTimeZone(timeZone)) {
    throw new CannotRate('time-zone-unknown', `${JSON.stringify(timeZone)} is not an IANA zone`);
  }
  if (currency !== undefined && currency !== tariff.currency) {
    const found = `the location charges in ${currency}, the tariff in ${tariff.currency}`;
    throw new CannotRate('currency-mismatch', found);
  }
};

/** Whether the tariff holds at an instant; `what` starts then. */
export const checkInForce = (
  { startAtMs = -Infinity, endAtMs = Infinity }: RatingInput['tariff'],
  startMs: number,
  what: string,
): void => {
  if (startMs < startAtMs || startMs >= endAtMs) {
    throw new CannotRate('tariff-not-in-force', `the ${what} starts outside its validity`);
  }
};

/** The price of charges: lines, discount, limits and taxes, and its sums before and after rounding. */
export const priceOfCharges = (
  charges: readonly Charge[],
  input: RatingInput,
): Readonly<{
  exclTax: Rational;
  said: Pick<RatingReport, 'currency' | 'lines' | 'taxes' | 'totals'>;
}> => {
  const { tariff } = input;
  const priced = sessionLines(charges, input);
  const isMinimumDue = (tariff.minPrice?.exclVat.unscaled ?? 0n) !== 0n;
  const limited = priced.length === 0 && isMinimumDue ? [unchargedLine(input)] : priced;
  const { adjustments, taxes, exclTax, inclTax } = applyPriceLimits(limited, tariff);
  const all = [...priced, ...adjustments];
  const exclTaxMinor = sumMinor(all);
  const taxMinor = sumTax(taxes);
  const totals: AmountTotals = {
    exclTaxMinor,
    taxMinor,
    inclTaxMinor: exclTaxMinor + taxMinor,
    exclTaxExact: rationalToText(exclTax),
    inclTaxExact: rationalToText(inclTax),
    byDimension: totalsByDimension(all),
  };
  const lines = all.map(({ line }) => line);
  return { exclTax, said: { currency: tariff.currency, lines, taxes, totals } };
};

/** The rules that a report was made by. */
export const rulesOfReport = () => ({
  ratingPolicyId,
  roundingPolicyId,
  interpolationPolicyId,
  timeZoneDataVersion: timeZoneDataVersion(),
});

/**
 * A quantity in Wh or seconds with what step_size added to it in mWh or ms. Steps of reservations
 * are not part of the session's own quantities.
 */
export const billedText = (
  quantity: Rational,
  charges: readonly Charge[],
  dimension: TariffDimension,
): string => {
  const stepped = charges.filter(
    (charge) =>
      charge.dimension === dimension && !charge.reserved && charge.stepExcess.numerator > 0,
  );
  if (stepped.length === 0) return rationalToText(quantity);
  return rationalToText(
    addRational(quantity, thousandth(sumRationals(stepped.map(({ stepExcess }) => stepExcess)))),
  );
};

/** mWh as Wh, ms as seconds. */
export const thousandth = ({ numerator, denominator }: Rational): Rational =>
  rational(numerator, multiplyWhole(denominator, 1000));

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
