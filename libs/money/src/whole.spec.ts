import fc from 'fast-check';
import { addWhole, divideWhole, multiplyWhole, powerOfTen, subtractWhole, wholeOf } from './index';
import { divideEvenly, greatestCommonDivisor, isMultiple, negateWhole } from './whole';

// Small ones, ones around the edge of what a double holds, and ones far beyond.
const edge = 2n ** 53n;
const any = fc.oneof(
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc.bigInt({ min: edge - 9n, max: edge + 9n }),
  fc.bigInt({ min: -edge - 9n, max: -edge + 9n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
  fc.bigInt({ min: 0n, max: 2n ** 27n }),
);
const positive = any.map((value) => (value < 0n ? -value : value) + 1n);
const pair = fc.tuple(any, any);

describe('whole numbers', () => {
  it('have one form: a number while a double holds them exactly', () => {
    expect(wholeOf(edge - 1n)).toBe(Number.MAX_SAFE_INTEGER);
    expect(wholeOf(edge)).toBe(edge);
    expect(wholeOf(1n - edge)).toBe(-Number.MAX_SAFE_INTEGER);
    expect(wholeOf(-edge)).toBe(-edge);
    expect(wholeOf(-0)).toBe(0);
  });

  it.each([0.5, NaN, Infinity, 2 ** 53, -(2 ** 53)])('are not %d', (value) =>
    expect(() => wholeOf(value)).toThrow('is not a whole number'),
  );

  it('add, subtract, multiply and negate as bigint does', () =>
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [left, right] = [wholeOf(a), wholeOf(b)];
        expect(addWhole(left, right)).toBe(wholeOf(a + b));
        expect(subtractWhole(left, right)).toBe(wholeOf(a - b));
        expect(multiplyWhole(left, right)).toBe(wholeOf(a * b));
        expect(negateWhole(left)).toBe(wholeOf(-a));
        expect(left < right).toBe(a < b);
      }),
      { numRuns: 2000 },
    ));

  it('divide as bigint does', () =>
    fc.assert(
      fc.property(positive, positive, (a, b) => {
        const [left, right] = [wholeOf(a - 1n), wholeOf(b)];
        expect(divideWhole(left, right)).toBe(wholeOf((a - 1n) / b));
        expect(isMultiple(left, right)).toBe((a - 1n) % b === 0n);
        expect(divideEvenly(wholeOf(a * b), right)).toBe(wholeOf(a));
        expect(divideEvenly(wholeOf(-a * b), right)).toBe(wholeOf(-a));
      }),
      { numRuns: 2000 },
    ));

  it('have a greatest common divisor that divides both and leaves nothing in common', () =>
    fc.assert(
      fc.property(positive, positive, positive, (a, b, factor) => {
        const [left, right] = [wholeOf(a * factor), wholeOf(b * factor)];
        const divisor = greatestCommonDivisor(left, right);
        expect(BigInt(divisor) % factor).toBe(0n);
        expect(isMultiple(left, divisor) && isMultiple(right, divisor)).toBe(true);
        expect(
          greatestCommonDivisor(divideEvenly(left, divisor), divideEvenly(right, divisor)),
        ).toBe(1);
      }),
    ));

  it('know the powers of ten', () => {
    for (let exponent = 0; exponent < 40; exponent += 1) {
      expect(powerOfTen(exponent)).toBe(wholeOf(10n ** BigInt(exponent)));
    }
  });
});
