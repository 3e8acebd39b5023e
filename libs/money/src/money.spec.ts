import {
  add,
  compareMoney,
  equalMoney,
  formatMoney,
  isZero,
  money,
  negate,
  subtract,
  sum,
} from './index';
import { currencyExponent, isCurrency } from './index';

const eur = (amountMinor: bigint) => money(amountMinor, 'EUR');

describe('money', () => {
  it('adds and subtracts within one currency', () => {
    expect(add(eur(1230n), eur(-30n))).toEqual(eur(1200n));
    expect(subtract(eur(5n), eur(7n))).toEqual(eur(-2n));
    expect(negate(eur(5n))).toEqual(eur(-5n));
  });

  it('refuses to mix currencies', () => {
    const yen = money(5n, 'JPY');
    expect(() => add(eur(5n), yen)).toThrow('expected an amount in EUR, found one in JPY');
    expect(() => subtract(eur(5n), yen)).toThrow('JPY');
    expect(() => compareMoney(eur(5n), yen)).toThrow('JPY');
    expect(() => sum('EUR', [eur(1n), yen])).toThrow('JPY');
    expect(equalMoney(eur(5n), yen)).toBe(false);
  });

  it('compares', () => {
    expect(compareMoney(eur(1n), eur(2n))).toBe(-1);
    expect(compareMoney(eur(2n), eur(2n))).toBe(0);
    expect(compareMoney(eur(3n), eur(2n))).toBe(1);
    expect(equalMoney(eur(2n), eur(2n))).toBe(true);
    expect(isZero(eur(0n))).toBe(true);
  });

  it('sums an empty list to zero of the named currency', () =>
    expect(sum('EUR', [])).toEqual(eur(0n)));

  it('prints as many decimals as the currency has', () => {
    expect(formatMoney(eur(1230n))).toBe('12.30 EUR');
    expect(formatMoney(eur(-5n))).toBe('-0.05 EUR');
    expect(formatMoney(money(500n, 'JPY'))).toBe('500 JPY');
    expect(formatMoney(money(1234n, 'KWD'))).toBe('1.234 KWD');
  });
});

describe('the currency table', () => {
  it.each([
    ['JPY', 0],
    ['EUR', 2],
    ['KWD', 3],
  ])('%s has %d decimals', (currency, exponent) =>
    expect(currencyExponent(currency)).toBe(exponent),
  );

  it('knows no lower case, no made-up and no four-decimal codes', () => {
    for (const code of ['eur', 'XXX', '', 'CLF', 'toString']) expect(isCurrency(code)).toBe(false);
    expect(() => money(1n, 'eur')).toThrow('currency "eur" is not in the pinned ISO 4217 table');
  });
});
