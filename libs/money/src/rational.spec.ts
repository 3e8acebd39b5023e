import fc from 'fast-check';
import {
  addRational,
  allocate,
  compareRational,
  divideRational,
  multiplyRational,
  rational,
  rationalFromDecimal,
  rationalToText,
  roundQuotient,
  subtractRational,
  sumRationals,
  toMinor,
} from './index';

const whole = fc.bigInt({ min: -1_000_000n, max: 1_000_000n });
const fraction = fc
  .tuple(whole, fc.bigInt({ min: 1n, max: 1_000_000n }))
  .map(([numerator, denominator]) => rational(numerator, denominator));

describe('rationals', () => {
  it('are kept in lowest terms with a positive denominator', () => {
    expect(rational(6n, -4n)).toEqual({ numerator: -3, denominator: 2 });
    expect(rational(0n, -7n)).toEqual({ numerator: 0, denominator: 1 });
    expect(() => rational(1n, 0n)).toThrow('by zero');
  });

  it('obey the field laws', () =>
    fc.assert(
      fc.property(fraction, fraction, fraction, (a, b, c) => {
        expect(subtractRational(addRational(a, b), b)).toEqual(a);
        expect(multiplyRational(a, addRational(b, c))).toEqual(
          addRational(multiplyRational(a, b), multiplyRational(a, c)),
        );
        if (b.numerator !== 0) expect(multiplyRational(divideRational(a, b), b)).toEqual(a);
        expect(compareRational(a, b)).toBe(-compareRational(b, a) + 0);
      }),
    ));

  it('sum to the same in one step as one by one', () =>
    fc.assert(
      fc.property(fc.array(fraction), (values) =>
        expect(sumRationals(values)).toEqual(values.reduce(addRational, rational(0, 1))),
      ),
    ));

  it('are the same beyond what a double holds', () =>
    fc.assert(
      fc.property(fraction, fraction, fc.bigInt({ min: 1n, max: 10n ** 30n }), (a, b, factor) => {
        const large = multiplyRational(a, rational(factor, 1));
        const sum = addRational(large, multiplyRational(b, rational(factor, 1)));
        expect(divideRational(sum, rational(factor, 1))).toEqual(addRational(a, b));
        expect(compareRational(divideRational(large, rational(factor, 1)), a)).toBe(0);
      }),
    ));

  it('print exactly', () => {
    expect(rationalToText(rational(1n, 8n))).toBe('0.125');
    expect(rationalToText(rational(-41n, 8n))).toBe('-5.125');
    expect(rationalToText(rational(10n, 3n))).toBe('10/3');
    expect(rationalToText(rational(20n, 1n))).toBe('20');
    expect(rationalToText(rational(1n, 10n ** 20n))).toBe('0.00000000000000000001');
    expect(rationalToText(rational(-1, 60))).toBe('-1/60');
    expect(rationalToText(rationalFromDecimal({ unscaled: 2500n, scale: 3 }))).toBe('2.5');
  });
});

describe('rounding to minor units', () => {
  it.each([
    [1005n, 1000n, 'EUR', 101n],
    [-1005n, 1000n, 'EUR', -101n],
    [10049n, 10000n, 'EUR', 100n],
    [1n, 2n, 'JPY', 1n],
    [12345n, 10000n, 'KWD', 1235n],
  ])('%d/%d %s is %d', (numerator, denominator, currency, minor) =>
    expect(toMinor(rational(numerator, denominator), currency, 'half-away-from-zero')).toBe(minor),
  );

  it('mirrors at zero and never moves more than half a unit', () =>
    fc.assert(
      fc.property(whole, fc.bigInt({ min: 1n, max: 9_999n }), (numerator, denominator) => {
        const rounded = roundQuotient(numerator, denominator, 'half-away-from-zero');
        expect(roundQuotient(-numerator, denominator, 'half-away-from-zero')).toBe(-rounded);
        const error = 2n * (rounded * denominator - numerator);
        expect(error <= denominator && error >= -denominator).toBe(true);
      }),
    ));
});

describe('allocation', () => {
  it('gives the left-over unit to the largest remainder, ties to the earlier part', () => {
    expect(allocate(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    expect(allocate(-100n, [1n, 1n, 1n])).toEqual([-34n, -33n, -33n]);
    expect(allocate(5n, [3n, 0n, 7n])).toEqual([2n, 0n, 3n]);
    expect(allocate(10n, [26n, 74n])).toEqual([3n, 7n]);
  });

  it('refuses weights that cannot share', () => {
    expect(() => allocate(1n, [])).toThrow('sum to zero');
    expect(() => allocate(1n, [0n])).toThrow('sum to zero');
    expect(() => allocate(1n, [2n, -1n])).toThrow('negative');
  });

  it('returns parts that sum to the whole, each within one unit of its share', () =>
    fc.assert(
      fc.property(
        whole,
        fc.array(fc.bigInt({ min: 0n, max: 1000n }), { minLength: 1 }),
        (total, weights) => {
          const weightSum = weights.reduce((sum, weight) => sum + weight, 0n);
          fc.pre(weightSum > 0n);
          const parts = allocate(total, weights);
          expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(total);
          parts.forEach((part, index) => {
            const error = part * weightSum - total * (weights[index] ?? 0n);
            expect(error < weightSum && error > -weightSum).toBe(true);
          });
        },
      ),
    ));
});
