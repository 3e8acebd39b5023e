import type { Timing, View, ViewOptions } from './event-log-api';
import { toError } from './failure';
import { KeyBook } from './key-book';
import type { LogClient } from './log-port';
import { followLog } from './log-follower';
import type { EventLogObserver, Logger } from './observer';
import type { ReadRecord } from './parking';

/**
 * Keeps something in memory that every replica holds whole. It decides about records as consumers
 * do, but what it cannot take it cannot park: the key stands still, and that is said.
 */
export const openView = (
  parts: {
    service: string;
    client: LogClient;
    logger: Logger;
    observe: EventLogObserver;
    timing: Timing;
    onFatal: (error: Error) => void;
  },
  options: ViewOptions,
): View => {
  const { logger, observe } = parts;
  const { name } = options;
  const book = new KeyBook<ReadRecord>();
  const broken = new Map<string, string>();
  let ready = false;

  const breakKey = (record: ReadRecord, reason: string, error?: Error): void => {
    const { topic, key } = record;
    observe.parked?.(name, topic, 1);
    if (broken.has(`${topic}/${key}`)) return;
    broken.set(`${topic}/${key}`, reason);
    logger.error({ view: name, topic, key, reason, err: error }, 'view: key stands still');
  };

  const take = (record: ReadRecord): void => {
    const steps = book.offer(record);
    for (const [index, step] of steps.entries()) {
      if (step.do === 'park') breakKey(step.record, step.reason, step.error);
      if (step.do !== 'handle' || step.record.recorded === undefined) continue;
      try {
        options.apply(step.record.recorded);
        if (step.wasParked) broken.delete(`${record.topic}/${record.key}`);
      } catch (thrown) {
        const error = toError(thrown);
        const followers = steps.slice(index + 1).map((later) => later.record);
        book.poison(step.record, followers);
        breakKey(step.record, `refused: ${error.message}`, error);
        return;
      }
    }
  };

  const follower = followLog(parts, {
    // Permissions on groups go by the beginning of their names.
    name: `${parts.service}-view-${name}`,
    topics: options.topics,
    take: async (records) => records.forEach(take),
  });
  return {
    name,
    ready: follower.caughtUp.then(() => {
      ready = true;
    }),
    isReady: () => ready,
    lag: follower.lag,
    refused: follower.refused,
    brokenKeys: () => [...broken.keys()],
    stop: follower.stop,
  };
};
