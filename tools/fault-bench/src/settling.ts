import type { BenchSystem } from './bench-system';
import { pause } from './patience';
import { openCalls, seenRecords, seenSubjects, type SeenSubject } from './observation';

/** What the calendar alone brings. */
const ofTheProcessor: ReadonlySet<string> = new Set(['settlement', 'payout', 'review']);

export type Settled = Readonly<{ isSettled: boolean; seconds: number; waitingFor: string }>;

const describe = (subjects: readonly SeenSubject[], expected: number): string =>
  [
    `${subjects.length} of ${expected} sessions known to reconciliation`,
    ...subjects
      .slice(0, 3)
      .map(
        ({ sessionId, status, awaited }) => `${sessionId} ${status} awaits ${awaited.join('+')}`,
      ),
  ].join('; ');

/**
 * Reconciliation hears of a refund later than the operator. And a call whose outcome is unknown is
 * repeated under its key, which the processor forgets once a day of its own clock has passed.
 */
const workLeft = async (bench: BenchSystem): Promise<string> => {
  const calls = await openCalls(bench);
  if (calls.length > 0) return `the processor's answer to ${calls.slice(0, 3).join(', ')}`;
  const { unpublished } = await seenRecords(bench);
  return unpublished.length === 0 ? '' : `${unpublished.length} unpublished events`;
};

const untilQuiet = async (
  bench: BenchSystem,
  expected: number,
  limitMs: number,
  isQuiet: (subject: SeenSubject) => boolean,
): Promise<Settled> => {
  const startedMs = Date.now();
  for (;;) {
    let waitingFor: string;
    try {
      const subjects = await seenSubjects(bench);
      const noisy = subjects.filter((subject) => !isQuiet(subject));
      const isKnown = subjects.length >= expected;
      waitingFor = isKnown && noisy.length === 0 ? '' : describe(noisy, expected);
      if (waitingFor === '') waitingFor = await workLeft(bench);
    } catch (error) {
      waitingFor = String(error);
    }
    const seconds = (Date.now() - startedMs) / 1_000;
    if (waitingFor === '') return { isSettled: true, seconds, waitingFor };
    if (Date.now() - startedMs > limitMs) return { isSettled: false, seconds, waitingFor };
    await pause(1_000);
  }
};

/** Until nothing is awaited any more but what the processor does on later days. */
export const untilCollected = (
  bench: BenchSystem,
  expected: number,
  limitMs: number,
): Promise<Settled> =>
  untilQuiet(bench, expected, limitMs, ({ awaited }) =>
    awaited.every((hop) => ofTheProcessor.has(hop)),
  );

/** Until every session is judged by reconciliation. */
export const untilReconciled = (
  bench: BenchSystem,
  expected: number,
  limitMs: number,
): Promise<Settled> =>
  untilQuiet(
    bench,
    expected,
    limitMs,
    ({ status }) => status === 'reconciled' || status === 'quarantined',
  );
