/**
 * Starts work at a steady rate whatever becomes of it: a server that falls behind is not spared by
 * clients that wait for it. Resolves when all that was started has ended.
 *
 * @throws what the first that failed has thrown; nothing is started after it.
 */
export const atSteadyRate = async (
  perSecond: number,
  count: number,
  start: (index: number) => Promise<void>,
): Promise<void> => {
  const running: Promise<void>[] = [];
  const failures: unknown[] = [];
  const beganMs = performance.now();
  let next = 0;
  while (next < count && failures.length === 0) {
    const due = Math.min(
      count,
      Math.floor(((performance.now() - beganMs) * perSecond) / 1_000) + 1,
    );
    for (; next < due; next += 1)
      running.push(start(next).catch((error: unknown) => void failures.push(error)));
    if (next < count) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
};
