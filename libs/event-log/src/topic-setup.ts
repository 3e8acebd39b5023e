import type { TopicDefinition } from '@tallywatt/contracts';
import { toError } from './failure';
import { connectKafka } from './kafka-client';
import { connectionOf, type KafkaConnection } from './kafka-connection';
import type { LogAdmin } from './log-port';
import type { Logger } from './observer';

const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** What a topic is created with, besides its partitions. */
export const topicSettings = ({ retentionMs }: TopicDefinition): Record<string, string> => ({
  'retention.ms': String(retentionMs),
  'cleanup.policy': 'delete',
});

const withAdmin = async <T>(
  connection: KafkaConnection,
  work: (admin: LogAdmin) => Promise<T>,
): Promise<T> => {
  const client = connectKafka({ ...connection, clientId: 'topic-setup', logger: quiet });
  try {
    return await work(client.admin);
  } finally {
    await client.close();
  }
};

/** Topics that another process creates at this moment take a while to be known everywhere. */
const countsOnceKnown = async (
  admin: LogAdmin,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await admin.partitionCounts(names);
    } catch (error) {
      if (attempt >= 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

/**
 * Creates the topics that are missing. A topic that has another number of partitions than it was
 * born with is an error: keys would move.
 *
 * @returns the names of the topics it created.
 */
export const ensureTopics = (
  options: KafkaConnection &
    Readonly<{ definitions: readonly TopicDefinition[]; replicationFactor: number }>,
): Promise<string[]> =>
  withAdmin(connectionOf(options), async (admin) => {
    const existing = new Set(await admin.topicNames());
    const missing = options.definitions.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) {
      await admin.createTopics(
        missing.map((definition) => ({
          name: definition.name,
          partitions: definition.partitions,
          replicationFactor: options.replicationFactor,
          settings: topicSettings(definition),
        })),
      );
    }
    const counts = await countsOnceKnown(
      admin,
      options.definitions.map(({ name }) => name),
    );
    for (const { name, partitions } of options.definitions) {
      const count = counts.get(name);
      if (count !== partitions) {
        throw new Error(`topic ${name} has ${count} partitions; it must have ${partitions}`);
      }
    }
    return missing.map(({ name }) => name);
  });

/** Asks the cluster for its id: whether it answers, and who it is. */
export const probeKafka = async (
  connection: KafkaConnection,
): Promise<{ reachable: true; clusterId: string } | { reachable: false; reason: string }> => {
  try {
    const clusterId = await withAdmin(connectionOf(connection), (admin) => admin.clusterId());
    return { reachable: true, clusterId };
  } catch (error) {
    return { reachable: false, reason: toError(error).message };
  }
};
