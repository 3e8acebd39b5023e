import { isDeepStrictEqual } from 'node:util';

/** What a run must never show. It ends the run, and its seed becomes a case. */
export class Violation extends Error {
  constructor(
    readonly rule: string,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${rule}: ${detail}`, options);
    this.name = 'Violation';
  }
}

/** Holds a rule. */
export const hold = (holds: boolean, rule: string, detail: () => string): void => {
  if (!holds) throw new Violation(rule, detail());
};

/** A value as a text for people; amounts are bigint, which JSON does not know. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  ) ?? 'undefined';

/** Holds that two values say the same. */
export const holdSame = (found: unknown, expected: unknown, rule: string, what: string): void => {
  hold(
    found === expected || isDeepStrictEqual(found, expected),
    rule,
    () => `${what}: found ${textOf(found)}, expected ${textOf(expected)}`,
  );
};
