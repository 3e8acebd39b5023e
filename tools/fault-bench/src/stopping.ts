import { atMost } from './patience';

/**
 * Ends all of it side by side. The limit also keeps the process alive: a promise with nothing behind
 * it that could still resolve it would otherwise end the process without a word.
 *
 * @throws naming what has not ended in time.
 */
export const stopAll = async (
  stops: Readonly<Record<string, () => Promise<unknown>>>,
  limitMs: number,
): Promise<void> => {
  const left = new Set(Object.keys(stops));
  const stopping = Object.entries(stops).map(async ([name, stop]) => {
    await stop();
    left.delete(name);
  });
  await atMost(Promise.all(stopping), limitMs);
  if (left.size > 0) {
    throw new Error(`not ended after ${limitMs / 1_000} s: ${[...left].join(', ')}`);
  }
};
