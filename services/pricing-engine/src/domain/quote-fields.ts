import type { Decimal } from '@tallywatt/money';
import {
  decimalFromJsonNumber,
  decimalFromString,
  InvalidDecimal,
  trimDecimal,
} from '@tallywatt/money';
import { fault, warn, type Findings, type JsonObject } from '@tallywatt/tariffs';
import { InvalidInstant, parseInstant } from '@tallywatt/time';

// How the fields of a quote are read: the fault, with its path, or the exact value.

/** Years beyond these are broken clocks, and time zones have nothing to say about them. */
const latestMs = parseInstant('3000-01-01T00:00:00Z');

/**
 * An instant as epoch milliseconds, or undefined after a fault. OCPI's DateTime may leave the Z
 * out; elsewhere a text without an offset names no instant.
 */
export const instantAt = (
  value: unknown,
  path: string,
  findings: Findings,
  withoutOffset: 'is-utc' | 'is-refused' = 'is-refused',
): number | undefined => {
  if (typeof value !== 'string') {
    return fault(findings, path, `expected an instant as text, found ${found(value)}`);
  }
  const isUtc = withoutOffset === 'is-utc' && !/(?:[Zz]|[+-]\d\d:\d\d)$/.test(value);
  try {
    const atMs = parseInstant(isUtc ? `${value}Z` : value);
    if (atMs >= 0 && atMs < latestMs) return atMs;
    return fault(findings, path, `expected a year from 1970 to 2999, found ${found(value)}`);
  } catch (error) {
    if (error instanceof InvalidInstant) return fault(findings, path, error.message);
    throw error;
  }
};

/** A decimal of 0 or more, written as a JSON number or as a text, or undefined after a fault. */
export const decimalAt = (
  value: unknown,
  path: string,
  findings: Findings,
): Decimal | undefined => {
  const expected = `expected a number of 0 or more, found ${found(value)}`;
  try {
    const decimal =
      typeof value === 'number'
        ? decimalFromJsonNumber(value)
        : typeof value === 'string'
          ? decimalFromString(value)
          : undefined;
    if (decimal === undefined || decimal.unscaled < 0n) return fault(findings, path, expected);
    return trimDecimal(decimal);
  } catch (error) {
    if (error instanceof InvalidDecimal) return fault(findings, path, expected);
    throw error;
  }
};

/** A percentage from 0 to 100, or undefined after a fault. */
export const percentAt = (
  value: unknown,
  path: string,
  findings: Findings,
): Decimal | undefined => {
  const percent = decimalAt(value, path, findings);
  if (percent !== undefined && percent.unscaled > 100n * 10n ** BigInt(percent.scale)) {
    return fault(findings, path, `expected a percentage up to 100, found ${found(value)}`);
  }
  return percent;
};

const register = /^(\d{1,24})(?:\.(\d{1,3})0*)?$/;

/** A register in milli-Wh, written as an integer or a decimal text of Wh. */
export const registerAt = (
  value: unknown,
  path: string,
  findings: Findings,
): bigint | undefined => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    return BigInt(value) * 1000n;
  }
  const match = typeof value === 'string' ? register.exec(value) : null;
  if (match === null) {
    const expected = 'an integer or a decimal text of Wh, 0 or more and to the mWh';
    return fault(findings, path, `expected ${expected}, found ${found(value)}`);
  }
  const [, whole = '', fraction = ''] = match;
  return BigInt(whole + fraction.padEnd(3, '0'));
};

/** A value at a finer unit, cut off: whole thresholds are compared with it as with the value. */
export const wholeUnits = ({ unscaled, scale }: Decimal, decimals: number): bigint =>
  scale <= decimals
    ? unscaled * 10n ** BigInt(decimals - scale)
    : unscaled / 10n ** BigInt(scale - decimals);

/** Warns of each field that nobody reads. */
export const warnOfUnread = (
  json: JsonObject,
  path: string,
  read: readonly string[],
  findings: Findings,
): void => {
  for (const name of Object.keys(json)) {
    if (!read.includes(name)) warn(findings, `${path}.${name.slice(0, 60)}`, 'is not read');
  }
};

/** What `read` makes of an optional value; null says as little as nothing. */
export const optional = <Value>(
  value: unknown,
  read: (given: unknown) => Value | undefined,
): Value | undefined => (value === undefined || value === null ? undefined : read(value));

/** A value as a fault shows it. */
export const found = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'null';
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : `an ${typeof value}`;
};
