import { instantFromEpochMs, InvalidInstant, parseInstant } from './instant';
import type { Instant } from './instant';
import { zoneOffsetMs, zoneOffsetTransitions } from './time-zone';

/** OCPI 2.2.1 DayOfWeek spelling. */
export type Weekday =
  'MONDAY' | 'TUESDAY' | 'WEDNESDAY' | 'THURSDAY' | 'FRIDAY' | 'SATURDAY' | 'SUNDAY';

/** What a wall clock and a calendar at the place show at one instant. */
export type LocalParts = Readonly<{
  /** YYYY-MM-DD */
  date: string;
  /** HH:MM:SS */
  time: string;
  weekday: Weekday;
  /** Seconds the wall clock shows since its own midnight: 02:30:00 is 9000, also on DST days. */
  secondsOfDay: number;
}>;

/** Which instant a repeated or skipped local time means. There is no default. */
export type Disambiguation = 'earlier' | 'later' | 'reject';

const dayMs = 86_400_000;
/** As OCPI writes them, in the order of JavaScript's own `getDay`. */
export const weekdays = [
  'SUNDAY',
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
] as const;

/** The same without texts, for the many questions of a tariff about a session. */
export type LocalClock = Readonly<{
  /** Days since 1970-01-01 in the calendar of the place. */
  day: number;
  /** Seconds the wall clock shows since its own midnight. */
  secondsOfDay: number;
  weekday: Weekday;
}>;

/** Throws UnknownTimeZone. */
export const localClock = (epochMs: number, zone: string): LocalClock => {
  const localMs = epochMs + zoneOffsetMs(epochMs, zone);
  const day = Math.floor(localMs / dayMs);
  const secondsOfDay = Math.floor((localMs - day * dayMs) / 1000);
  // The epoch was a Thursday.
  return { day, secondsOfDay, weekday: weekdays[(((day + 4) % 7) + 7) % 7] ?? 'THURSDAY' };
};

/** Throws UnknownTimeZone. */
export const localParts = (epochMs: number, zone: string): LocalParts => {
  const { day, secondsOfDay, weekday } = localClock(epochMs, zone);
  return { date: calendarDate(day), time: timeOfDay(secondsOfDay), weekday, secondsOfDay };
};

// HH:MM of every minute of a day.
const minuteTexts = Array.from({ length: 1440 }, (_, minute) =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':'),
);

const timeOfDay = (secondsOfDay: number): string => {
  const seconds = secondsOfDay % 60;
  const minute = minuteTexts[(secondsOfDay - seconds) / 60] ?? '';
  return `${minute}:${seconds < 10 ? '0' : ''}${seconds}`;
};

/** For people: HH:MM, with seconds where there are any. Throws UnknownTimeZone. */
export const wallClockText = (epochMs: number, zone: string): string => {
  const { secondsOfDay } = localClock(epochMs, zone);
  return secondsOfDay % 60 === 0 ? (minuteTexts[secondsOfDay / 60] ?? '') : timeOfDay(secondsOfDay);
};

// Neighbouring questions are nearly always about the same day.
let lastDay: { day: number; date: string } = { day: 0, date: '1970-01-01' };

/** YYYY-MM-DD of a day counted from 1970-01-01. */
export const calendarDate = (day: number): string => {
  if (lastDay.day !== day) {
    lastDay = { day, date: instantFromEpochMs(day * dayMs).slice(0, 10) };
  }
  return lastDay.date;
};

/**
 * Instants strictly inside (fromMs, toMs) at which the local wall clock reaches or jumps across
 * one of the `HH:MM` times ('00:00' for changes of day), oldest first, each once. A time inside the
 * repeated hour of an autumn night acts twice, and the jump back itself is a crossing; a time in
 * the skipped hour of a spring night acts at the jump. Throws UnknownTimeZone, and RangeError for
 * a text that is no time of day.
 */
export const localWallClockBoundaries = (
  fromMs: number,
  toMs: number,
  zone: string,
  wallTimes: readonly string[],
): number[] => {
  const timesMs = wallTimes.map(wallTimeMs);
  if (timesMs.length === 0 || !(fromMs < toMs)) return [];
  const found = new Set<number>();
  let segmentFromMs = fromMs;
  let offsetMs = zoneOffsetMs(fromMs, zone);
  for (const change of zoneOffsetTransitions(fromMs + 1, toMs, zone)) {
    collect(found, segmentFromMs, change.atMs, offsetMs, timesMs);
    if (jumpCrosses(change.atMs, change.offsetBeforeMs, change.offsetAfterMs, timesMs)) {
      found.add(change.atMs);
    }
    segmentFromMs = change.atMs;
    offsetMs = change.offsetAfterMs;
  }
  collect(found, segmentFromMs, toMs, offsetMs, timesMs);
  found.delete(fromMs);
  // A typed array sorts numbers without asking a function for each pair.
  return [...Float64Array.from(found).sort()];
};

/**
 * The instant at which a place's wall clock shows `YYYY-MM-DDTHH:MM[:SS]`. A repeated time has an
 * earlier and a later instant; a skipped time is read with the offset after the jump ('earlier') or
 * before it ('later'). 'reject' throws InvalidInstant for both.
 */
export const resolveLocal = (
  localDateTime: string,
  zone: string,
  disambiguation: Disambiguation,
): Instant => {
  const seconds = localDateTime.length === 16 ? `${localDateTime}:00` : localDateTime;
  const localMs = parseInstant(`${seconds}Z`);
  const guesses = [zoneOffsetMs(localMs - dayMs, zone), zoneOffsetMs(localMs + dayMs, zone)];
  const candidates = [...new Set(guesses)].map((offsetMs) => localMs - offsetMs);
  const matches = candidates.filter((atMs) => atMs + zoneOffsetMs(atMs, zone) === localMs);
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return instantFromEpochMs(only);
  if (disambiguation === 'reject') {
    const why = matches.length === 0 ? 'skipped' : 'repeated';
    throw new InvalidInstant(localDateTime, `the local clock of ${zone} has it ${why}`);
  }
  const choose = disambiguation === 'earlier' ? Math.min : Math.max;
  return instantFromEpochMs(choose(...candidates));
};

const minuteByText = new Map(minuteTexts.map((text, minute) => [text, minute]));

const wallTimeMs = (text: string): number => {
  const minute = minuteByText.get(text);
  if (minute === undefined) {
    throw new RangeError(`${JSON.stringify(text)} is not a time of day HH:MM`);
  }
  return minute * 60_000;
};

// Within [fromMs, toMs) the offset is constant, so each wall time comes once every 24 hours.
const collect = (
  found: Set<number>,
  fromMs: number,
  toMs: number,
  offsetMs: number,
  timesMs: readonly number[],
): void => {
  const firstDayMs = Math.floor((fromMs + offsetMs) / dayMs) * dayMs;
  for (const timeMs of timesMs) {
    for (let atMs = firstDayMs + timeMs - offsetMs; atMs < toMs; atMs += dayMs) {
      if (atMs >= fromMs) found.add(atMs);
    }
  }
};

// Does a wall time lie between what the clock showed and what it shows after the change?
const jumpCrosses = (
  atMs: number,
  offsetBeforeMs: number,
  offsetAfterMs: number,
  timesMs: readonly number[],
): boolean => {
  const lowMs = atMs + Math.min(offsetBeforeMs, offsetAfterMs);
  const highMs = atMs + Math.max(offsetBeforeMs, offsetAfterMs);
  const lowDayMs = Math.floor(lowMs / dayMs) * dayMs;
  return timesMs.some((timeMs) => {
    let localMs = lowDayMs + timeMs;
    if (localMs < lowMs) localMs += dayMs;
    return localMs < highMs;
  });
};
