import { gatherBatches, groupBatches } from './batch-gathering';
import type { RecordBatch } from './log-port';

const batchOf = (partition: number, count: number): RecordBatch => ({
  topic: 'charging.sessions.v1',
  partition,
  fetchedOffset: 0n,
  endOffset: BigInt(count),
  records: Array.from({ length: count }, (_, offset) => ({
    position: { topic: 'charging.sessions.v1', partition, offset: BigInt(offset) },
    key: null,
    value: null,
    headers: {},
  })),
  resolve: () => undefined,
  heartbeat: () => Promise.resolve(),
  isCurrent: () => true,
});

describe('batches of several partitions', () => {
  it('share a transaction as long as they fit', () => {
    const groups = groupBatches([batchOf(0, 4), batchOf(1, 5), batchOf(2, 2), batchOf(3, 8)], 10);
    const sizes = groups.map((group) => group.map(({ records }) => records.length));
    expect(sizes).toEqual([
      [4, 5],
      [2, 8],
    ]);
  });

  it('stay alone when they are larger than a transaction', () => {
    const groups = groupBatches([batchOf(0, 25), batchOf(1, 5), batchOf(2, 30)], 10);
    expect(groups.map((group) => group.map(({ partition }) => partition))).toEqual([[0], [1], [2]]);
  });
});

describe('what is handed over in one turn', () => {
  const limits = { recordsMax: 10, atOnce: 3, restMs: 0 };

  it('is taken together, and each is told when all is done', async () => {
    const taken: number[][] = [];
    const onBatch = gatherBatches((batches) => {
      taken.push(batches.map(({ partition }) => partition));
      return Promise.resolve();
    }, limits);
    await Promise.all([onBatch(batchOf(0, 1)), onBatch(batchOf(1, 1)), onBatch(batchOf(2, 9))]);
    await onBatch(batchOf(3, 1));
    expect(taken).toEqual([[0, 1], [2], [3]]);
  });

  it('goes no further than so many transactions at once', async () => {
    let running = 0;
    let most = 0;
    const onBatch = gatherBatches(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    }, limits);
    await Promise.all(Array.from({ length: 8 }, (_, partition) => onBatch(batchOf(partition, 10))));
    expect(most).toBe(3);
  });

  it('is told when it fails, each batch of it', async () => {
    const onBatch = gatherBatches(() => Promise.reject(new Error('beyond repair')), limits);
    const told = await Promise.allSettled([onBatch(batchOf(0, 1)), onBatch(batchOf(1, 9))]);
    expect(told).toEqual(
      Array.from({ length: 2 }, () => ({ status: 'rejected', reason: new Error('beyond repair') })),
    );
  });
});
