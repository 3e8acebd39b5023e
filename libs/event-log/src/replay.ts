import type { RecordedEvent, TopicName } from '@tallywatt/contracts';
import { KeyBook } from './key-book';
import { connectKafka } from './kafka-client';
import { connectionOf, type KafkaConnection } from './kafka-connection';
import { followLog } from './log-follower';
import type { Logger } from './observer';
import type { ReadRecord } from './parking';
import { standardTiming } from './timing';

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const faultOf = ({ record, key }: ReadRecord, reason: string): Error => {
  const { topic, partition, offset } = record.position;
  return new Error(`${topic}/${partition} at ${offset}, ${key}: ${reason}`);
};

/**
 * Reads topics once, from their start to what is their end now: for rebuilds. Nothing is stored
 * and nothing is published. Each event is given once; of one stream in order, across streams and
 * topics in any. Unlike a consumer it parks nothing: a rebuild that leaves something out is wrong.
 *
 * @throws when a record cannot be decoded, a stream has a gap, or `handle` throws.
 */
export const replayTopics = async (
  options: KafkaConnection &
    Readonly<{
      topics: readonly TopicName[];
      handle(events: readonly RecordedEvent[]): Promise<void>;
      logger?: Logger;
    }>,
): Promise<{ events: number }> => {
  const logger = options.logger ?? silent;
  const client = connectKafka({ ...connectionOf(options), clientId: 'replay', logger });
  const book = new KeyBook<ReadRecord>();
  /** Records whose stream misses one before them. */
  const early = new Map<ReadRecord, string>();
  let events = 0;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);

  const take = async (records: readonly ReadRecord[]): Promise<void> => {
    const taken: RecordedEvent[] = [];
    for (const record of records) {
      for (const step of book.offer(record)) {
        if (step.do === 'park' && step.kind !== 'gap') throw faultOf(step.record, step.reason);
        if (step.do === 'park') early.set(step.record, step.reason);
        if (step.do !== 'handle' || step.record.recorded === undefined) continue;
        early.delete(step.record);
        taken.push(step.record.recorded);
      }
    }
    if (taken.length > 0) await options.handle(taken);
    events += taken.length;
  };
  const follower = followLog(
    {
      client,
      logger,
      timing: standardTiming,
      onFatal: (error) => fail(error),
      onRefused: (error) => fail(error),
    },
    { name: 'replay', topics: options.topics, take },
  );
  try {
    await Promise.race([follower.caughtUp, failed]);
    for (const [record, reason] of early) throw faultOf(record, reason);
    return { events };
  } finally {
    await follower.stop();
    await client.close();
  }
};
