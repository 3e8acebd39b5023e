import { CompressionTypes, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import type { LogLine } from '../workload/session-log';

// The bare limit: kafkajs as its documentation shows it, with the one setting that must be changed
// (autoCommit off), and nothing of ours around it. Nothing but contenders may import it.

const connect = (brokers: string): Kafka =>
  new Kafka({ clientId: 'bare', brokers: brokers.split(','), logLevel: logLevel.NOTHING });

export type Produced = Readonly<{ seconds: number }>;

const openProducer = async (kafka: Kafka): Promise<Producer> => {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return producer;
};

/** Sends lines in batches, one in flight, and waits for all replicas each time. */
export const produceLines = async (
  brokers: string,
  lines: readonly LogLine[],
  batchSize: number,
): Promise<Produced> => {
  const producer = await openProducer(connect(brokers));
  try {
    const startedMs = performance.now();
    for (let from = 0; from < lines.length; from += batchSize) {
      const byTopic = new Map<string, LogLine[]>();
      for (const line of lines.slice(from, from + batchSize)) {
        const ofTopic = byTopic.get(line.topic) ?? [];
        byTopic.set(line.topic, ofTopic);
        ofTopic.push(line);
      }
      await producer.sendBatch({
        acks: -1,
        compression: CompressionTypes.None,
        topicMessages: [...byTopic].map(([topic, messages]) => ({
          topic,
          messages: messages.map(({ key, value, headers }) => ({ key, value, headers })),
        })),
      });
    }
    return { seconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    await producer.disconnect();
  }
};

export type Consumed = Readonly<{ events: number; seconds: number; bytes: number }>;

/** Reads topics from their start and parses each value; the clock runs from the first batch. */
export const consumeLines = async (
  brokers: string,
  topics: readonly string[],
  expected: number,
): Promise<Consumed> => {
  const consumer = connect(brokers).consumer({
    groupId: `bare-${process.pid}-${Math.random().toString(36).slice(2)}`,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 250,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  let events = 0;
  let bytes = 0;
  let startedMs: number | undefined;
  try {
    const seconds = await new Promise<number>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`the bare consumer got ${events} of ${expected} records`)),
        120_000,
      );
      const finish = (): void => {
        if (events < expected) return;
        clearTimeout(limit);
        resolve((performance.now() - (startedMs ?? 0)) / 1_000);
      };
      consumer
        .run({
          autoCommit: false,
          partitionsConsumedConcurrently: 6,
          eachBatch: async ({ batch }) => {
            startedMs ??= performance.now();
            for (const { value } of batch.messages) {
              const text = value?.toString('utf8') ?? '';
              JSON.parse(text);
              bytes += text.length;
              events += 1;
            }
            finish();
          },
        })
        .catch(reject);
    });
    return { events, seconds, bytes };
  } finally {
    await consumer.disconnect();
  }
};
