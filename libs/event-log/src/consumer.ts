import { keptMs, type TopicName } from '@tallywatt/contracts';
import type { Pool } from 'pg';
import { backOffMs } from './back-off';
import { chunksOf } from './batch-chunks';
import { type Chunk, type ChunkOutcome, runChunks } from './chunk-transaction';
import { gatherBatches } from './batch-gathering';
import { completenessAfter, nothingTaken } from './completeness';
import type { Consumer, ConsumerOptions, ConsumerState, Timing } from './event-log-api';
import { tracedHandle } from './event-tracing';
import { isRetriable, toError } from './failure';
import { openGroup } from './group-member';
import { measureLag } from './lag';
import type { LogClient, RecordBatch } from './log-port';
import type { EventLogObserver, Logger } from './observer';

const batchMax = 500;
/** More partitions than one consumer has; how many are worked on at once is decided here. */
const batchesOfOneFetch = 200;

type Waiting = { attempts: number; reason: string; timer?: NodeJS.Timeout };

const placeOf = (at: string): { topic: string; partition: number } => {
  const slash = at.lastIndexOf('/');
  return { topic: at.slice(0, slash), partition: Number(at.slice(slash + 1)) };
};

/** The one consumer loop. */
export const startConsumer = (
  parts: {
    pool: Pool;
    client: LogClient;
    logger: Logger;
    observe: EventLogObserver;
    timing: Timing;
    onFatal: (error: Error) => void;
    onCommit: () => void;
  },
  options: ConsumerOptions,
  groupId = options.name,
): Consumer => {
  const { pool, client, logger, observe, timing } = parts;
  const { name } = options;
  const chunkMax = options.maxBatch ?? batchMax;
  const handle = tracedHandle(name, logger, (events, tx) => options.handle(events, tx));
  const waiting = new Map<string, Waiting>();
  /** Where partitions begin whose records expire, once one began above its stored offset. */
  const starts = new Map<string, bigint>();
  let clusterId: Promise<string> | undefined;
  let lag: number | undefined;
  let completeness = nothingTaken;
  let parkedKeys = 0;
  let lastError: string | undefined;
  let stopping = false;

  const note = (error: Error): void => {
    lastError = error.message;
  };

  /**
   * Leaves the partition alone for a while. It is paused instead of waited for inside the batch:
   * kafkajs fetches nothing, not even from other partitions, until all batches are done, and what
   * this one waits for may have to come through another.
   */
  const backOff = (batch: RecordBatch, offset: bigint, error: Error): void => {
    const { topic, partition } = batch;
    const at = `${topic}/${partition}`;
    const attempts = (waiting.get(at)?.attempts ?? 0) + 1;
    note(error);
    observe.waiting?.(name, topic, error);
    const level = attempts === 1 || attempts % 20 === 0 ? 'warn' : 'debug';
    logger[level](
      { err: error, consumer: name, topic, partition, offset: offset.toString(), attempts },
      'consumer: backing off',
    );
    group.pause(topic, partition);
    group.seek(topic, partition, offset);
    const timer = setTimeout(
      () => {
        if (!stopping) group.resume(topic, partition);
      },
      backOffMs(attempts, timing.backOffMaxMs),
    );
    waiting.set(at, { attempts, reason: error.message, timer });
  };

  const tell = (
    batch: RecordBatch,
    outcome: ChunkOutcome & { result: 'committed' },
    ms: number,
  ): void => {
    const { topic, partition } = batch;
    observe.consumed?.(name, topic, outcome.handled.length, ms / 1_000);
    if (outcome.dropped > 0) observe.duplicates?.(name, topic, outcome.dropped);
    if (outcome.parkings.length > 0) {
      observe.parked?.(name, topic, outcome.parkings.length);
      for (const { record, kind, reason, error } of outcome.parkings) {
        const facts = { consumer: name, topic, partition, key: record.key, kind, reason };
        const offset = record.record.position.offset.toString();
        logger.error({ ...facts, offset, err: error }, 'consumer: record parked');
      }
    }
    if (outcome.handled.length === 0) return;
    parts.onCommit();
    if (observe.delay !== undefined) {
      const nowMs = Date.now();
      let recordedAt = '';
      let seconds = 0;
      for (const { metadata } of outcome.handled) {
        // What was committed together has one time, and is usually read together.
        if (metadata.recordedAt !== recordedAt) {
          recordedAt = metadata.recordedAt;
          seconds = (nowMs - Date.parse(recordedAt)) / 1_000;
        }
        observe.delay(name, topic, seconds);
      }
    }
    try {
      options.afterCommit?.(outcome.handled);
    } catch (error) {
      logger.error({ err: toError(error), consumer: name }, 'consumer: afterCommit failed');
    }
  };

  const lookForStarts = async (topic: string): Promise<void> => {
    try {
      const offsets = await client.admin.offsets(topic);
      for (const { partition, start } of offsets) starts.set(`${topic}/${partition}`, start);
    } catch (error) {
      note(toError(error)); // the partition backs off, and asks again
    }
  };

  const chunksIn = (batch: RecordBatch, cluster: string): Generator<Chunk> => {
    const { topic, partition } = batch;
    return chunksOf(batch, name, cluster, chunkMax, starts.get(`${topic}/${partition}`) ?? 0n);
  };

  /** Returns whether the batch can be gone on with. */
  const settle = (batch: RecordBatch, chunk: Chunk, outcome: ChunkOutcome, ms: number): boolean => {
    const { topic, partition } = batch;
    const at = `${topic}/${partition}`;
    if (outcome.result === 'refused') {
      logger.error({ consumer: name, topic, partition, reason: outcome.reason }, 'consumer: log');
      backOff(batch, outcome.offset, new Error(outcome.reason));
      return false;
    }
    if (outcome.result === 'elsewhere') {
      if (outcome.offset >= chunk.at.fetchedOffset) {
        group.seek(topic, partition, outcome.offset);
      } else {
        // Usually one seek back is enough; if the log no longer has the offset, it never is.
        if (keptMs(topic as TopicName) !== undefined) void lookForStarts(topic);
        const reason = `expected offset ${outcome.offset}, got ${chunk.at.firstOffset}`;
        backOff(batch, outcome.offset, new Error(reason));
      }
      return false;
    }
    tell(batch, outcome, ms);
    batch.resolve(outcome.nextOffset - 1n);
    waiting.delete(at);
    if (outcome.blockedBy === undefined) return true;
    backOff(batch, outcome.nextOffset, outcome.blockedBy);
    return false;
  };

  /** A batch by itself, in as many transactions as its size asks for. */
  const takeAlone = async (batch: RecordBatch): Promise<void> => {
    const first = batch.records[0];
    if (first === undefined) return;
    let reached = first.position.offset;
    try {
      const cluster = await (clusterId ??= client.admin.clusterId());
      for (const chunk of chunksIn(batch, cluster)) {
        if (stopping || !batch.isCurrent()) return; // not resolved: it comes again, here or elsewhere
        reached = chunk.at.firstOffset;
        const startedMs = performance.now();
        const [outcome] = await runChunks({ pool, handle, timing }, [chunk]);
        if (outcome === undefined) return;
        if (!settle(batch, chunk, outcome, performance.now() - startedMs)) return;
      }
    } catch (thrown) {
      // Also what should not happen is waited out: only a record's own failure parks it.
      const error = toError(thrown);
      if (!isRetriable(error)) logger.error({ err: error, consumer: name }, 'consumer: failed');
      clusterId = undefined;
      backOff(batch, reached, error);
    }
  };

  /** Small batches of several partitions, in one transaction. Says whether it was possible. */
  const takeTogether = async (batches: readonly RecordBatch[]): Promise<boolean> => {
    if (stopping || !batches.every((batch) => batch.isCurrent())) return false;
    try {
      const cluster = await (clusterId ??= client.admin.clusterId());
      const chunks = batches.flatMap((batch) => [...chunksIn(batch, cluster)]);
      const startedMs = performance.now();
      const outcomes = await runChunks({ pool, handle, timing }, chunks);
      const ms = performance.now() - startedMs;
      batches.forEach((batch, index) => {
        settle(batch, chunks[index] as Chunk, outcomes[index] as ChunkOutcome, ms);
      });
      return true;
    } catch (thrown) {
      // Whose fault it is shows when each has a transaction of its own.
      logger.debug({ err: toError(thrown), consumer: name }, 'consumer: partitions taken apart');
      return false;
    }
  };

  const takeBatches = async (found: readonly RecordBatch[]): Promise<void> => {
    const batches = found.filter(({ records }) => records.length > 0);
    if (batches.length > 1 && (await takeTogether(batches))) return;
    for (const batch of batches) await takeAlone(batch);
  };
  const partitionsAtOnce = options.partitionsAtOnce ?? 3;
  const onBatch = gatherBatches(takeBatches, {
    recordsMax: chunkMax,
    atOnce: partitionsAtOnce,
    restMs: options.restMs ?? 0,
  });

  const group = openGroup(
    { client, logger, timing, onFatal: parts.onFatal },
    {
      groupId,
      topics: options.topics,
      partitionsAtOnce: batchesOfOneFetch,
      onBatch,
      onAssigned: () => {
        clusterId = undefined; // it may be another cluster since
        for (const [at, { timer }] of waiting) {
          clearTimeout(timer);
          const { topic, partition } = placeOf(at);
          group.resume(topic, partition);
        }
        waiting.clear();
      },
      onError: note,
    },
  );

  const lagTimer = setInterval(() => void measure(), timing.lagPollMs);
  let measuring = false;
  const measure = async (): Promise<void> => {
    if (measuring || stopping) return;
    measuring = true;
    try {
      const measured = await measureLag(pool, client.admin, name, options.topics);
      ({ lag, parkedKeys } = measured);
      completeness = completenessAfter(completeness, measured.look);
      observe.lag?.(name, measured.lag);
      observe.parkedKeys?.(name, measured.parkedKeys);
    } catch (error) {
      note(toError(error));
    } finally {
      measuring = false;
    }
  };
  void measure();

  const stop = async (): Promise<void> => {
    stopping = true;
    clearInterval(lagTimer);
    for (const { timer } of waiting.values()) clearTimeout(timer);
    await group.stop();
  };
  let stopped: Promise<void> | undefined;

  return {
    name,
    state: (): ConsumerState => ({
      name,
      running: !stopping,
      ...group.membership(),
      lag,
      takenUntilMs: completeness.takenUntilMs,
      parkedKeys,
      waiting: [...waiting].map(([at, { reason }]) => ({ ...placeOf(at), reason })),
      ...(lastError === undefined ? {} : { lastError }),
    }),
    stop: () => (stopped ??= stop()),
  };
};
