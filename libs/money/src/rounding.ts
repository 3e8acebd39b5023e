import type { Currency } from './currency';
import { currencyExponent } from './currency';
import type { Rational } from './rational';

/** Named at every call: nothing rounds by default. */
export type RoundingMode = 'half-away-from-zero';

/**
 * Major units to whole minor units: 1.005 EUR is 101, -1.005 EUR is -101, so that a credit is the
 * exact negative of what it credits. Throws UnknownCurrency.
 */
export const toMinor = (majorUnits: Rational, currency: Currency, mode: RoundingMode): bigint => {
  const scaled = majorUnits.numerator * 10n ** BigInt(currencyExponent(currency));
  return roundQuotient(scaled, majorUnits.denominator, mode);
};

/** numerator / denominator (denominator > 0) to the nearest whole number. */
export const roundQuotient = (
  numerator: bigint,
  denominator: bigint,
  mode: RoundingMode,
): bigint => {
  if (denominator <= 0n) throw new RangeError(`${mode} needs a positive denominator`);
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
};
