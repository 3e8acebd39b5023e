import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What one of a kind of work takes, in KiB of the heap. */
export type MemoryUse = Readonly<{
  /** Allocated on the way, most of it garbage at once. */
  allocatedKiB: number;
  /** Still held by the result. */
  keptKiB: number;
}>;

/** Few enough that no collection runs in between, which is when the heap's growth says it all. */
const times = 16;

/** Does some work a few times and looks at the heap before, after, and once its waste is gone. */
export const memoryUseOf = (work: (index: number) => unknown): MemoryUse => {
  const results: unknown[] = Array.from({ length: times }, () => undefined);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < times; index += 1) results[index] = work(index);
  const after = process.memoryUsage().heapUsed;
  collectGarbage();
  const kept = process.memoryUsage().heapUsed;
  if (results.length !== times) throw new Error('the results went before they were weighed');
  const perResult = (bytes: number): number => Math.max(0, bytes) / times / 1024;
  return { allocatedKiB: perResult(after - before), keptKiB: perResult(kept - before) };
};
