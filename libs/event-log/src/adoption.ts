import { setTimeout } from 'node:timers/promises';
import type { TopicName } from '@tallywatt/contracts';
import type { Pool } from 'pg';
import {
  adoptRecords,
  finishAdoption,
  type OwnEvents,
  type OwnRecord,
  readOwn,
  sourceOf,
  topicsToAdopt,
} from './adoption-tables';
import { backOffMs } from './back-off';
import { crashPoint } from './crash-point';
import type { Timing } from './event-log-api';
import { isRetriable, RetriableError, toError } from './failure';
import { KafkaRefused } from './kafka-refusal';
import { followLog } from './log-follower';
import type { LogClient } from './log-port';
import type { LogRecord } from './log-record';
import type { Logger } from './observer';
import { runTransaction, type SqlClient } from './sql-client';

export type Adopted = Readonly<{
  /** Number of events that were not in this database before. */
  events: number;
}>;

export type Restore = (own: OwnEvents, tx: SqlClient) => Promise<void>;

type Parts = Readonly<{
  /** The source of our events. */
  service: string;
  pool: Pool;
  client: LogClient;
  logger: Logger;
  timing: Timing;
  /** Aborted when the event log stops. */
  ending: AbortSignal;
}>;

/**
 * Takes over what earlier databases of this service have said. Each batch is a transaction and can
 * be repeated; only the last one, with what `restore` writes, makes the topics our own. So it can
 * be killed anywhere, and is begun anew.
 *
 * @returns undefined when the database knows its streams: then Kafka is not asked.
 */
export const adoptStreams = async (
  parts: Parts,
  topics: readonly TopicName[],
  restore?: Restore,
): Promise<Adopted | undefined> => {
  const { pool, logger, timing, ending } = parts;
  const open = await runTransaction(pool, (tx) => topicsToAdopt(tx, topics));
  if (open.length === 0) return undefined;
  for (let events = 0, attempts = 1; ; attempts += 1) {
    try {
      for (const topic of await topicsWithRecords(parts, open)) {
        events += await readTopic(parts, topic);
      }
      await runTransaction(pool, (tx) => finishAdoption(tx, open, restore));
      logger.info({ topics: open, events }, 'adoption: this database has its streams');
      return { events };
    } catch (error) {
      if (ending.aborted) throw stoppedBefore(open);
      if (!isRetriable(error)) throw error;
      logger[levelOf(error)](
        { err: toError(error), topics: open, attempts },
        'adoption: not finished yet, will be begun anew',
      );
      await pause(backOffMs(attempts, timing.backOffMaxMs), ending);
    }
  }
};

const stoppedBefore = (topics: readonly TopicName[]): Error =>
  new Error(`stopped before ${topics.join(', ')} could be adopted`);

/** A Kafka that is away comes back; one that refuses waits for people. */
const levelOf = (error: unknown): 'warn' | 'error' =>
  error instanceof KafkaRefused ? 'error' : 'warn';

const pause = (ms: number, ending: AbortSignal): Promise<void> =>
  setTimeout(ms, undefined, { signal: ending }).catch(() => undefined); // whoever waits looks

/** Asks until Kafka answers: without it nobody knows whether the streams are new. */
const topicsWithRecords = async (
  { client, logger, timing, ending }: Parts,
  topics: readonly TopicName[],
): Promise<TopicName[]> => {
  for (let attempts = 1; ; attempts += 1) {
    if (ending.aborted) throw stoppedBefore(topics);
    try {
      const found: TopicName[] = [];
      for (const topic of topics) {
        const partitions = await client.admin.offsets(topic);
        if (partitions.some(({ start, end }) => end > start)) found.push(topic);
      }
      return found;
    } catch (error) {
      logger[levelOf(error)](
        { err: toError(error), topics, attempts },
        'adoption: a new database waits for Kafka',
      );
      await pause(backOffMs(attempts, timing.backOffMaxMs), ending);
    }
  }
};

/** Reads a topic from its start to its present end. Gives the number of events that were new. */
const readTopic = async (parts: Parts, topic: TopicName): Promise<number> => {
  const { pool, client, logger, timing, ending } = parts;
  let events = 0;
  let foreign = 0;
  const take = async (records: readonly LogRecord[]): Promise<void> => {
    const ours = records.filter((record) => sourceOf(record) === parts.service);
    foreign += records.length - ours.length;
    const own = ours.flatMap((record) => ownOrNothing(record, logger));
    if (own.length === 0) return;
    events += await runTransaction(pool, (tx) => adoptRecords(tx, own));
    crashPoint('adoption.after-batch');
  };
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const onEnding = (): void => fail(stoppedBefore([topic]));
  ending.addEventListener('abort', onEnding);
  failed.catch(() => undefined); // the race hears of it
  const follower = followLog(
    {
      client,
      logger,
      timing,
      onFatal: (error) => fail(new RetriableError(`${topic} cannot be read`, { cause: error })),
      onRefused: (error) => fail(error),
    },
    {
      name: `${parts.service}-adoption`,
      topics: [topic],
      take: (records) => take(records.map(({ record }) => record)),
    },
  );
  try {
    await Promise.race([follower.caughtUp, failed]);
  } finally {
    ending.removeEventListener('abort', onEnding);
    await follower.stop();
  }
  if (foreign > 0) logger.warn({ topic, foreign }, 'adoption: records of other sources left out');
  return events;
};

/** A record without a number is none of ours, whatever it says: consumers have parked it. */
const ownOrNothing = (record: LogRecord, logger: Logger): OwnRecord[] => {
  try {
    return [readOwn(record)];
  } catch (error) {
    const { topic, partition, offset } = record.position;
    logger.error(
      { err: toError(error), topic, partition, offset: offset.toString() },
      'adoption: a record that names this service cannot be taken over, and is left out',
    );
    return [];
  }
};
