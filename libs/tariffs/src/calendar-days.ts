import type { Weekday } from '@tallywatt/time';
import { instantFromEpochMs, InvalidInstant, parseInstant, weekdays } from '@tallywatt/time';
import type { TariffRestrictions } from './ocpi-tariff';

/** What restrictions can ask about a day. */
export type CalendarDay = Readonly<{
  /** YYYY-MM-DD */
  date: string;
  weekday: Weekday;
  isHoliday: boolean;
}>;

/** Whether the date, weekday, season and holiday of a day are those that are asked for. */
export const dayHolds = (asked: TariffRestrictions, day: CalendarDay): boolean =>
  (asked.dayOfWeek === undefined || asked.dayOfWeek.includes(day.weekday)) &&
  (asked.startDate === undefined || day.date >= asked.startDate) &&
  (asked.endDate === undefined || day.date < asked.endDate) &&
  seasonHolds(asked.seasonStart, asked.seasonEnd, day.date) &&
  (asked.holiday === undefined || day.isHoliday === (asked.holiday === 'only'));

/** Start included, end excluded, of each year; 11-01 to 03-01 wraps over the new year. */
export const seasonHolds = (
  start: string | undefined,
  end: string | undefined,
  date: string,
): boolean => {
  if (start === undefined || end === undefined) return true;
  const day = date.slice(5);
  return start < end ? day >= start && day < end : day >= start || day < end;
};

/** A day that stands for all days which no restriction of a tariff tells apart. */
export type DayKind = CalendarDay &
  Readonly<{
    /** Which stretch between the dates that occur in the tariff. */
    span: number;
    /** Which stretch of the year between the season boundaries that occur. */
    season: number;
  }>;

/** The days of a tariff by kind, and what its stretches lie between. */
export type DayKinds = Readonly<{
  kinds: readonly DayKind[];
  /** The stretch `span` ends before dates[span] and begins with dates[span - 1]. */
  dates: readonly string[];
  /** Season boundaries, MM-DD in order; the stretch 0 runs from the last over the new year. */
  seasonStarts: readonly string[];
  /** Whether some restriction asks for weekdays; else that of a kind is only its example's. */
  asksWeekdays: boolean;
}>;

/** Thrown when a tariff has more combinations than may be looked at. */
export class TooManyCombinations extends Error {}

const daysMax = 50_000;

/**
 * Every kind of day from one date to another (exclusive) that the restrictions can ask about.
 *
 * @throws TooManyCombinations after `daysMax` days.
 */
export const dayKinds = (
  all: readonly TariffRestrictions[],
  holidays: readonly string[],
  fromDate: string,
  toDate: string,
): DayKinds => {
  const asked = (pick: (one: TariffRestrictions) => (string | undefined)[]): string[] =>
    [...new Set(all.flatMap(pick))].filter((text) => text !== undefined).sort();
  const dates = asked((one) => [one.startDate, one.endDate]).filter(
    (date) => date > fromDate && date < toDate,
  );
  const seasonStarts = asked((one) => [one.seasonStart, one.seasonEnd]);
  const asksHolidays = all.some((one) => one.holiday !== undefined);
  const holidaySet = new Set(asksHolidays ? holidays : []);
  const asksWeekdays = all.some((one) => one.dayOfWeek !== undefined);
  let looked = 0;
  const kindOf = (day: number, span: number): DayKind => {
    looked += 1;
    if (looked > daysMax) throw new TooManyCombinations();
    const date = dateOf(day);
    const passed = seasonStarts.filter((start) => start <= date.slice(5)).length;
    return {
      date,
      // The epoch was a Thursday.
      weekday: weekdays[(day + 4) % 7] ?? 'THURSDAY',
      isHoliday: holidaySet.has(date),
      span,
      season: passed === seasonStarts.length ? 0 : passed,
    };
  };
  const perSpan = (asksWeekdays ? 7 : 1) * Math.max(1, seasonStarts.length);
  const found = new Map<string, DayKind>();
  const note = (kind: DayKind): void => {
    const weekday = asksWeekdays ? kind.weekday : '';
    const key = `${kind.span} ${kind.season} ${weekday} ${kind.isHoliday}`;
    if (!found.has(key)) found.set(key, kind);
  };
  [fromDate, ...dates].forEach((from, span) => {
    const before = found.size;
    const end = dayOf(dates[span] ?? toDate);
    // All combinations of weekday and season return within 28 years; most come within one.
    const last = Math.min(end, dayOf(from) + 28 * 366);
    for (let day = dayOf(from); day < last && found.size - before < perSpan; day += 1) {
      const kind = kindOf(day, span);
      if (!kind.isHoliday) note(kind);
    }
  });
  for (const date of holidaySet) {
    if (date >= fromDate && date < toDate)
      note(kindOf(dayOf(date), dates.filter((cut) => cut <= date).length));
  }
  return { kinds: [...found.values()], dates, seasonStarts, asksWeekdays };
};

const dayMs = 86_400_000;

const dateOf = (day: number): string => instantFromEpochMs(day * dayMs).slice(0, 10);

// A date that does not exist, 2026-02-31, lies before the first of the next month.
const dayOf = (date: string): number => {
  try {
    return parseInstant(`${date}T00:00:00Z`) / dayMs;
  } catch (error) {
    if (!(error instanceof InvalidInstant)) throw error;
    const [year = 0, month = 0] = date.split('-').map(Number);
    const next = month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, '0')}`;
    return dayOf(`${next}-01`);
  }
};
