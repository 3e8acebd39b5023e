import { parentPort, workerData } from 'node:worker_threads';
import type { Defect } from './defects';
import { simulate } from './simulation';

/** Seeds to run, one after the other. */
export type SeedRange = Readonly<{ first: number; seeds: number }>;

/** What is the same for all ranges. */
export type RangeOptions = Readonly<{ defect?: Defect | undefined; keepGoing: boolean }>;

/** A seed that broke a rule, as one thread tells it to another. */
export type Failure = Readonly<{ seed: number; rule: string; detail: string }>;

export type Tally = Readonly<{
  seeds: number;
  steps: number;
  sessions: number;
  failures: readonly Failure[];
}>;

export const emptyTally: Tally = { seeds: 0, steps: 0, sessions: 0, failures: [] };

/** Two tallies as one; failures stand in the order of their seeds. */
export const sumOf = (one: Tally, other: Tally): Tally => ({
  seeds: one.seeds + other.seeds,
  steps: one.steps + other.steps,
  sessions: one.sessions + other.sessions,
  failures: [...one.failures, ...other.failures].sort((a, b) => a.seed - b.seed),
});

/** Runs seeds until one fails, or all of them. */
export const runRange = (range: SeedRange, { defect, keepGoing }: RangeOptions): Tally => {
  let tally = emptyTally;
  for (let seed = range.first; seed < range.first + range.seeds; seed += 1) {
    const { sessions, steps, violation } = simulate({ seed, defect });
    const failures =
      violation === undefined ? [] : [{ seed, rule: violation.rule, detail: violation.detail }];
    tally = sumOf(tally, { seeds: 1, steps, sessions, failures });
    if (failures.length > 0 && !keepGoing) break;
  }
  return tally;
};

// In a thread of its own: range after range, as they are sent.
const port = parentPort;
port?.on('message', (range: SeedRange) =>
  port.postMessage(runRange(range, workerData as RangeOptions)),
);
