import {
  type Admin,
  type Batch,
  CompressionTypes,
  ConfigResourceTypes,
  Kafka,
  type IHeaders,
  type logCreator,
  logLevel,
  Partitioners,
  type Producer,
  type TopicMessages,
} from 'kafkajs';
import type {
  LogAdmin,
  LogClient,
  LogConsumer,
  LogConsumerOptions,
  LogProducer,
  RecordBatch,
} from './log-port';
import type { HeaderBytes, LogRecord, OutgoingRecord } from './log-record';
import { RetriableError, toError } from './failure';
import type { Logger } from './observer';

// The only file that knows kafkajs (2.2.4). Its traps are answered here: offsets are never committed
// to Kafka, the producer is not idempotent (see README), and giving up is reported, not retried.

const quieter: Readonly<Record<number, 'debug' | 'info'>> = {
  [logLevel.ERROR]: 'info', // what matters reaches the caller as an error, and is logged there
};

const logInto =
  (logger: Logger): logCreator =>
  () =>
  ({ level, namespace, log }) => {
    const { message, error, broker, groupId, topic } = log as Record<string, unknown> & {
      message: string;
    };
    logger[quieter[level] ?? 'debug']({ namespace, error, broker, groupId, topic }, message);
  };

const longPollMs = 250;

export const connectKafka = (options: {
  brokers: readonly string[];
  clientId: string;
  logger: Logger;
}): LogClient => {
  const kafka = new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    logLevel: logLevel.WARN,
    logCreator: logInto(options.logger),
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 4 },
  });
  const { admin, close } = openAdmin(kafka);
  return {
    producer: () => openProducer(kafka, admin),
    consumer: (consumerOptions) => openConsumer(kafka, consumerOptions),
    admin,
    close,
  };
};

const openAdmin = (kafka: Kafka): { admin: LogAdmin; close: () => Promise<void> } => {
  let connected: Promise<Admin> | undefined;
  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  };
  const drop = async (): Promise<void> => {
    const dropped = connected;
    connected = undefined;
    await dropped?.then((admin) => admin.disconnect()).catch(() => undefined);
  };
  const ask = async <T>(question: (admin: Admin) => Promise<T>): Promise<T> => {
    try {
      return await question(await (connected ??= connect()));
    } catch (error) {
      await drop(); // the next question gets a fresh connection
      throw error;
    }
  };
  const admin: LogAdmin = {
    clusterId: () => ask(async (client) => (await client.describeCluster()).clusterId),
    offsets: (topic) =>
      ask(async (client) =>
        (await client.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
          partition,
          start: BigInt(low),
          end: BigInt(high),
        })),
      ),
    partitionCounts: (topics) =>
      ask(async (client) => {
        const { topics: found } = await client.fetchTopicMetadata({ topics: [...topics] });
        return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
      }),
    topicNames: () => ask((client) => client.listTopics()),
    topicDetails: (topic) =>
      ask(async (client) => {
        const { resources } = await client.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
        });
        const { topics } = await client.fetchTopicMetadata({ topics: [topic] });
        const entries = resources.flatMap(({ configEntries }) => configEntries);
        return {
          settings: new Map(
            entries.map(({ configName, configValue }) => [configName, configValue]),
          ),
          replicationFactor: topics[0]?.partitions[0]?.replicas.length ?? 0,
        };
      }),
    createTopics: (topics) =>
      ask(async (client) => {
        await client.createTopics({
          waitForLeaders: true,
          topics: topics.map(({ name, partitions, replicationFactor, settings }) => ({
            topic: name,
            numPartitions: partitions,
            replicationFactor,
            configEntries: Object.entries(settings).map(([entry, value]) => ({
              name: entry,
              value,
            })),
          })),
        });
      }),
  };
  return { admin, close: drop };
};

/** Where a key lies: murmur2 as in the Java client, so any client finds the same partition. */
const partitionOf = (partitions: number, key: Buffer | string | null): number => {
  const partitioner = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return partitioner({ topic: '', partitionMetadata, message: { key: key ?? '', value: null } });
};

const openProducer = (kafka: Kafka, admin: LogAdmin): LogProducer => {
  let connected: Promise<Producer> | undefined;
  const partitionCounts = new Map<string, number>();
  const connect = async (): Promise<Producer> => {
    const producer = kafka.producer({
      // kafkajs' idempotent producer loses acknowledged records when an answer is lost; sending
      // twice is harmless instead, because consumers know what they have seen.
      idempotent: false,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  };
  const place = async (records: readonly OutgoingRecord[]): Promise<number[]> => {
    const unknown = [...new Set(records.map(({ topic }) => topic))].filter(
      (topic) => !partitionCounts.has(topic),
    );
    if (unknown.length > 0) {
      for (const [topic, count] of await admin.partitionCounts(unknown)) {
        partitionCounts.set(topic, count);
      }
    }
    return records.map(({ topic, key }) => {
      const count = partitionCounts.get(topic);
      if (count === undefined || count < 1) throw new Error(`topic ${topic} has no partitions`);
      return partitionOf(count, key);
    });
  };
  return {
    send: async (records) => {
      const partitions = await place(records);
      const byTopic = new Map<string, TopicMessages>();
      records.forEach(({ topic, key, value, headers }, index) => {
        const entry = byTopic.get(topic) ?? { topic, messages: [] };
        byTopic.set(topic, entry);
        entry.messages.push({ key, value, headers, partition: partitions[index] as number });
      });
      const producer = await (connected ??= connect());
      const answers = await producer.sendBatch({
        acks: -1,
        timeout: 8_000,
        compression: CompressionTypes.None,
        topicMessages: [...byTopic.values()],
      });
      const next = new Map(
        answers.map(({ topicName, partition, baseOffset }) => [
          `${topicName}/${partition}`,
          BigInt(baseOffset ?? '-1'),
        ]),
      );
      return records.map(({ topic }, index) => {
        const partition = partitions[index] as number;
        const offset = next.get(`${topic}/${partition}`);
        if (offset === undefined || offset < 0n) {
          throw new Error(`the broker did not say where ${topic}/${partition} was appended`);
        }
        next.set(`${topic}/${partition}`, offset + 1n);
        return { partition, offset };
      });
    },
    close: async () => {
      const closed = connected;
      connected = undefined;
      await closed?.then((producer) => producer.disconnect()).catch(() => undefined);
    },
  };
};

/** CloudEvents headers occur once; of a header that is repeated the last one stands. */
const singleHeaders = (headers: IHeaders | undefined): HeaderBytes =>
  Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, given]) => {
      const last = Array.isArray(given) ? given.at(-1) : given;
      return last === undefined || last === null ? [] : [[name, Buffer.from(last)]];
    }),
  );

const recordsOf = (batch: Batch): LogRecord[] =>
  batch.messages.map(({ offset, key, value, headers }) => ({
    position: { topic: batch.topic, partition: batch.partition, offset: BigInt(offset) },
    key,
    value,
    headers: singleHeaders(headers),
  }));

/**
 * What kafkajs calls beyond retrying although it passes by itself: a broker that has just started
 * names a coordinator before its own metadata lists it.
 */
const passes = ({ name }: Error): boolean => name === 'KafkaJSGroupCoordinatorNotFound';

const openConsumer = (kafka: Kafka, options: LogConsumerOptions): LogConsumer => {
  const consumer = kafka.consumer({
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    heartbeatInterval: options.heartbeatIntervalMs,
    rebalanceTimeout: Math.max(options.sessionTimeoutMs, 30_000),
    maxWaitTimeInMs: longPollMs,
    allowAutoTopicCreation: false,
    // A broker that is down is waited for without end; anything kafkajs cannot retry ends in CRASH.
    retry: {
      initialRetryTime: 100,
      maxRetryTime: 2_000,
      retries: 4,
      restartOnFailure: async () => true,
    },
  });
  const { events } = consumer;
  for (const event of [
    events.CONNECT,
    events.FETCH,
    events.HEARTBEAT,
    events.REBALANCING,
    events.REQUEST,
    events.REQUEST_TIMEOUT,
  ] as const) {
    consumer.on(event as 'consumer.connect', () => options.onActivity());
  }
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    options.onActivity();
    options.onAssigned(new Map(Object.entries(payload.memberAssignment)));
  });
  consumer.on(events.CRASH, ({ payload: { error, restart } }) => {
    options.onActivity();
    if (restart) options.onError(error);
    else
      options.onGivenUp(
        passes(error) ? new RetriableError(error.message, { cause: error }) : error,
      );
  });
  let starting: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: options.partitionsAtOnce,
      eachBatch: (payload) => {
        const { batch } = payload;
        const fetched = (batch as unknown as { fetchedOffset: string }).fetchedOffset;
        const recordBatch: RecordBatch = {
          topic: batch.topic,
          partition: batch.partition,
          fetchedOffset: BigInt(fetched),
          endOffset: BigInt(batch.highWatermark),
          records: recordsOf(batch),
          resolve: (offset) => payload.resolveOffset(offset.toString()),
          heartbeat: () => payload.heartbeat(),
          isCurrent: () => payload.isRunning() && !payload.isStale(),
        };
        return options.onBatch(recordBatch);
      },
    });
  };
  const whileRunning = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      // Between a crash and the restart there is nothing to steer; the next batch is checked anyway.
      options.onError(toError(error));
    }
  };
  return {
    start: () => (starting = start()),
    stop: async () => {
      // kafkajs forgets a stop that comes while it joins.
      await Promise.race([
        starting.catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, 5_000).unref()),
      ]);
      await consumer.disconnect().catch(() => undefined);
    },
    seek: (topic, partition, offset) =>
      whileRunning(() => consumer.seek({ topic, partition, offset: offset.toString() })),
    pause: (topic, partition) =>
      whileRunning(() => consumer.pause([{ topic, partitions: [partition] }])),
    resume: (topic, partition) =>
      whileRunning(() => consumer.resume([{ topic, partitions: [partition] }])),
  };
};
