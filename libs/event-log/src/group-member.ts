import { backOffMs } from './back-off';
import type { Timing } from './event-log-api';
import { isRetriable, toError } from './failure';
import { KafkaRefused } from './kafka-refusal';
import type { LogClient, LogConsumer, RecordBatch } from './log-port';
import type { Logger } from './observer';

export type GroupOptions = Readonly<{
  groupId: string;
  topics: readonly string[];
  /** What is in the topics when it joins for the first time is passed over. */
  isFromEnd?: boolean;
  partitionsAtOnce: number;
  onBatch(batch: RecordBatch): Promise<void>;
  onAssigned(): void;
  onError(error: Error): void;
}>;

export type GroupMember = Readonly<{
  membership(): { joined: boolean; assigned: number; refused?: string };
  seek(topic: string, partition: number, offset: bigint): void;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  stop(): Promise<void>;
}>;

/** At the longest back-off one line in a minute. */
const refusalsForOneLine = 12;

/**
 * Keeps a consumer in its group: joins, for as long as it takes, sends heartbeats while batches are
 * worked on, and ends the process when the consumer is beyond help: given up by the client for more
 * than a passing reason, or without a sign of life. Being restarted is better than standing still
 * unnoticed.
 */
export const openGroup = (
  parts: {
    client: LogClient;
    logger: Logger;
    timing: Timing;
    onFatal: (error: Error) => void;
    /** For readings that end rather than wait until somebody permits them. */
    onRefused?: (error: KafkaRefused) => void;
  },
  options: GroupOptions,
): GroupMember => {
  const { logger, timing } = parts;
  const { groupId } = options;
  const batches = new Set<{ topic: string; partition: number; sinceMs: number }>();
  let joined = false;
  let assigned = 0;
  let stopping = false;
  let activeMs = performance.now();
  let consumer: LogConsumer | undefined;
  let wakeJoiner = (): void => undefined;
  let attempts = 0;
  let refused: KafkaRefused | undefined;
  let refusals = 0;

  const tell = (error: Error): void => {
    joined = false;
    options.onError(error);
    refusals = refused === undefined ? 0 : refusals + 1;
    refused = error instanceof KafkaRefused ? error : undefined;
    if (refused === undefined) {
      logger.warn({ err: error, consumer: groupId, attempts }, 'consumer: trouble with the broker');
      return;
    }
    // Somebody has to hear of it, and nobody wants to hear it at every attempt. They are counted
    // apart: the client's own restarts are no attempts of ours.
    const level = refusals % refusalsForOneLine === 0 ? 'error' : 'debug';
    logger[level]({ err: error, consumer: groupId, attempts }, 'consumer: Kafka refuses');
    parts.onRefused?.(refused);
  };

  const onBatch = async (batch: RecordBatch): Promise<void> => {
    const entry = { topic: batch.topic, partition: batch.partition, sinceMs: performance.now() };
    batches.add(entry);
    // A heartbeat that fails tells of a rebalance; the client hears of it after the batch.
    const beating = setInterval(
      () => void batch.heartbeat().catch(() => undefined),
      timing.heartbeatIntervalMs,
    );
    try {
      await options.onBatch(batch);
    } finally {
      clearInterval(beating);
      batches.delete(entry);
    }
  };

  const pauseBeforeJoining = async (): Promise<void> => {
    if (stopping) return; // whoever stops has nobody to wake yet
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, backOffMs(attempts, timing.backOffMaxMs));
      wakeJoiner = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  };

  /** Ends the use of the consumer that is joined or joining; a new one takes its place. */
  let endUse = (_reason: Error): void => undefined;

  // What a consumer says after its use has ended is not about the one in its place.
  const openConsumer = (use: { isOver: boolean; end: (reason: Error) => void }): LogConsumer =>
    parts.client.consumer({
      groupId,
      topics: options.topics,
      isFromEnd: options.isFromEnd ?? false,
      sessionTimeoutMs: timing.sessionTimeoutMs,
      heartbeatIntervalMs: timing.heartbeatIntervalMs,
      partitionsAtOnce: options.partitionsAtOnce,
      onBatch,
      onAssigned: (partitions) => {
        if (use.isOver) return;
        joined = true;
        assigned = [...partitions.values()].reduce((sum, { length }) => sum + length, 0);
        logger.info({ consumer: groupId, assigned }, 'consumer: partitions assigned');
        if (assigned === 0) refused = undefined; // nothing to fetch, nothing to refuse
        options.onAssigned();
      },
      // Not joining: that can be permitted where reading is not.
      onFetched: () => {
        if (use.isOver) return;
        attempts = 0;
        refused = undefined;
      },
      onActivity: () => {
        if (!use.isOver) activeMs = performance.now();
      },
      onError: (error) => {
        if (!use.isOver) tell(error);
      },
      onGivenUp: (error) => {
        if (use.isOver) return;
        joined = false;
        if (stopping) return;
        if (isRetriable(error)) use.end(error);
        else fatal(new Error(`consumer ${groupId} cannot go on`, { cause: error }));
      },
    });

  const join = async (): Promise<void> => {
    while (!stopping) {
      const ended = new Promise<Error>((resolve) => (endUse = resolve));
      const use = { isOver: false, end: endUse };
      const current = openConsumer(use);
      consumer = current;
      current.start().catch((thrown: unknown) => use.end(toError(thrown)));
      const error = await ended;
      use.isOver = true;
      if (stopping) return;
      attempts += 1;
      activeMs = performance.now();
      tell(error);
      await current.stop();
      await pauseBeforeJoining();
    }
  };

  const fatal = (error: Error): void => {
    logger.error({ err: error, consumer: groupId }, 'consumer: fatal');
    parts.onFatal(error);
  };

  const lookMs = timing.silenceMaxMs / 4;
  let lookedMs = performance.now();
  const supervising = setInterval(() => {
    const nowMs = performance.now();
    if (nowMs - lookedMs > 2 * lookMs) {
      // It was the whole process that stood still, and it goes on: no reason to end it.
      activeMs = nowMs;
      for (const batch of batches) batch.sinceMs = nowMs;
    }
    lookedMs = nowMs;
    const stuck = [...batches].find(({ sinceMs }) => nowMs - sinceMs > timing.silenceMaxMs);
    if (stuck !== undefined) {
      fatal(new Error(`consumer ${groupId} is stuck in ${stuck.topic}/${stuck.partition}`));
    } else if (nowMs - activeMs > timing.silenceMaxMs) {
      fatal(new Error(`consumer ${groupId} gave no sign of life`));
    }
  }, lookMs);
  supervising.unref();

  const joining = join();
  return {
    membership: () => ({
      joined,
      assigned: joined ? assigned : 0,
      ...(refused && { refused: refused.message }),
    }),
    seek: (topic, partition, offset) => consumer?.seek(topic, partition, offset),
    pause: (topic, partition) => consumer?.pause(topic, partition),
    resume: (topic, partition) => consumer?.resume(topic, partition),
    stop: async () => {
      stopping = true;
      clearInterval(supervising);
      wakeJoiner();
      await consumer?.stop();
      endUse(new Error('stopping'));
      await joining.catch(() => undefined);
      joined = false;
    },
  };
};
