import type { Weekday } from '@tallywatt/time';
import { weekdays } from '@tallywatt/time';
import type { DayKind, DayKinds } from './calendar-days';
import type { Gap, LineAxis, Piece } from './restriction-space';
import { minutesPerDay } from './restriction-space';

/** Each stretch in which nothing applies, in words: "on Sundays, from 22:00 to 24:00". */
export const gapWitnesses = (gap: Gap, days: DayKinds): string[] =>
  pathsOf(gap, days).map((phrases) => (phrases.length === 0 ? 'always' : phrases.join(', ')));

const pathsOf = (gap: Gap, days: DayKinds): string[][] => {
  if (gap === 'nowhere') return [];
  if (gap === 'everywhere') return [[]];
  if (gap.axis === 'day') {
    return gap.parts.flatMap((part) =>
      pathsOf(part.rest, days).map((rest) => [...daysInWords(part.days, days), ...rest]),
    );
  }
  const { axis } = gap;
  return gap.parts.flatMap((part) =>
    pathsOf(part.rest, days).map((rest) => [
      part.pieces.map((piece) => pieceInWords[axis](piece)).join(' and '),
      ...rest,
    ]),
  );
};

const clock = (minutes: bigint): string =>
  `${String(minutes / 60n).padStart(2, '0')}:${String(minutes % 60n).padStart(2, '0')}`;

const milli = (value: bigint, perUnit: bigint): string => {
  const fraction = String(value % perUnit).padStart(String(perUnit).length - 1, '0');
  return `${value / perUnit}.${fraction}`.replace(/\.?0+$/, '');
};

const between = ({ from, to }: Piece, unit: string, inUnits: (value: bigint) => string): string => {
  if (to === undefined) return `from ${inUnits(from)} ${unit} on`;
  return from === 0n
    ? `below ${inUnits(to)} ${unit}`
    : `from ${inUnits(from)} to ${inUnits(to)} ${unit}`;
};

const pieceInWords: Readonly<Record<LineAxis, (piece: Piece) => string>> = {
  time: ({ from, to }) => `from ${clock(from)} to ${clock(to ?? minutesPerDay)}`,
  energy: (piece) => between(piece, 'kWh', (mWh) => milli(mWh, 1_000_000n)),
  duration: ({ from, to }) =>
    to === undefined
      ? `from ${from} s after the start on`
      : `from ${from} to ${to} s after the start`,
  power: (piece) => between(piece, 'kW', (milliW) => milli(milliW, 1_000_000n)),
  current: (piece) => between(piece, 'A', (milliA) => milli(milliA, 1000n)),
  idle: ({ from, to }) =>
    to === undefined ? `from ${from} s of idle time on` : `from ${from} to ${to} s of idle time`,
};

type Factor = Readonly<{
  asked?: (days: DayKinds) => boolean;
  of: (day: DayKind) => string | number | boolean;
  inWords: (values: ReadonlySet<string | number | boolean>, days: DayKinds) => string;
}>;

// Days are said by what sets them apart; if that is no product of these four, by an example.
const daysInWords = (indexes: readonly number[], days: DayKinds): string[] => {
  const chosen = new Set(indexes.flatMap((index) => days.kinds[index] ?? []));
  const told = factors
    .filter(({ asked }) => asked?.(days) ?? true)
    .map((factor) => ({
      factor,
      values: new Set([...chosen].map(factor.of)),
      all: new Set(days.kinds.map(factor.of)),
    }));
  const described = days.kinds.filter((day) =>
    told.every(({ factor, values }) => values.has(factor.of(day))),
  );
  const [first] = chosen;
  if (first === undefined) return [];
  if (described.length > chosen.size) return [`for example on ${dayName(first)} ${first.date}`];
  return told
    .filter(({ values, all }) => values.size < all.size)
    .map(({ factor, values }) => factor.inWords(values, days));
};

const factors: readonly Factor[] = [
  {
    of: (day) => day.isHoliday,
    inWords: (values) => (values.has(true) ? 'on holidays' : 'on days that are no holidays'),
  },
  {
    asked: ({ asksWeekdays }) => asksWeekdays,
    of: (day) => day.weekday,
    inWords: (values) => `on ${weekdayNames(values).join(' and ')}`,
  },
  {
    of: (day) => day.season,
    inWords: (values, { seasonStarts }) =>
      stretchesOf(values, seasonStarts.length)
        .map(([first, last]) => {
          const count = seasonStarts.length;
          const start = seasonStarts[(first - 1 + count) % count] ?? '';
          return `from ${start} to ${seasonStarts[last] ?? ''} of each year`;
        })
        .join(' and '),
  },
  {
    of: (day) => day.span,
    inWords: (values, { dates }) =>
      stretchesOf(values, dates.length + 1)
        .map(([first, last]) => {
          const from = dates[first - 1];
          const to = dates[last];
          if (from === undefined) return `before ${to ?? ''}`;
          return to === undefined ? `from ${from} on` : `from ${from} to ${to}`;
        })
        .join(' and '),
  },
];

// Numbers 0 to count - 1 that are in the set, as first and last of each run.
const stretchesOf = (values: ReadonlySet<unknown>, count: number): [number, number][] => {
  const runs: [number, number][] = [];
  for (let index = 0; index < count; index += 1) {
    if (!values.has(index)) continue;
    const run = runs.at(-1);
    if (run !== undefined && run[1] === index - 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs;
};

const weekdayNames = (values: ReadonlySet<unknown>): string[] => {
  const fromMonday: Weekday[] = [...weekdays.slice(1), 'SUNDAY'];
  return fromMonday.filter((day) => values.has(day)).map((day) => `${capitalised(day)}s`);
};

const capitalised = (day: Weekday): string => `${day.charAt(0)}${day.slice(1).toLowerCase()}`;

const dayName = ({ weekday }: DayKind): string => capitalised(weekday);
