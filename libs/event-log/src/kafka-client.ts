import {
  type Batch,
  CompressionTypes,
  Kafka,
  type IHeaders,
  type logCreator,
  logLevel,
  Partitioners,
  type Producer,
  type RecordMetadata,
  type SASLOptions,
  type TopicMessages,
} from 'kafkajs';
import type { ConnectionOptions } from 'node:tls';
import type { KafkaConnection } from './kafka-connection';
import { openAdmin } from './kafka-admin';
import { namingRefusal, type Naming, passesByItself } from './kafka-refusal';
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

// With kafka-admin.ts the only file that knows kafkajs (2.2.4). Its traps are answered here: offsets
// are never committed to Kafka, the producer is not idempotent (see README), and giving up is reported, not retried.

const quieter: Readonly<Record<number, 'debug' | 'info'>> = {
  [logLevel.ERROR]: 'info', // what matters reaches the caller as an error, and is logged there
};

const logInto =
  (logger: Logger, hear: (message: string, error: unknown) => void): logCreator =>
  () =>
  ({ level, namespace, log }) => {
    const { message, error, broker, groupId, topic } = log as Record<string, unknown> & {
      message: string;
    };
    hear(message, error);
    logger[quieter[level] ?? 'debug']({ namespace, error, broker, groupId, topic }, message);
  };

const longPollMs = 250;

// kafkajs reads these at every connection it opens, hence the getters.
const securityOf = ({
  tls,
  sasl,
}: KafkaConnection): { ssl?: ConnectionOptions; sasl?: SASLOptions } => ({
  ...(tls && {
    ssl: {
      ...(tls.serverName !== undefined && { servername: tls.serverName }),
      get ca() {
        return tls.ca?.();
      },
      get cert() {
        return tls.client?.certificate();
      },
      get key() {
        return tls.client?.key();
      },
    },
  }),
  ...(sasl && {
    sasl: {
      mechanism: sasl.mechanism.toLowerCase() as 'plain',
      username: sasl.username,
      get password() {
        return sasl.password();
      },
    },
  }),
});

type OpenKafka = (hear?: (message: string, error: unknown) => void) => Kafka;

export const connectKafka = (
  options: KafkaConnection & Readonly<{ clientId: string; logger: Logger }>,
): LogClient => {
  const naming: Naming = (error, what) => namingRefusal(toError(error), options, what);
  const open: OpenKafka = (hear = () => undefined) =>
    new Kafka({
      ...securityOf(options),
      clientId: options.clientId,
      brokers: [...options.brokers],
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      logLevel: logLevel.WARN,
      logCreator: logInto(options.logger, hear),
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 4 },
    });
  const kafka = open();
  const { admin, close } = openAdmin(kafka, naming);
  return {
    producer: () => openProducer(kafka, admin, naming),
    consumer: (consumerOptions) => openConsumer(open, consumerOptions, naming),
    admin,
    close,
  };
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

const openProducer = (kafka: Kafka, admin: LogAdmin, naming: Naming): LogProducer => {
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
  const append = async (topicMessages: TopicMessages[]): Promise<RecordMetadata[]> => {
    try {
      const producer = await (connected ??= connect());
      return await producer.sendBatch({
        acks: -1,
        timeout: 8_000,
        compression: CompressionTypes.None,
        topicMessages,
      });
    } catch (error) {
      throw naming(error, `write to ${topicMessages.map(({ topic }) => topic).join(', ')}`);
    }
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
      const answers = await append([...byTopic.values()]);
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

/**
 * CloudEvents headers occur once; of a header that is repeated the last one stands. Every record has
 * a dozen of them: they are taken as they lie in the answer, not copied.
 */
const singleHeaders = (headers: IHeaders | undefined): HeaderBytes => {
  const single = Object.create(null) as Record<string, Buffer>;
  for (const name in headers) {
    const given = headers[name];
    const last = Array.isArray(given) ? given.at(-1) : given;
    if (last === undefined || last === null) continue;
    single[name] = typeof last === 'string' ? Buffer.from(last) : last;
  }
  return single;
};

const recordsOf = (batch: Batch): LogRecord[] =>
  batch.messages.map(({ offset, key, value, headers }) => ({
    position: { topic: batch.topic, partition: batch.partition, offset: BigInt(offset) },
    key,
    value,
    headers: singleHeaders(headers),
  }));

const groupRefused = (said: string): Error =>
  Object.assign(new Error(said), { type: 'GROUP_AUTHORIZATION_FAILED' });

const openConsumer = (
  open: OpenKafka,
  options: LogConsumerOptions,
  naming: Naming,
): LogConsumer => {
  const reading = `read ${options.topics.join(', ')} as group ${options.groupId}`;
  let coordinatorSaid = '';
  // kafkajs swallows why it got no coordinator, but for its log.
  const kafka = open((message, error) => {
    if (message.startsWith('Response GroupCoordinator')) coordinatorSaid = String(error);
  });
  const name = (error: unknown): Error =>
    passesByItself(toError(error)) && coordinatorSaid.includes('authorization failed')
      ? naming(groupRefused(coordinatorSaid), reading)
      : naming(error, reading);
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
    events.HEARTBEAT,
    events.REBALANCING,
    events.REQUEST,
    events.REQUEST_TIMEOUT,
  ] as const) {
    consumer.on(event as 'consumer.connect', () => options.onActivity());
  }
  consumer.on(events.FETCH, () => {
    options.onActivity();
    options.onFetched();
  });
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    options.onActivity();
    options.onAssigned(new Map(Object.entries(payload.memberAssignment)));
  });
  consumer.on(events.CRASH, ({ payload: { error, restart } }) => {
    options.onActivity();
    const named = name(error);
    if (restart) options.onError(named);
    else if (named === error && passesByItself(error)) {
      options.onGivenUp(new RetriableError(error.message, { cause: error }));
    } else options.onGivenUp(named);
  });
  let starting: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: !options.isFromEnd });
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
    start: () =>
      (starting = start().catch((error: unknown) => {
        throw name(error);
      })),
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
