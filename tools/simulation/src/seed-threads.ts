import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { emptyTally, sumOf, type RangeOptions, type SeedRange, type Tally } from './seed-run';

export type SharedRange = SeedRange &
  Readonly<{
    keepGoing: boolean;
    /** Told after every part. */
    onProgress?: (tally: Tally) => void;
  }>;

/** Something that runs seeds beside others of its kind. */
export type Runner = (range: SeedRange) => Promise<Tally>;

/** Small enough that threads end together, large enough that sending it costs nothing. */
const seedsAtOnce = 20;
/** A run makes much that is soon forgotten: with room for it, little of that is ever moved. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 };

/**
 * Has seeds run by several runners. Parts are given out in order, and after a failure no more are:
 * every seed below the first that failed has been run.
 */
export const shareOut = async (
  { first, keepGoing, onProgress, seeds }: SharedRange,
  runners: readonly Runner[],
): Promise<Tally> => {
  let tally = emptyTally;
  let next = first;
  const take = (): SeedRange | undefined => {
    if (next >= first + seeds || (tally.failures.length > 0 && !keepGoing)) return undefined;
    const range = { first: next, seeds: Math.min(seedsAtOnce, first + seeds - next) };
    next += range.seeds;
    return range;
  };
  const work = async (run: Runner): Promise<void> => {
    for (let range = take(); range !== undefined; range = take()) {
      const part = await run(range);
      tally = sumOf(tally, part);
      onProgress?.(tally);
    }
  };
  await Promise.all(runners.map(work));
  return keepGoing ? tally : { ...tally, failures: tally.failures.slice(0, 1) };
};

/** Runs seeds on threads of their own. */
export const runOnThreads = async (
  options: SharedRange & RangeOptions & Readonly<{ threads: number }>,
): Promise<Tally> => {
  const { defect, keepGoing, seeds, threads } = options;
  const workerData: RangeOptions = { defect, keepGoing };
  const count = Math.min(threads, Math.ceil(seeds / seedsAtOnce));
  const workers = Array.from(
    { length: count },
    () => new Worker(join(__dirname, 'seed-run.js'), { workerData, resourceLimits }),
  );
  try {
    return await shareOut(
      options,
      workers.map((worker) => (range) => answerOf(worker, range)),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
};

const answerOf = (worker: Worker, range: SeedRange): Promise<Tally> =>
  new Promise((resolve, reject) => {
    const died = (): void => reject(new Error('a thread ended without an answer'));
    worker.once('error', reject);
    worker.once('exit', died);
    worker.once('message', (tally: Tally) => {
      worker.off('error', reject);
      worker.off('exit', died);
      resolve(tally);
    });
    worker.postMessage(range);
  });
