import { Kafka, logLevel } from 'kafkajs';

/** When entries came out of `ledger.journal.v1`, as a finance system would see them. */
export type JournalWatch = Readonly<{
  /** By session, of the entries that priced sessions; read when the run is over. */
  arrivals(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}>;

type Arrival = Readonly<{ atMs: number; values: readonly (Buffer | null)[] }>;

/** Follows the journal from its end on; what arrives is parsed only when somebody asks. */
export const watchJournal = async (brokers: string): Promise<JournalWatch> => {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `watch-${process.pid}`, maxWaitTimeInMs: 250 });
  const kept: Arrival[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'ledger.journal.v1', fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 6,
    eachBatch: async ({ batch }) => {
      const atMs = performance.timeOrigin + performance.now();
      kept.push({ atMs, values: batch.messages.map(({ value }) => value) });
    },
  });
  await joined;
  return {
    arrivals: () => {
      const found = new Map<string, number>();
      for (const { atMs, values } of kept.splice(0)) {
        for (const value of values) {
          const entry = JSON.parse(value?.toString('utf8') ?? '{}') as {
            postingRule?: string;
            sessionId?: string;
          };
          const { postingRule, sessionId } = entry;
          if (postingRule !== 'cdr.issued' || sessionId === undefined) continue;
          if (!found.has(sessionId)) found.set(sessionId, atMs);
        }
      }
      return found;
    },
    stop: () => consumer.disconnect(),
  };
};
