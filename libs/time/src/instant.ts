/** RFC 3339 in UTC with milliseconds, e.g. `2026-11-21T10:00:00.000Z`: sorts as text. */
export type Instant = string;

/** A text that names no instant. */
export class InvalidInstant extends Error {
  readonly code = 'invalid-instant';

  constructor(
    readonly found: string,
    why: string,
  ) {
    super(`${JSON.stringify(found.slice(0, 60))} is not an RFC 3339 instant: ${why}`);
    this.name = 'InvalidInstant';
  }
}

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

// Days that not every month has need the calendar.
const written =
  /^(?!00)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * Epoch milliseconds of an RFC 3339 text with any offset. Digits below a millisecond are cut off.
 * A text without an offset names no instant and is refused, as are leap seconds, whose epoch
 * milliseconds do not exist. Throws InvalidInstant.
 */
export const parseInstant = (text: string): number =>
  // Nearly all are in the form this system writes, and Date reads that form exactly.
  written.test(text) ? Date.parse(text) : parseAnyInstant(text);

const parseAnyInstant = (text: string): number => {
  const match = rfc3339.exec(text);
  if (match === null) throw new InvalidInstant(text, 'expected 2026-11-21T10:00:00Z or an offset');
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] =
    match;
  const localMs = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.slice(0, 3).padEnd(3, '0')),
  );
  // Date rolls 30 February over into March, and years below 100 into the 1900s.
  if (!instantFromEpochMs(localMs).startsWith(text.slice(0, 19).toUpperCase())) {
    throw new InvalidInstant(text, 'no such date or time of day');
  }
  if (sign === undefined) return localMs;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) {
    throw new InvalidInstant(text, 'no such offset');
  }
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000;
  return sign === '-' ? localMs + offsetMs : localMs - offsetMs;
};

const latestMs = Date.UTC(10_000, 0, 1);

/** Throws InvalidInstant outside of four-digit years and for fractions of a millisecond. */
export const instantFromEpochMs = (epochMs: number): Instant => {
  if (!Number.isInteger(epochMs) || Math.abs(epochMs) > latestMs) {
    throw new InvalidInstant(String(epochMs), 'not a whole millisecond of years 0000 to 9999');
  }
  const text = new Date(epochMs).toISOString();
  if (text.length !== 24) throw new InvalidInstant(String(epochMs), 'outside years 0000 to 9999');
  return text;
};

/** The same instant in the one form this system writes. Throws InvalidInstant. */
export const normalizeInstant = (text: string): Instant =>
  written.test(text) ? text : instantFromEpochMs(parseInstant(text));
