/**
 * A whole number of any size: a number while a double holds it exactly, a bigint beyond. A value
 * has one form, so equal values are `===`. Doubles are several times faster than bigint, and every
 * operation checks its own result: a sum or product that leaves the exact range is redone as
 * bigint, nothing is ever rounded.
 */
export type Whole = number | bigint;

const most = Number.MAX_SAFE_INTEGER;

// True for no other results of whole arithmetic: what is too large for a double stays too large.
const isExact = (value: number): boolean => value <= most && value >= -most;

/** The one form of a whole number. Throws RangeError for a number that is none. */
export const wholeOf = (value: Whole): Whole => {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value + 0;
    throw new RangeError(`${value} is not a whole number that a double holds exactly`);
  }
  const small = Number(value);
  return isExact(small) ? small : value;
};

export const addWhole = (left: Whole, right: Whole): Whole => {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (isExact(sum)) return sum;
  }
  return wholeOf(BigInt(left) + BigInt(right));
};

export const subtractWhole = (left: Whole, right: Whole): Whole => {
  if (typeof left === 'number' && typeof right === 'number') {
    const difference = left - right;
    if (isExact(difference)) return difference;
  }
  return wholeOf(BigInt(left) - BigInt(right));
};

export const multiplyWhole = (left: Whole, right: Whole): Whole => {
  if (typeof left === 'number' && typeof right === 'number') {
    const product = left * right;
    // Plus zero: there is no -0 among whole numbers.
    if (isExact(product)) return product + 0;
  }
  return wholeOf(BigInt(left) * BigInt(right));
};

/** left / right without its fraction, for left >= 0 and right > 0. */
export const divideWhole = (left: Whole, right: Whole): Whole =>
  typeof left === 'number' && typeof right === 'number'
    ? (left - remainder(left, right)) / right
    : wholeOf(BigInt(left) / BigInt(right));

/** left / right where right divides left. */
export const divideEvenly = (left: Whole, right: Whole): Whole =>
  typeof left === 'number' && typeof right === 'number'
    ? left / right + 0
    : wholeOf(BigInt(left) / BigInt(right));

/** Whether right > 0 divides left >= 0. */
export const isMultiple = (left: Whole, right: Whole): boolean =>
  typeof left === 'number' && typeof right === 'number'
    ? remainder(left, right) === 0
    : BigInt(left) % BigInt(right) === 0n;

export const negateWhole = (value: Whole): Whole =>
  typeof value === 'number' ? 0 - value : -value;

/** Of two numbers >= 0, not both zero. */
export const greatestCommonDivisor = (left: Whole, right: Whole): Whole => {
  let [a, b] = [left, right];
  while (typeof a === 'bigint' || typeof b === 'bigint') {
    if (b === 0) return a;
    [a, b] = [b, wholeOf(BigInt(a) % BigInt(b))];
  }
  let divisor: number = a;
  let rest: number = b;
  while (rest !== 0) {
    const next = remainder(divisor, rest);
    divisor = rest;
    rest = next;
  }
  return divisor;
};

// The operator % on doubles takes several times longer. The quotient of two exact doubles is
// rounded up to the next whole number at most, and then its product is right >= left - 1: exact.
const remainder = (left: number, right: number): number => {
  const rest = left - Math.floor(left / right) * right;
  return rest < 0 ? rest + right : rest;
};
