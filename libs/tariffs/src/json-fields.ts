import type { Decimal } from '@tallywatt/money';
import { decimalFromJsonNumber, InvalidDecimal } from '@tallywatt/money';

/** What is wrong with a document, and where: `$.elements[0].price_components[1].price`. */
export type TariffFault = Readonly<{ path: string; message: string }>;

/** Collects every fault of a document instead of stopping at the first. */
export type Findings = { readonly faults: TariffFault[]; readonly warnings: TariffFault[] };

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object, or undefined after a fault. */
export const objectAt = (
  value: unknown,
  path: string,
  findings: Findings,
): JsonObject | undefined => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  return fault(findings, path, `expected an object, found ${nameOf(value)}`);
};

/** The value as a list, or undefined after a fault. */
export const listAt = (
  value: unknown,
  path: string,
  findings: Findings,
): readonly unknown[] | undefined =>
  Array.isArray(value) ? value : fault(findings, path, `expected a list, found ${nameOf(value)}`);

/** The value as a text of at most `maxLength` characters, or undefined after a fault. */
export const textAt = (
  value: unknown,
  path: string,
  findings: Findings,
  maxLength: number,
): string | undefined => {
  if (typeof value !== 'string') {
    return fault(findings, path, `expected a text, found ${nameOf(value)}`);
  }
  if (value.length === 0 || value.length > maxLength) {
    return fault(findings, path, `expected 1 to ${maxLength} characters, found ${value.length}`);
  }
  return value;
};

/**
 * Texts that cannot be kept: PostgreSQL's JSON has no NUL, and a surrogate alone is no character.
 * For what is handed in; what is stored already is read as it is.
 */
export const unstorableTexts = (value: unknown, path = '$'): TariffFault[] => {
  if (typeof value === 'string') return isStorable(value) ? [] : [unstorable(path)];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => unstorableTexts(item, `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    isStorable(name) ? unstorableTexts(field, `${path}.${name}`) : [unstorable(path)],
  );
};

const isStorable = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text);

const unstorable = (path: string): TariffFault => ({
  path,
  message: 'has a NUL or half a surrogate pair, which cannot be stored',
});

/** What `parse` makes of a value that is there; null says as little as nothing. */
export const whenGiven = <Value>(
  value: unknown,
  parse: (given: unknown) => Value | undefined,
): Value | undefined => (value === undefined || value === null ? undefined : parse(value));

/** One of a closed list of words, or undefined after a fault. */
export const wordAt = <Word extends string>(
  value: unknown,
  path: string,
  findings: Findings,
  words: readonly Word[],
): Word | undefined =>
  words.find((word) => word === value) ??
  fault(findings, path, `expected one of ${words.join(', ')}, found ${nameOf(value)}`);

/** A text of a form such as HH:MM, or undefined after a fault. */
export const patternAt = (
  value: unknown,
  path: string,
  findings: Findings,
  pattern: RegExp,
  form: string,
): string | undefined =>
  typeof value === 'string' && pattern.test(value)
    ? value
    : fault(findings, path, `expected ${form}, found ${nameOf(value)}`);

/** A number of 0 or more as the decimal its author wrote, or undefined after a fault. */
export const decimalAt = (
  value: unknown,
  path: string,
  findings: Findings,
): Decimal | undefined => {
  if (typeof value !== 'number') {
    return fault(findings, path, `expected a number, found ${nameOf(value)}`);
  }
  if (value < 0) return fault(findings, path, `expected 0 or more, found ${value}`);
  try {
    return decimalFromJsonNumber(value);
  } catch (error) {
    if (error instanceof InvalidDecimal) return fault(findings, path, error.message);
    throw error;
  }
};

/** A whole number of 0 or more, or undefined after a fault. */
export const wholeNumberAt = (
  value: unknown,
  path: string,
  findings: Findings,
): bigint | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? BigInt(value)
    : fault(findings, path, `expected a whole number of 0 or more, found ${nameOf(value)}`);

/** A percentage from 0 to 100, or undefined after a fault. */
export const percentAt = (
  value: unknown,
  path: string,
  findings: Findings,
): Decimal | undefined => {
  const decimal = decimalAt(value, path, findings);
  if (typeof value === 'number' && value > 100) {
    return fault(findings, path, `expected a percentage up to 100, found ${value}`);
  }
  return decimal;
};

/** A number in thousandths or millionths of its unit, or undefined after a fault. */
export const scaledAt = (
  value: unknown,
  path: string,
  findings: Findings,
  decimals: number,
): bigint | undefined => {
  const decimal = decimalAt(value, path, findings);
  if (decimal === undefined) return undefined;
  if (decimal.scale > decimals) {
    return fault(findings, path, `expected at most ${decimals} decimals, found ${decimal.scale}`);
  }
  return decimal.unscaled * 10n ** BigInt(decimals - decimal.scale);
};

/** Notes each field nobody reads. `target` decides whether that is a fault or a warning. */
export const unknownFields = (
  object: JsonObject,
  path: string,
  known: readonly string[],
  target: TariffFault[],
): void => {
  for (const name of Object.keys(object)) {
    if (!known.includes(name)) {
      target.push({ path: `${path}.${name}`, message: 'is not a field of OCPI 2.2.1 here' });
    }
  }
};

/** Each field of ours that nobody reads is a fault: it was meant to change the price. */
export const extensionFields = (
  object: JsonObject,
  path: string,
  known: readonly string[],
  { faults }: Findings,
): void => {
  for (const name of Object.keys(object)) {
    if (!known.includes(name)) {
      faults.push({ path: `${path}.${name}`, message: 'is not a field of the extension here' });
    }
  }
};

export const fault = (findings: Findings, path: string, message: string): undefined => {
  findings.faults.push({ path, message });
  return undefined;
};

export const warn = (findings: Findings, path: string, message: string): void => {
  findings.warnings.push({ path, message });
};

/** The entries that have a value: optional fields are left out, never undefined. */
export const present = <Fields extends object>(fields: Fields): Present<Fields> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Present<Fields>;

type Present<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

const nameOf = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : `an ${typeof value}`;
};
