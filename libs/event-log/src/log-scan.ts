import type { LogPosition, RecordedEvent } from '@tallywatt/contracts';
import { toError } from './failure';
import { connectKafka } from './kafka-client';
import { connectionOf, type KafkaConnection } from './kafka-connection';
import { followLog } from './log-follower';
import type { LogClient, PartitionEnds } from './log-port';
import type { Logger } from './observer';
import type { ReadRecord } from './parking';
import { standardTiming } from './timing';

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A record as it lies in the log; `recorded` is what it says, `fault` why it says nothing. */
export type ScannedRecord = Readonly<{ position: LogPosition; key: string; bytes: number }> &
  (
    | Readonly<{ recorded: RecordedEvent; fault?: never }>
    | Readonly<{ recorded?: never; fault: string }>
  );

/** How far topics reach: by topic, the first and the next free offset of each partition. */
export type LogEnds = ReadonlyMap<string, readonly PartitionEnds[]>;

/** Topics that should be read are not there. */
export class TopicsMissing extends Error {
  constructor(readonly topics: readonly string[]) {
    super(`the cluster has no topic ${topics.join(', ')}, or does not let this user know of it`);
    this.name = 'TopicsMissing';
  }
}

const withClient = async <T>(
  connection: KafkaConnection,
  logger: Logger,
  work: (client: LogClient) => Promise<T>,
): Promise<T> => {
  const client = connectKafka({ ...connection, clientId: 'log-scan', logger });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
};

/**
 * Asks how far topics reach now, one after the other: name effects before their causes, and every
 * effect below its end has its cause below the end of the cause's topic.
 *
 * @throws TopicsMissing
 */
export const logEnds = (
  options: KafkaConnection & Readonly<{ topics: readonly string[]; logger?: Logger }>,
): Promise<LogEnds> =>
  withClient(connectionOf(options), options.logger ?? silent, async ({ admin }) => {
    const existing = new Set(await admin.topicNames());
    const missing = options.topics.filter((topic) => !existing.has(topic));
    if (missing.length > 0) throw new TopicsMissing(missing);
    const ends = new Map<string, readonly PartitionEnds[]>();
    for (const topic of options.topics) ends.set(topic, await admin.offsets(topic));
    return ends;
  });

const scanned = ({ record, key, recorded, fault }: ReadRecord): ScannedRecord => {
  const place = { position: record.position, key, bytes: record.value?.length ?? 0 };
  return recorded === undefined
    ? { ...place, fault: fault?.message ?? 'cannot be read' }
    : { ...place, recorded };
};

/**
 * Reads topics once, up to given ends, and gives every record as it is: also what cannot be read,
 * what was published twice and what misses something before it. For those who judge the log;
 * a rebuild that only wants its events takes `replayTopics`. In order within a partition.
 */
export const scanLog = (
  options: KafkaConnection &
    Readonly<{
      topics: readonly string[];
      ends: LogEnds;
      take(records: readonly ScannedRecord[]): Promise<void> | void;
      logger?: Logger;
    }>,
): Promise<void> => {
  const logger = options.logger ?? silent;
  const endOf = new Map(
    options.topics.flatMap((topic) =>
      (options.ends.get(topic) ?? []).map(({ partition, end }) => [`${topic}/${partition}`, end]),
    ),
  );
  return withClient(connectionOf(options), logger, async (client) => {
    let fail: (error: Error) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => undefined);
    const follower = followLog(
      {
        client,
        logger,
        timing: standardTiming,
        onFatal: (error) => fail(error),
        onRefused: (error) => fail(error),
      },
      {
        name: 'log-scan',
        topics: options.topics,
        take: async (records) => {
          const within = records.filter(({ record: { position } }) => {
            const end = endOf.get(`${position.topic}/${position.partition}`);
            return end !== undefined && position.offset < end;
          });
          if (within.length > 0) await options.take(within.map(scanned));
        },
      },
    );
    try {
      await Promise.race([follower.caughtUp, failed]);
    } catch (error) {
      throw toError(error);
    } finally {
      await follower.stop();
    }
  });
};
