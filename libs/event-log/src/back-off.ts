/** Pauses that double from 50 ms up to the longest, with jitter so that many do not come at once. */
export const backOffMs = (attempt: number, maxMs: number): number =>
  Math.min(maxMs, 50 * 2 ** Math.min(attempt - 1, 20)) * (0.75 + Math.random() / 4);
