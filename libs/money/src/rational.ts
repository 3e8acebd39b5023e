import type { Decimal } from './decimal';
import { decimalToString } from './decimal';
import type { Whole } from './whole';
import {
  addWhole,
  divideEvenly,
  greatestCommonDivisor,
  isMultiple,
  multiplyWhole,
  negateWhole,
  subtractWhole,
  wholeOf,
} from './whole';

/** An exact fraction in lowest terms with a positive denominator. */
export type Rational = Readonly<{ numerator: Whole; denominator: Whole }>;

export const zeroRational: Rational = { numerator: 0, denominator: 1 };

/** numerator / denominator in lowest terms. Throws RangeError for a denominator of zero. */
export const rational = (numerator: Whole, denominator: Whole): Rational =>
  reduced(wholeOf(numerator), wholeOf(denominator));

const reduced = (numerator: Whole, denominator: Whole): Rational => {
  if (denominator === 1) return { numerator, denominator };
  if (denominator === 0) throw new RangeError(`division of ${numerator} by zero`);
  const size = denominator < 0 ? negateWhole(denominator) : denominator;
  const divisor = greatestCommonDivisor(numerator < 0 ? negateWhole(numerator) : numerator, size);
  return {
    numerator: divideEvenly(denominator < 0 ? negateWhole(numerator) : numerator, divisor),
    denominator: divideEvenly(size, divisor),
  };
};

const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** 10 to the power of a whole exponent >= 0. */
export const powerOfTen = (exponent: number): Whole =>
  powersOfTen[exponent] ?? wholeOf(10n ** BigInt(exponent));

export const rationalFromDecimal = ({ unscaled, scale }: Decimal): Rational =>
  reduced(wholeOf(unscaled), powerOfTen(scale));

export const addRational = (left: Rational, right: Rational): Rational =>
  left.denominator === right.denominator
    ? reduced(addWhole(left.numerator, right.numerator), left.denominator)
    : reduced(
        addWhole(
          multiplyWhole(left.numerator, right.denominator),
          multiplyWhole(right.numerator, left.denominator),
        ),
        multiplyWhole(left.denominator, right.denominator),
      );

/** The sum of many, brought to lowest terms once at its end. */
export const sumRationals = (values: Iterable<Rational>): Rational => {
  let numerator: Whole = 0;
  let denominator: Whole = 1;
  for (const value of values) {
    if (value.denominator !== denominator) {
      const widened = widenedBy(denominator, value.denominator);
      numerator = multiplyWhole(numerator, widened);
      denominator = multiplyWhole(denominator, widened);
    }
    const share = divideEvenly(denominator, value.denominator);
    numerator = addWhole(numerator, multiplyWhole(value.numerator, share));
  }
  return reduced(numerator, denominator);
};

// What a denominator lacks of being a multiple of another.
const widenedBy = (denominator: Whole, other: Whole): Whole =>
  isMultiple(denominator, other)
    ? 1
    : divideEvenly(other, greatestCommonDivisor(denominator, other));

export const subtractRational = (left: Rational, right: Rational): Rational =>
  left.denominator === right.denominator
    ? reduced(subtractWhole(left.numerator, right.numerator), left.denominator)
    : addRational(left, {
        numerator: negateWhole(right.numerator),
        denominator: right.denominator,
      });

export const multiplyRational = (left: Rational, right: Rational): Rational =>
  reduced(
    multiplyWhole(left.numerator, right.numerator),
    multiplyWhole(left.denominator, right.denominator),
  );

/** Throws RangeError when dividing by zero. */
export const divideRational = (left: Rational, right: Rational): Rational =>
  reduced(
    multiplyWhole(left.numerator, right.denominator),
    multiplyWhole(left.denominator, right.numerator),
  );

/** -1, 0 or 1. */
export const compareRational = (left: Rational, right: Rational): -1 | 0 | 1 => {
  const [one, other] =
    left.denominator === right.denominator
      ? [left.numerator, right.numerator]
      : [
          multiplyWhole(left.numerator, right.denominator),
          multiplyWhole(right.numerator, left.denominator),
        ];
  if (one === other) return 0;
  return one < other ? -1 : 1;
};

/** Plain decimal digits when the fraction terminates ('0.125'), else 'n/d' ('1/3'). Exact. */
export const rationalToText = ({ numerator, denominator }: Rational): string => {
  if (denominator === 1) return String(numerator);
  const scale = scaleOf(denominator);
  if (scale === undefined) return `${numerator}/${denominator}`;
  const tenths = divideEvenly(powerOfTen(scale), denominator);
  return decimalToString({ unscaled: multiplyWhole(numerator, tenths), scale });
};

// The least power of ten that a denominator divides, if there is one.
const scaleOf = (denominator: Whole): number | undefined => {
  let rest = denominator;
  let twos = 0;
  let fives = 0;
  for (; isMultiple(rest, 2); rest = divideEvenly(rest, 2)) twos += 1;
  for (; isMultiple(rest, 5); rest = divideEvenly(rest, 5)) fives += 1;
  return rest === 1 ? Math.max(twos, fives) : undefined;
};
