import type { Occupancy, RatedSession } from './rated-session';

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
  const { startMs, stopMs, endMs } = session;
  const states = (session.states ?? [])
    .filter((span) => span.fromMs < span.toMs)
    .sort(
      (left, right) =>
        left.fromMs - right.fromMs || left.toMs - right.toMs || (left.state < right.state ? -1 : 1),
    );
  const instants = new Set([startMs, stopMs, endMs]);
  for (const { fromMs, toMs, state } of states) {
    const earliestMs = isReservation(state) ? -Infinity : startMs;
    for (const atMs of [fromMs, toMs]) {
      if (atMs >= earliestMs && atMs <= endMs) instants.add(atMs);
    }
  }
  const ordered = [...instants].sort((left, right) => left - right);
  const graceMs = Number(idleGraceSeconds) * 1000;
  const stretches: Stretch[] = [];
  let begun = 0;
  ordered.slice(0, -1).forEach((fromMs, index) => {
    const toMs = ordered[index + 1] ?? fromMs;
    while (begun < states.length && (states[begun]?.fromMs ?? 0) <= fromMs) begun += 1;
    const use = useAt(fromMs, session, states.slice(0, begun));
    const last = stretches.at(-1);
    if (use === undefined) return;
    if (last !== undefined && last.use === use && last.toMs === fromMs) {
      stretches[stretches.length - 1] = { ...last, toMs };
    } else {
      stretches.push({ fromMs, toMs, use, graceUntilMs: fromMs + graceMs });
    }
  });
  // A session without duration still has the moment in which its session fee is due.
  if (stretches.every(({ use }) => use === 'reserved')) {
    stretches.push({ fromMs: startMs, toMs: startMs, use: 'charging', graceUntilMs: startMs });
  }
  return stretches;
};

const useAt = (
  atMs: number,
  { startMs, stopMs }: RatedSession,
  begun: readonly { toMs: number; state: Occupancy }[],
): Use | undefined => {
  if (atMs >= stopMs) return 'parking';
  const state = begun.findLast((span) => span.toMs > atMs)?.state;
  if (atMs < startMs) return state !== undefined && isReservation(state) ? state : undefined;
  return state === 'suspended-ev' || state === 'idle' ? 'parking' : 'charging';
};

const isReservation = (state: Occupancy): state is 'reserved' | 'reservation-expired' =>
  state === 'reserved' || state === 'reservation-expired';
