import { randomUUID } from 'node:crypto';
import { keptMs, type TopicName } from '@tallywatt/contracts';
import { backOffMs } from './back-off';
import type { Timing } from './event-log-api';
import { toError } from './failure';
import { openGroup } from './group-member';
import { KafkaRefused } from './kafka-refusal';
import type { LogClient, RecordBatch } from './log-port';
import type { Logger } from './observer';
import { type ReadRecord, readRecord } from './parking';

const lookAgainMs = 30_000;

const expires = (topic: string): boolean => keptMs(topic as TopicName) !== undefined;

export type Follower = Readonly<{
  /** Resolves when everything was given that the topics held at the start. */
  caughtUp: Promise<void>;
  lag(): number | undefined;
  refused(): string | undefined;
  stop(): Promise<void>;
}>;

/**
 * Reads whole topics from their start, and on as they grow: all partitions, in a group of its own,
 * no offsets stored anywhere. Each record is given once, also when the client starts over.
 */
export const followLog = (
  parts: {
    client: LogClient;
    logger: Logger;
    timing: Timing;
    onFatal: (error: Error) => void;
    onRefused?: (error: KafkaRefused) => void;
  },
  options: {
    name: string;
    topics: readonly string[];
    /** If it throws, the reading ends and `caughtUp` rejects. */
    take(records: readonly ReadRecord[]): Promise<void>;
  },
): Follower => {
  const { client, logger, timing } = parts;
  const next = new Map<string, bigint>();
  const ends = new Map<string, bigint>();
  let targets: Map<string, bigint> | undefined;
  let stopping = false;
  let isCaughtUp = false;
  let resolveCaughtUp = (): void => undefined;
  let rejectCaughtUp: (error: Error) => void = () => undefined;
  const caughtUp = new Promise<void>((resolve, reject) => {
    resolveCaughtUp = resolve;
    rejectCaughtUp = reject;
  });
  caughtUp.catch(() => undefined); // whoever awaits it hears of it

  const check = (): void => {
    if (targets === undefined) return;
    for (const [at, end] of targets) if ((next.get(at) ?? 0n) < end) return;
    isCaughtUp = true;
    resolveCaughtUp();
  };

  // The last records of a partition can expire before they were read: then none is waited for.
  const lookAgain = (): void => {
    if (stopping || isCaughtUp) return;
    setTimeout(() => void lookForEnds(), lookAgainMs).unref();
  };

  const lookForEnds = async (): Promise<void> => {
    for (let attempts = 1; !stopping; attempts += 1) {
      try {
        const found = new Map<string, bigint>();
        for (const topic of options.topics) {
          for (const { partition, start, end } of await client.admin.offsets(topic)) {
            const at = `${topic}/${partition}`;
            found.set(at, start === end ? 0n : (targets?.get(at) ?? end));
          }
        }
        targets = found;
        for (const [at, end] of found) if (!ends.has(at)) ends.set(at, end);
        check();
        if (options.topics.some(expires)) lookAgain();
        return;
      } catch (thrown) {
        const error = toError(thrown);
        logger.warn({ err: error, view: options.name }, 'cannot ask for the end yet');
        if (error instanceof KafkaRefused) parts.onRefused?.(error);
        await new Promise((resolve) =>
          setTimeout(resolve, backOffMs(attempts, timing.backOffMaxMs)),
        );
      }
    }
  };

  const onBatch = async (batch: RecordBatch): Promise<void> => {
    const at = `${batch.topic}/${batch.partition}`;
    const known = next.get(at) ?? 0n;
    const records = batch.records.filter(({ position }) => position.offset >= known);
    try {
      if (records.length > 0) await options.take(records.map(readRecord));
    } catch (error) {
      group.pause(batch.topic, batch.partition);
      rejectCaughtUp(toError(error));
      return;
    }
    const last = batch.records.at(-1)?.position.offset;
    if (last === undefined) return;
    batch.resolve(last);
    ends.set(at, batch.endOffset);
    if (last + 1n > known) next.set(at, last + 1n);
    else group.seek(batch.topic, batch.partition, known);
    check();
  };

  const group = openGroup(parts, {
    // All partitions for everyone: so nobody else may be in the group.
    groupId: `${options.name}-${randomUUID()}`,
    topics: options.topics,
    partitionsAtOnce: 1,
    onBatch,
    onAssigned: () => undefined,
    onError: () => undefined,
  });
  void lookForEnds();

  return {
    caughtUp,
    lag: () => {
      if (targets === undefined) return undefined;
      let lag = 0n;
      for (const [at, end] of ends) {
        const from = next.get(at) ?? 0n;
        if (end > from) lag += end - from;
      }
      return Number(lag);
    },
    refused: () => group.membership().refused,
    stop: async () => {
      stopping = true;
      await group.stop();
    },
  };
};
