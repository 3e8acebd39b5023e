import type { Decimal } from './decimal';
import { decimalToString } from './decimal';

/** An exact fraction in lowest terms with a positive denominator. */
export type Rational = Readonly<{ numerator: bigint; denominator: bigint }>;

export const zeroRational: Rational = { numerator: 0n, denominator: 1n };

/** numerator / denominator in lowest terms. Throws RangeError for a denominator of zero. */
export const rational = (numerator: bigint, denominator: bigint): Rational => {
  if (denominator === 1n) return { numerator, denominator };
  if (denominator === 0n) throw new RangeError(`division of ${numerator} by zero`);
  const divisor = greatestCommonDivisor(numerator, denominator);
  const signed = denominator < 0n ? -divisor : divisor;
  return { numerator: numerator / signed, denominator: denominator / signed };
};

export const rationalFromDecimal = ({ unscaled, scale }: Decimal): Rational =>
  rational(unscaled, 10n ** BigInt(scale));

export const addRational = (left: Rational, right: Rational): Rational =>
  left.denominator === right.denominator
    ? rational(left.numerator + right.numerator, left.denominator)
    : rational(
        left.numerator * right.denominator + right.numerator * left.denominator,
        left.denominator * right.denominator,
      );

export const subtractRational = (left: Rational, right: Rational): Rational =>
  addRational(left, { numerator: -right.numerator, denominator: right.denominator });

export const multiplyRational = (left: Rational, right: Rational): Rational =>
  rational(left.numerator * right.numerator, left.denominator * right.denominator);

/** Throws RangeError when dividing by zero. */
export const divideRational = (left: Rational, right: Rational): Rational =>
  rational(left.numerator * right.denominator, left.denominator * right.numerator);

/** -1, 0 or 1. */
export const compareRational = (left: Rational, right: Rational): -1 | 0 | 1 => {
  const difference = left.numerator * right.denominator - right.numerator * left.denominator;
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
};

/** Plain decimal digits when the fraction terminates ('0.125'), else 'n/d' ('1/3'). Exact. */
export const rationalToText = (value: Rational): string => {
  if (value.denominator === 1n) return value.numerator.toString();
  let rest = value.denominator;
  let twos = 0;
  let fives = 0;
  for (; (rest & 1n) === 0n; rest >>= 1n) twos += 1;
  for (; rest % 5n === 0n; rest /= 5n) fives += 1;
  if (rest !== 1n) return `${value.numerator}/${value.denominator}`;
  const scale = Math.max(twos, fives);
  const unscaled = (value.numerator * 10n ** BigInt(scale)) / value.denominator;
  return decimalToString({ unscaled, scale });
};

const safe = BigInt(Number.MAX_SAFE_INTEGER);

const greatestCommonDivisor = (left: bigint, right: bigint): bigint => {
  let a = left < 0n ? -left : left;
  let b = right < 0n ? -right : right;
  while (b > safe || a > safe) {
    if (b === 0n) return a;
    [a, b] = [b, a % b];
  }
  // Whole numbers a double holds exactly are several times faster than bigint.
  let small = Number(a);
  let rest = Number(b);
  while (rest !== 0) {
    const next = small % rest;
    small = rest;
    rest = next;
  }
  return BigInt(small);
};
