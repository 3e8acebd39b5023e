import type { Chunk } from './chunk-transaction';
import type { RecordBatch } from './log-port';

/** Parts of a batch, each small enough for one transaction. */
export const chunksOf = function* (
  batch: RecordBatch,
  consumer: string,
  clusterId: string,
  size: number,
  startOffset: bigint,
): Generator<Chunk> {
  const { topic, partition, endOffset } = batch;
  let fetchedOffset = batch.fetchedOffset;
  for (let from = 0; from < batch.records.length; from += size) {
    const records = batch.records.slice(from, from + size);
    const firstOffset = records[0]?.position.offset ?? 0n;
    const lastOffset = records.at(-1)?.position.offset ?? firstOffset;
    yield {
      place: { consumer, clusterId, topic, partition },
      at: { fetchedOffset, firstOffset, lastOffset, endOffset, startOffset },
      records,
    };
    fetchedOffset = lastOffset + 1n;
  }
};
