/**
 * Starts work at a steady rate whatever becomes of it: a server that falls behind is not spared by
 * clients that wait for it. Resolves when all that was started has ended.
 */
export const atSteadyRate = async (
  perSecond: number,
  count: number,
  start: (index: number) => Promise<void>,
): Promise<void> => {
  const running: Promise<void>[] = [];
  const beganMs = performance.now();
  let next = 0;
  while (next < count) {
    const due = Math.min(
      count,
      Math.floor(((performance.now() - beganMs) * perSecond) / 1_000) + 1,
    );
    for (; next < due; next += 1) running.push(start(next));
    if (next < count) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
};
