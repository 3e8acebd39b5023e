import type { DayKind } from './calendar-days';
import { dayHolds, TooManyCombinations } from './calendar-days';
import type { TariffRestrictions } from './ocpi-tariff';

/** What restrictions ask about, apart from the day: each a line that restrictions cut. */
export const lineAxes = ['time', 'energy', 'duration', 'power', 'current', 'idle'] as const;
export type LineAxis = (typeof lineAxes)[number];

/** From (included) to (excluded, undefined is no end) on a line: minutes, mWh, s, mW, mA, s. */
export type Piece = Readonly<{ from: bigint; to: bigint | undefined }>;

/** Where no element applies: nowhere, everywhere, or on parts of one axis. */
export type Gap =
  | 'nowhere'
  | 'everywhere'
  | Readonly<{ axis: 'day'; parts: readonly Readonly<{ days: readonly number[]; rest: Gap }>[] }>
  | Readonly<{
      axis: LineAxis;
      parts: readonly Readonly<{ pieces: readonly Piece[]; rest: Gap }>[];
    }>;

export type Exploration = Readonly<{
  /** Positions of the elements that are the first to hold somewhere. */
  winners: ReadonlySet<number>;
  gap: Gap;
}>;

/** How many more times an element may be compared with a combination. */
export type Budget = { steps: number };

/**
 * Walks through everything that restrictions can tell apart and finds which of them, in order, is
 * the first to hold where. Axes are cut only where a restriction still in question cuts them, and
 * equal questions are answered once, so usual tariffs take some dozens of steps. With `within`,
 * only the region in which that one holds is looked at.
 *
 * @throws TooManyCombinations when the budget is spent.
 */
export const explore = (
  restrictions: readonly TariffRestrictions[],
  days: readonly DayKind[],
  budget: Budget,
  within?: number,
): Exploration => {
  const extents = restrictions.map(extentOf);
  const known = new Map<string, Exploration>();

  const look = (candidates: readonly number[], depth: number): Exploration => {
    // What comes after one that nothing restricts any more can never be the first.
    const last = candidates.findIndex((one) => isOpenFrom(extents[one], depth));
    const open =
      last < 0 ? candidates : candidates.filter((one, index) => index <= last || one === within);
    const [first] = open;
    if (first === undefined) return { winners: new Set(), gap: 'everywhere' };
    if (last === 0) return { winners: new Set([first]), gap: 'nowhere' };
    const question = `${depth}:${open.join()}`;
    const answered = known.get(question);
    if (answered !== undefined) return answered;
    const found = depth === 0 ? lookAtDays(open) : lookAlong(open, depth);
    known.set(question, found);
    return found;
  };

  const stillIn = (holding: readonly number[]): boolean =>
    within === undefined || holding.includes(within);

  const step = (count: number): void => {
    budget.steps -= count;
    if (budget.steps < 0) throw new TooManyCombinations();
  };

  const lookAtDays = (candidates: readonly number[]): Exploration => {
    const sides = new Map<string, { days: number[]; seen: Exploration }>();
    days.forEach((day, index) => {
      step(candidates.length);
      const holding = candidates.filter((one) => dayHolds(restrictions[one] ?? {}, day));
      if (!stillIn(holding)) return;
      const key = holding.join();
      const side = sides.get(key);
      if (side === undefined) sides.set(key, { days: [index], seen: look(holding, 1) });
      else side.days.push(index);
    });
    const parts = grouped([...sides.values()], ({ seen }) => seen.gap).map(({ rest, members }) => ({
      days: members.flatMap((member) => member.days).sort((a, b) => a - b),
      rest,
    }));
    return joined([...sides.values()], onlyRest(parts) ?? { axis: 'day', parts });
  };

  const lookAlong = (candidates: readonly number[], depth: number): Exploration => {
    const axis = lineAxes[depth - 1] ?? 'time';
    const pieces = piecesOf(
      candidates.flatMap((one) => extents[one]?.[axis] ?? []),
      axis === 'time' ? minutesPerDay : undefined,
    );
    step(pieces.length * candidates.length);
    const sides = pieces.flatMap((piece) => {
      const holding = candidates.filter((one) => covers(extents[one]?.[axis], piece));
      return stillIn(holding) ? [{ piece, seen: look(holding, depth + 1) }] : [];
    });
    const parts = grouped(sides, ({ seen }) => seen.gap).map(({ rest, members }) => ({
      pieces: adjoined(members.map(({ piece }) => piece)),
      rest,
    }));
    return joined(sides, onlyRest(parts) ?? { axis, parts });
  };

  return look([...restrictions.keys()], 0);
};

// What a restriction leaves of each line; an axis that is left out is not restricted.
type Extent = Readonly<Partial<Record<LineAxis, readonly Piece[]>>> &
  Readonly<{ restrictsDays: boolean }>;

const extentOf = (asked: TariffRestrictions): Extent => {
  const { startDate, endDate, dayOfWeek, holiday, seasonStart } = asked;
  const extent: { restrictsDays: boolean } & Partial<Record<LineAxis, readonly Piece[]>> = {
    restrictsDays: (startDate ?? endDate ?? dayOfWeek ?? holiday ?? seasonStart) !== undefined,
  };
  const limit = (axis: LineAxis, min: bigint | undefined, max: bigint | undefined): void => {
    if ((min ?? 0n) === 0n && max === undefined) return;
    extent[axis] = max !== undefined && max <= (min ?? 0n) ? [] : [{ from: min ?? 0n, to: max }];
  };
  const times = timesOf(asked.startTime, asked.endTime);
  if (times !== undefined) extent.time = times;
  limit('energy', asked.minEnergyMilliWh, asked.maxEnergyMilliWh);
  limit('duration', asked.minDurationSeconds, asked.maxDurationSeconds);
  limit('power', asked.minPowerMilliW, asked.maxPowerMilliW);
  limit('current', asked.minCurrentMilliA, asked.maxCurrentMilliA);
  limit('idle', asked.minIdleSeconds, asked.maxIdleSeconds);
  return extent;
};

/** Minutes of a day. */
export const minutesPerDay = 1440n;

const timesOf = (start: string | undefined, end: string | undefined): Piece[] | undefined => {
  const from = minutesOf(start ?? '00:00');
  const to = end === undefined || end === '00:00' ? minutesPerDay : minutesOf(end);
  if (from === 0n && to === minutesPerDay) return undefined;
  if (from < to) return [{ from, to }];
  return [
    { from: 0n, to },
    { from, to: minutesPerDay },
  ];
};

const minutesOf = (time: string): bigint => {
  const [hours = '0', minutes = '0'] = time.split(':');
  return BigInt(hours) * 60n + BigInt(minutes);
};

const isOpenFrom = (extent: Extent | undefined, depth: number): boolean =>
  extent !== undefined &&
  (depth > 0 || !extent.restrictsDays) &&
  lineAxes.slice(Math.max(0, depth - 1)).every((axis) => extent[axis] === undefined);

// A line from 0 on, cut wherever one of some pieces begins or ends.
const piecesOf = (given: readonly Piece[], end: bigint | undefined): Piece[] => {
  const cuts = new Set<bigint>([0n]);
  for (const { from, to } of given) {
    cuts.add(from);
    if (to !== undefined && to !== end) cuts.add(to);
  }
  const ordered = [...cuts].sort((a, b) => (a < b ? -1 : 1));
  return ordered.map((from, index) => ({ from, to: ordered[index + 1] ?? end }));
};

const covers = (pieces: readonly Piece[] | undefined, { from }: Piece): boolean =>
  pieces === undefined ||
  pieces.some((piece) => piece.from <= from && (piece.to === undefined || from < piece.to));

const adjoined = (pieces: readonly Piece[]): Piece[] => {
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last?.to === piece.from) merged[merged.length - 1] = { from: last.from, to: piece.to };
    else merged.push(piece);
  }
  return merged;
};

const grouped = <Side>(
  sides: readonly Side[],
  gapOf: (side: Side) => Gap,
): { rest: Gap; members: Side[] }[] => {
  const groups = new Map<string, { rest: Gap; members: Side[] }>();
  for (const side of sides) {
    const rest = gapOf(side);
    const key = keyOf(rest);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { rest, members: [side] });
    else group.members.push(side);
  }
  return [...groups.values()];
};

const keyOf = (gap: Gap): string =>
  JSON.stringify(gap, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );

// An axis on which everything is alike need not be mentioned.
const onlyRest = (parts: readonly { rest: Gap }[]): Gap | undefined =>
  parts.length === 1 ? parts[0]?.rest : undefined;

const joined = (sides: readonly { seen: Exploration }[], gap: Gap): Exploration => ({
  winners: new Set(sides.flatMap(({ seen }) => [...seen.winners])),
  gap,
});
