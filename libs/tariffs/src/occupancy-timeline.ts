import { distinctAscending } from './instants';
import type { Occupancy, OccupancySpan, RatedSession } from './rated-session';

/** What the second counts as. No second is two of them. */
export type Use = 'charging' | 'parking' | 'reserved' | 'reservation-expired';

/** A stretch of one use. `graceUntilMs` is the end of the grace of a parking stretch. */
export type Stretch = Readonly<{ fromMs: number; toMs: number; use: Use; graceUntilMs: number }>;

/**
 * The session from its first reservation or start to the end of billing. After the end of energy
 * the vehicle is idle whatever is reported; stretches nobody reported are charging before it. Of
 * overlapping reports the one that began later counts. Each time the vehicle stops taking energy
 * a new stretch begins, with its own grace.
 */
export const occupancyTimeline = (session: RatedSession, idleGraceSeconds: bigint): Stretch[] => {
  const { startMs, endMs } = session;
  const states = reportedStates(session);
  const instants = instantsOf(session, states);
  const graceMs = Number(idleGraceSeconds) * 1000;
  const stateAt = stateReader(states);
  const stretches: Stretch[] = [];
  let isCharged = false;
  for (let index = 0; index + 1 < instants.length; index += 1) {
    const fromMs = instants[index] ?? startMs;
    const toMs = instants[index + 1] ?? endMs;
    const use = useAt(fromMs, session, stateAt(fromMs));
    if (use === undefined) continue;
    if (use !== 'reserved') isCharged = true;
    const last = stretches.at(-1);
    if (last !== undefined && last.use === use && last.toMs === fromMs) {
      stretches[stretches.length - 1] = { ...last, toMs };
    } else {
      stretches.push({ fromMs, toMs, use, graceUntilMs: fromMs + graceMs });
    }
  }
  // A session without duration still has the moment in which its session fee is due.
  if (!isCharged) {
    stretches.push({ fromMs: startMs, toMs: startMs, use: 'charging', graceUntilMs: startMs });
  }
  return stretches;
};

const reportedStates = ({ states = [] }: RatedSession): readonly OccupancySpan[] =>
  states
    .filter((span) => span.fromMs < span.toMs)
    .sort(
      (left, right) =>
        left.fromMs - right.fromMs || left.toMs - right.toMs || (left.state < right.state ? -1 : 1),
    );

const instantsOf = (
  { startMs, stopMs, endMs }: RatedSession,
  states: readonly OccupancySpan[],
): number[] => {
  const instants = [startMs, stopMs, endMs];
  for (const { fromMs, toMs, state } of states) {
    const earliestMs = isReservation(state) ? -Infinity : startMs;
    if (fromMs >= earliestMs && fromMs <= endMs) instants.push(fromMs);
    if (toMs >= earliestMs && toMs <= endMs) instants.push(toMs);
  }
  return distinctAscending(instants);
};

// The state that began last of those that hold, at instants that only go forward.
const stateReader = (
  states: readonly OccupancySpan[],
): ((atMs: number) => Occupancy | undefined) => {
  const begun: OccupancySpan[] = [];
  let next = 0;
  return (atMs) => {
    for (let span = states[next]; span !== undefined && span.fromMs <= atMs; span = states[next]) {
      begun.push(span);
      next += 1;
    }
    while ((begun.at(-1)?.toMs ?? Infinity) <= atMs) begun.pop();
    return begun.at(-1)?.state;
  };
};

const useAt = (
  atMs: number,
  { startMs, stopMs }: RatedSession,
  state: Occupancy | undefined,
): Use | undefined => {
  if (atMs >= stopMs) return 'parking';
  if (atMs < startMs) return state !== undefined && isReservation(state) ? state : undefined;
  return state === 'suspended-ev' || state === 'idle' ? 'parking' : 'charging';
};

const isReservation = (state: Occupancy): state is 'reserved' | 'reservation-expired' =>
  state === 'reserved' || state === 'reservation-expired';
