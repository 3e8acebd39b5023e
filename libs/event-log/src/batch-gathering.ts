import type { RecordBatch } from './log-port';

type Gathered = Readonly<{
  batch: RecordBatch;
  done: () => void;
  failed: (error: unknown) => void;
}>;

/**
 * Groups of batches that make one transaction each: small ones as many as fit, in the order they
 * came. One that has more records than a transaction may take stays alone.
 */
export const groupBatches = <B extends Readonly<{ records: readonly unknown[] }>>(
  batches: readonly B[],
  recordsMax: number,
): B[][] => {
  const groups: B[][] = [];
  let room = 0;
  for (const batch of batches) {
    const size = batch.records.length;
    const last = groups.at(-1);
    if (last !== undefined && size <= room) last.push(batch);
    else groups.push([batch]);
    room = (last !== undefined && size <= room ? room : recordsMax) - size;
  }
  return groups;
};

/**
 * Makes one piece of work of what the client hands over partition by partition: all batches of a
 * fetch come in the same turn. Few records of many partitions then cost one commit and not many,
 * and the next fetch is as far away as one transaction. Large backlogs are worked on side by side.
 */
export const gatherBatches = (
  take: (batches: readonly RecordBatch[]) => Promise<void>,
  limits: Readonly<{ recordsMax: number; atOnce: number; restMs: number }>,
): ((batch: RecordBatch) => Promise<void>) => {
  let gathered: Gathered[] = [];

  const work = async (found: readonly Gathered[]): Promise<void> => {
    const restedMs = performance.now() + limits.restMs;
    const groups = groupBatches(
      found.map(({ batch }) => batch),
      limits.recordsMax,
    );
    const worker = async (): Promise<void> => {
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        await take(group);
      }
    };
    await Promise.all(Array.from({ length: limits.atOnce }, worker));
    const restMs = restedMs - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
  };

  return (batch) =>
    new Promise<void>((done, failed) => {
      gathered.push({ batch, done, failed });
      if (gathered.length > 1) return;
      setImmediate(() => {
        const found = gathered;
        gathered = [];
        work(found).then(
          () => found.forEach((one) => one.done()),
          // Whoever handed the batches over is told: nothing waits for ever.
          (error: unknown) => found.forEach((one) => one.failed(error)),
        );
      });
    });
};
