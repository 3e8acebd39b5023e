import type { Currency } from './currency';
import { currencyExponent } from './currency';
import type { Rational } from './rational';
import { powerOfTen } from './rational';
import type { Whole } from './whole';
import { addWhole, divideWhole, multiplyWhole, negateWhole, wholeOf } from './whole';

/** Named at every call: nothing rounds by default. */
export type RoundingMode = 'half-away-from-zero';

/**
 * Major units to whole minor units: 1.005 EUR is 101, -1.005 EUR is -101, so that a credit is the
 * exact negative of what it credits. Throws UnknownCurrency.
 */
export const toMinor = (majorUnits: Rational, currency: Currency, mode: RoundingMode): bigint =>
  roundQuotient(
    multiplyWhole(majorUnits.numerator, powerOfTen(currencyExponent(currency))),
    majorUnits.denominator,
    mode,
  );

/** numerator / denominator (denominator > 0) to the nearest whole number. */
export const roundQuotient = (numerator: Whole, denominator: Whole, mode: RoundingMode): bigint => {
  if (denominator <= 0) throw new RangeError(`${mode} needs a positive denominator`);
  const value = wholeOf(numerator);
  const below = wholeOf(denominator);
  const magnitude = value < 0 ? negateWhole(value) : value;
  const rounded = divideWhole(
    addWhole(multiplyWhole(2, magnitude), below),
    multiplyWhole(2, below),
  );
  return BigInt(value < 0 ? negateWhole(rounded) : rounded);
};
