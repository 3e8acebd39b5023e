let flush: (() => Promise<void>) | undefined;

/** Said by whoever started to trace: what has to be done before the process goes. */
export const onTelemetryEnd = (end: () => Promise<void>): void => {
  flush = end;
};

/** Sends what is left to the collector; one that does not answer is not waited for. */
export const endTelemetry = async (limitMs: number): Promise<void> => {
  const end = flush;
  flush = undefined;
  if (end === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([end().catch(() => undefined), limit]);
  clearTimeout(timer);
};
