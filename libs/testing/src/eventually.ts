import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Repeats an assertion until it holds, and returns what it returned. After the time-out the last
 * failure is thrown as it was. The time-out is long because it costs nothing when all is well: it
 * is there for a machine that is slow or busy, and to name what never came about.
 */
export const eventually = async <T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 60_000, intervalMs = 25 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await sleep(intervalMs);
  }
};
