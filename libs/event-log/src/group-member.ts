import { backOffMs } from './back-off';
import type { Timing } from './event-log-api';
import { isRetriable, toError } from './failure';
import type { LogClient, LogConsumer, RecordBatch } from './log-port';
import type { Logger } from './observer';

export type GroupOptions = Readonly<{
  groupId: string;
  topics: readonly string[];
  partitionsAtOnce: number;
  onBatch(batch: RecordBatch): Promise<void>;
  onAssigned(): void;
  onError(error: Error): void;
}>;

export type GroupMember = Readonly<{
  membership(): { joined: boolean; assigned: number };
  seek(topic: string, partition: number, offset: bigint): void;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  stop(): Promise<void>;
}>;

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

  const pauseBeforeJoining = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, backOffMs(attempts, timing.backOffMaxMs));
      wakeJoiner = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  /** Ends the use of the consumer that is joined or joining; a new one takes its place. */
  let endUse = (_reason: Error): void => undefined;

  const openConsumer = (): LogConsumer =>
    parts.client.consumer({
      groupId,
      topics: options.topics,
      sessionTimeoutMs: timing.sessionTimeoutMs,
      heartbeatIntervalMs: timing.heartbeatIntervalMs,
      partitionsAtOnce: options.partitionsAtOnce,
      onBatch,
      onAssigned: (partitions) => {
        joined = true;
        attempts = 0;
        assigned = [...partitions.values()].reduce((sum, { length }) => sum + length, 0);
        logger.info({ consumer: groupId, assigned }, 'consumer: partitions assigned');
        options.onAssigned();
      },
      onActivity: () => (activeMs = performance.now()),
      onError: (error) => {
        joined = false;
        logger.warn({ err: error, consumer: groupId }, 'consumer: trouble with the broker');
        options.onError(error);
      },
      onGivenUp: (error) => {
        joined = false;
        if (stopping) return;
        if (isRetriable(error)) endUse(error);
        else fatal(new Error(`consumer ${groupId} cannot go on`, { cause: error }));
      },
    });

  const join = async (): Promise<void> => {
    while (!stopping) {
      const ended = new Promise<Error>((resolve) => (endUse = resolve));
      const current = openConsumer();
      consumer = current;
      current.start().catch((thrown: unknown) => endUse(toError(thrown)));
      const error = await ended;
      if (stopping) return;
      attempts += 1;
      options.onError(error);
      activeMs = performance.now();
      logger.warn({ err: error, consumer: groupId, attempts }, 'consumer: cannot join yet');
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
    membership: () => ({ joined, assigned: joined ? assigned : 0 }),
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
