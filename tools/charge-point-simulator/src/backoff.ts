import type { SeededRandom } from './seeded-random';

/** Limits of a back-off in real milliseconds. */
export type BackoffLimits = Readonly<{ firstMs: number; maxMs: number }>;

/** Waiting times that double up to a limit, spread a little so that a fleet does not march. */
export type Backoff = Readonly<{
  /** The pause after the given number of failures in a row (from 1), in real milliseconds. */
  delayMs(failures: number): number;
}>;

export const backoff = (limits: BackoffLimits, random: SeededRandom): Backoff => ({
  delayMs: (failures) => {
    const doubled = limits.firstMs * 2 ** Math.min(failures - 1, 20);
    return Math.min(doubled, limits.maxMs) * (0.8 + 0.4 * random.next());
  },
});
