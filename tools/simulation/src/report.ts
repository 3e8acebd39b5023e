import type { TraceLine } from './ground/world';
import type { Failure, Tally } from './seed-run';

const lineText = ({ at, who, what }: TraceLine): string =>
  `${at.slice(5, 10)} ${at.slice(11, 23)}  ${who.padEnd(16)} ${what}`;

/** The steps as lines that people can read. */
export const traceText = (trace: readonly TraceLine[]): string => trace.map(lineText).join('\n');

/** What a failing seed has shown, and how to see it again. */
export const failureText = ({ seed, rule, detail }: Failure): string =>
  [
    `seed ${seed}: ${rule}`,
    `  ${detail}`,
    `  again, step by step: node tools/simulation/dist/main.js --seed ${seed} --trace`,
  ].join('\n');

/** How far a run is, and how fast. */
export const tallyText = ({ seeds, steps, sessions, failures }: Tally, tookMs: number): string => {
  const perSecond = ((seeds * 1_000) / Math.max(tookMs, 1)).toFixed(1);
  const failed = failures.length === 0 ? 'none failed' : `${failures.length} failed`;
  return `${seeds} seeds, ${sessions} sessions, ${steps} steps, ${failed}, ${perSecond} seeds/s`;
};
