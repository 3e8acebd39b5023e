import type { Logger } from './logger';

export type Timer = Readonly<{ stop: () => Promise<void> }>;

/** Runs a job again and again, never twice at a time; what it throws is logged and tried again. */
export const startTimer = (
  name: string,
  intervalMs: number,
  job: () => Promise<void>,
  logger: Logger,
): Timer => {
  let stopped = false;
  let handle: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const tick = (): void => {
    running = job()
      .catch((error: unknown) => logger.error({ err: error, timer: name }, 'timer failed'))
      .then(() => {
        if (!stopped) handle = setTimeout(tick, intervalMs);
      });
  };
  handle = setTimeout(tick, intervalMs);
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(handle);
      await running;
    },
  };
};
