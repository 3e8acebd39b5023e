import type { MeterPoint, OccupancySpan, RatedSession, RatingRefusal } from '@tallywatt/tariffs';
import {
  chargingStartMs,
  isReservation,
  type QuoteReading,
  type QuoteSession,
} from './quote-session-parsing';

/** What was odd about a session's description, and did not stop it from being priced. */
export type QuoteMark =
  | 'readings-outside-session'
  | 'start-register-from-first-reading'
  | 'stop-register-from-last-reading'
  | 'states-outside-session'
  | 'states-overlap'
  | 'two-values-at-one-instant';

export type QuotedSession =
  | Readonly<{ ok: true; session: RatedSession; marks: readonly QuoteMark[] }>
  | Readonly<{ ok: false; reason: RatingRefusal; detail: string }>;

/**
 * A described session in the words of the rating function. The registers nearest to its ends, and
 * inside, are those of its start and stop; energy ends with the last rise of the register, and
 * from there the vehicle is idle unless a state says otherwise.
 */
export const quotedSession = (given: QuoteSession): QuotedSession => {
  const { startMs, endMs } = given;
  const marks = new Set<QuoteMark>();
  const inside = given.readings.filter(({ atMs }) => atMs >= startMs && atMs <= endMs);
  if (inside.length < given.readings.length) marks.add('readings-outside-session');
  const points = registersOf(inside, marks);
  const fromMs = chargingStartMs(given);
  const reserved = given.states.filter((span) => isReservation(span) && span.fromMs < span.toMs);
  const first = points.findLast(({ atMs }) => atMs <= fromMs) ?? points[0];
  const last = points.at(-1);
  const isUnused = reserved.length > 0 && fromMs === endMs;
  if (first === undefined || last === undefined || (first === last && fromMs < endMs)) {
    if (isUnused && last === undefined) {
      return { ok: true, session: unusedReservation(given, fromMs, 0n), marks: [...marks] };
    }
    const seen = `${points.length} of them at different instants inside the session`;
    const detail = `expected a reading to charge from and a later one, found ${seen}`;
    return { ok: false, reason: 'meter-unusable', detail };
  }
  if (points.some(({ atMs, register }) => atMs < first.atMs && register !== first.register)) {
    const detail = 'the register changed while the connector was reserved';
    return { ok: false, reason: 'meter-unusable', detail };
  }
  if (isUnused) {
    const session = unusedReservation(given, fromMs, first.register);
    return { ok: true, session, marks: [...marks] };
  }
  if (first.atMs > fromMs) marks.add('start-register-from-first-reading');
  if (last.atMs < endMs) marks.add('stop-register-from-last-reading');
  const { energyEndMs, settledMs } = endOfEnergy(points, fromMs);
  const told = toldStates(given, fromMs, marks);
  const stopMs = told
    .filter(({ state }) => state === 'charging' || state === 'suspended-evse')
    .reduce((latestMs, { toMs }) => Math.max(latestMs, toMs), settledMs);
  const session: RatedSession = {
    startMs: fromMs,
    stopMs,
    endMs,
    meterStartMilliWh: first.register,
    meterStopMilliWh: last.register,
    readings: withPower(inside, points),
    states: [...reserved, ...told, ...untold(told, energyEndMs, stopMs)],
  };
  return { ok: true, session, marks: [...marks] };
};

type Point = Readonly<{ atMs: number; register: bigint }>;

// In the order of time, one register per instant; of two values the larger counts.
const registersOf = (readings: readonly QuoteReading[], marks: Set<QuoteMark>): Point[] => {
  const points: Point[] = [];
  for (const { atMs, registerMilliWh } of inOrder(readings)) {
    const last = points.at(-1);
    if (last?.atMs !== atMs) points.push({ atMs, register: registerMilliWh });
    else if (last.register !== registerMilliWh) {
      marks.add('two-values-at-one-instant');
      if (registerMilliWh > last.register) {
        points[points.length - 1] = { atMs, register: registerMilliWh };
      }
    }
  }
  return points;
};

const inOrder = (readings: readonly QuoteReading[]): readonly QuoteReading[] =>
  readings.every(({ atMs }, index) => atMs >= (readings[index - 1]?.atMs ?? -Infinity))
    ? readings
    : [...readings].sort((left, right) => left.atMs - right.atMs);

/**
 * `energyEndMs` is the last rise of the register. A fall after it is a reset or a bad sample,
 * which the rating function has to see: then the meter has settled only at its last reading.
 */
const endOfEnergy = (
  points: readonly Point[],
  fromMs: number,
): { energyEndMs: number; settledMs: number } => {
  let energyEndMs = fromMs;
  let settledMs = fromMs;
  points.forEach(({ atMs, register }, index) => {
    const before = points[index - 1]?.register ?? register;
    if (atMs <= fromMs || register === before) return;
    if (register > before) energyEndMs = settledMs = atMs;
    else settledMs = points.at(-1)?.atMs ?? atMs;
  });
  return { energyEndMs, settledMs };
};

const toldStates = (
  { states, endMs }: QuoteSession,
  fromMs: number,
  marks: Set<QuoteMark>,
): OccupancySpan[] => {
  const told: OccupancySpan[] = [];
  for (const span of states) {
    if (isReservation(span)) continue;
    const clipped = {
      fromMs: Math.max(span.fromMs, fromMs),
      toMs: Math.min(span.toMs, endMs),
      state: span.state,
    };
    if (span.fromMs < fromMs || span.toMs > endMs) marks.add('states-outside-session');
    if (clipped.fromMs < clipped.toMs) told.push(clipped);
  }
  told.sort((left, right) => left.fromMs - right.fromMs);
  let reached: OccupancySpan | undefined;
  for (const span of told) {
    if (reached !== undefined && span.fromMs < reached.toMs && span.state !== reached.state) {
      marks.add('states-overlap');
    }
    if (reached === undefined || span.toMs > reached.toMs) reached = span;
  }
  return told;
};

// Between the last energy and the stop, what nobody told of is idle; before, it is charging.
const untold = (
  told: readonly OccupancySpan[],
  energyEndMs: number,
  stopMs: number,
): OccupancySpan[] => {
  const gaps: OccupancySpan[] = [];
  let reachedMs = energyEndMs;
  for (const { fromMs, toMs } of [...told, { fromMs: stopMs, toMs: stopMs }]) {
    if (fromMs > reachedMs) gaps.push({ fromMs: reachedMs, toMs: fromMs, state: 'idle' });
    reachedMs = Math.max(reachedMs, toMs);
  }
  return gaps;
};

// Where some readings report a power, one that does not has the average until the next one.
const withPower = (inside: readonly QuoteReading[], points: readonly Point[]): MeterPoint[] => {
  const reports = ({ powerMilliW }: QuoteReading): boolean => powerMilliW !== undefined;
  if (!inside.some(reports) || inside.every(reports)) return [...inside];
  const averages = new Map<number, bigint>();
  points.forEach(({ atMs, register }, index) => {
    const next = points[index + 1];
    const rise = next === undefined || next.register < register ? 0n : next.register - register;
    const spanMs = next === undefined ? 1 : next.atMs - atMs;
    averages.set(atMs, (rise * 3_600_000n) / BigInt(spanMs));
  });
  return inside.map((reading) =>
    reports(reading) ? reading : { ...reading, powerMilliW: averages.get(reading.atMs) },
  );
};

// Reserved to its very end and never charged: what OCPI calls an expired reservation.
const unusedReservation = (
  { states, endMs }: QuoteSession,
  fromMs: number,
  register: bigint,
): RatedSession => ({
  startMs: fromMs,
  stopMs: endMs,
  endMs,
  meterStartMilliWh: register,
  meterStopMilliWh: register,
  readings: [],
  states: states.filter(isReservation).map(({ fromMs: reservedMs, toMs }) => ({
    fromMs: reservedMs,
    toMs: Math.min(toMs, endMs),
    state: 'reservation-expired',
  })),
});
