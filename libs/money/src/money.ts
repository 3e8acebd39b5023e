import type { Currency } from './currency';
import { currencyExponent } from './currency';
import { decimalToString } from './decimal';

/** An amount in minor units of one currency: 12.30 EUR is 1230. */
export type Money = Readonly<{ amountMinor: bigint; currency: Currency }>;

/** Two currencies met where one was expected. Nothing converts silently. */
export class CurrencyMismatch extends Error {
  readonly code = 'currency-mismatch';

  constructor(
    readonly expected: Currency,
    readonly found: Currency,
  ) {
    super(`expected an amount in ${expected}, found one in ${found}`);
    this.name = 'CurrencyMismatch';
  }
}

/** Money of a known currency. Throws UnknownCurrency. */
export const money = (amountMinor: bigint, currency: Currency): Money => {
  currencyExponent(currency);
  return { amountMinor, currency };
};

export const add = (left: Money, right: Money): Money => {
  assertSameCurrency(left.currency, right.currency);
  return { amountMinor: left.amountMinor + right.amountMinor, currency: left.currency };
};

export const subtract = (left: Money, right: Money): Money => add(left, negate(right));

export const negate = (value: Money): Money => ({
  amountMinor: -value.amountMinor,
  currency: value.currency,
});

/** -1, 0 or 1. Throws CurrencyMismatch. */
export const compareMoney = (left: Money, right: Money): -1 | 0 | 1 => {
  assertSameCurrency(left.currency, right.currency);
  if (left.amountMinor === right.amountMinor) return 0;
  return left.amountMinor < right.amountMinor ? -1 : 1;
};

/** Same amount of the same currency. Never throws: other currencies are simply not equal. */
export const equalMoney = (left: Money, right: Money): boolean =>
  left.currency === right.currency && left.amountMinor === right.amountMinor;

export const isZero = (value: Money): boolean => value.amountMinor === 0n;

/** The total of a list that may be empty, hence the currency. Throws CurrencyMismatch. */
export const sum = (currency: Currency, list: Iterable<Money>): Money => {
  let total = money(0n, currency);
  for (const part of list) total = add(total, part);
  return total;
};

/** For people: `12.30 EUR`, `-0.05 EUR`, `500 JPY`. */
export const formatMoney = (value: Money): string =>
  `${decimalToString({
    unscaled: value.amountMinor,
    scale: currencyExponent(value.currency),
  })} ${value.currency}`;

const assertSameCurrency = (expected: Currency, found: Currency): void => {
  if (expected !== found) throw new CurrencyMismatch(expected, found);
};
