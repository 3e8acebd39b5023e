/** Something did not become true in time; the message says what was last seen. */
export class StillNotSo extends Error {}

/**
 * Asks again and again until an answer comes. An error while asking counts as no answer yet: the
 * thing asked may be restarting.
 */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs: number,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const reason =
        last === undefined
          ? ''
          : `; last error: ${last instanceof Error ? last.message : JSON.stringify(last)}`;
      throw new StillNotSo(`${what}: not so after ${timeoutMs / 1000} s${reason}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
};
