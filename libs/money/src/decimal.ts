import type { Rational } from './rational';
import { powerOfTen, rational } from './rational';
import type { Whole } from './whole';

/** The exact value unscaled * 10^-scale, with scale >= 0: 0.25 is { unscaled: 25n, scale: 2 }. */
export type Decimal = Readonly<{ unscaled: bigint; scale: number }>;

/** A text or number that does not say one exact decimal. */
export class InvalidDecimal extends Error {
  readonly code = 'invalid-decimal';

  constructor(
    readonly found: string,
    why: string,
  ) {
    super(`${JSON.stringify(found)} is not a decimal: ${why}`);
    this.name = 'InvalidDecimal';
  }
}

/** Larger exponents are typing errors, not prices; they would make arithmetic unbounded. */
const maxDigits = 30;

const plain = /^-?\d+(?:\.\d+)?$/;

/** Exact, as written: '0.250' keeps its scale of 3. Throws InvalidDecimal. */
export const decimalFromString = (text: string): Decimal => {
  if (!plain.test(text)) throw new InvalidDecimal(text.slice(0, 60), 'expected digits like 0.25');
  const point = text.indexOf('.');
  const scale = point < 0 ? 0 : text.length - point - 1;
  if (text.length > maxDigits + 2) throw new InvalidDecimal(text.slice(0, 60), 'too many digits');
  return {
    unscaled: BigInt(point < 0 ? text : text.slice(0, point) + text.slice(point + 1)),
    scale,
  };
};

/**
 * The decimal a JSON author wrote: the shortest text that reads back as the same double, so 0.1 is
 * exactly one tenth. Throws InvalidDecimal for NaN, infinities, exponents no price has, and
 * integers a double cannot hold exactly.
 */
export const decimalFromJsonNumber = (value: number): Decimal => {
  const text = String(value);
  if (!Number.isFinite(value)) throw new InvalidDecimal(text, 'not a finite number');
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new InvalidDecimal(text, 'beyond what a JSON number holds exactly');
  }
  const [digits = '', exponent] = text.split('e');
  const mantissa = decimalFromString(digits);
  if (exponent === undefined) return mantissa;
  // Only negative exponents are left: numbers below 1e21 print without a positive one.
  const scale = mantissa.scale - Number(exponent);
  if (scale > maxDigits) throw new InvalidDecimal(text, 'exponent too small');
  return { unscaled: mantissa.unscaled, scale };
};

/** Plain digits with exactly `scale` of them after the point. */
export const decimalToString = ({
  unscaled,
  scale,
}: Readonly<{ unscaled: Whole; scale: number }>): string => {
  const text = String(unscaled);
  if (scale === 0) return text;
  const sign = unscaled < 0 ? '-' : '';
  const digits = (unscaled < 0 ? text.slice(1) : text).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
};

export const decimalToRational = ({ unscaled, scale }: Decimal): Rational =>
  rational(unscaled, powerOfTen(scale));

/** The same value without trailing zeros: 10.00 becomes 10, so equal decimals look equal. */
export const trimDecimal = (value: Decimal): Decimal => {
  if (value.scale === 0) return value;
  let { unscaled, scale } = value;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale -= 1;
  }
  return { unscaled, scale };
};
