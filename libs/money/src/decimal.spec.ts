import fc from 'fast-check';
import {
  decimalFromJsonNumber,
  decimalFromString,
  decimalToRational,
  decimalToString,
  rational,
  trimDecimal,
} from './index';

describe('decimals from text', () => {
  it('keep what was written', () => {
    expect(decimalFromString('0.250')).toEqual({ unscaled: 250n, scale: 3 });
    expect(decimalFromString('-12')).toEqual({ unscaled: -12n, scale: 0 });
    expect(decimalToRational(decimalFromString('0.250'))).toEqual(rational(1n, 4n));
  });

  it.each(['', '.5', '5.', '1e3', '+1', ' 1', '0x10', '1,5', '1'.repeat(40)])('refuse %j', (text) =>
    expect(() => decimalFromString(text)).toThrow('is not a decimal'),
  );

  it('lose only trailing zeros when trimmed', () => {
    expect(trimDecimal(decimalFromString('10.200'))).toEqual(decimalFromString('10.2'));
    expect(trimDecimal(decimalFromString('100'))).toEqual(decimalFromString('100'));
    expect(trimDecimal(decimalFromString('0.00'))).toEqual(decimalFromString('0'));
  });

  it('print back to the same text', () =>
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.nat(8),
        (unscaled, scale) => {
          const decimal = { unscaled, scale };
          expect(decimalFromString(decimalToString(decimal))).toEqual(decimal);
        },
      ),
    ));
});

describe('decimals from JSON numbers', () => {
  it('are what the author wrote, not the double behind it', () => {
    expect(decimalFromJsonNumber(0.1)).toEqual({ unscaled: 1n, scale: 1 });
    expect(decimalFromJsonNumber(5.2)).toEqual({ unscaled: 52n, scale: 1 });
    expect(decimalFromJsonNumber(2)).toEqual({ unscaled: 2n, scale: 0 });
  });

  it('read small exponents', () =>
    expect(decimalFromJsonNumber(1.5e-7)).toEqual({ unscaled: 15n, scale: 8 }));

  it.each([NaN, Infinity, -Infinity, 1e21, 2 ** 53, 1e-300])('refuse %d', (value) =>
    expect(() => decimalFromJsonNumber(value)).toThrow('is not a decimal'),
  );
});
