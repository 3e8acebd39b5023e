export type { Currency } from './currency';
export { currencyExponent, isCurrency, UnknownCurrency } from './currency';
export type { Money } from './money';
export {
  add,
  compareMoney,
  CurrencyMismatch,
  equalMoney,
  formatMoney,
  isZero,
  money,
  negate,
  subtract,
  sum,
} from './money';
export type { Decimal } from './decimal';
export {
  decimalFromJsonNumber,
  decimalFromString,
  decimalToRational,
  decimalToString,
  InvalidDecimal,
  trimDecimal,
} from './decimal';
export type { Rational } from './rational';
export {
  addRational,
  compareRational,
  divideRational,
  multiplyRational,
  powerOfTen,
  rational,
  rationalFromDecimal,
  rationalToText,
  subtractRational,
  sumRationals,
  zeroRational,
} from './rational';
export type { RoundingMode } from './rounding';
export { roundQuotient, toMinor } from './rounding';
export { allocate, InvalidWeights } from './allocation';
export type { Whole } from './whole';
export { addWhole, divideWhole, multiplyWhole, subtractWhole, wholeOf } from './whole';
