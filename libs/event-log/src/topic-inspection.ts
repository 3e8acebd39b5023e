import type { TopicDefinition } from '@tallywatt/contracts';
import { connectKafka } from './kafka-client';
import { connectionOf, type KafkaConnection } from './kafka-connection';
import type { LogAdmin, PartitionEnds } from './log-port';
import { topicSettings } from './topic-setup';

/** How a topic is, beside how it has to be. */
export type TopicCondition = Readonly<{
  name: string;
  exists: boolean;
  partitions: readonly PartitionEnds[];
  replicationFactor: number;
  /** Where it is not what its definition says. */
  drift: readonly string[];
}>;

const inspect = async (admin: LogAdmin, definition: TopicDefinition): Promise<TopicCondition> => {
  const { name } = definition;
  const partitions = await admin.offsets(name);
  const { settings, replicationFactor } = await admin.topicDetails(name);
  const drift = Object.entries(topicSettings(definition)).flatMap(([setting, wanted]) => {
    const found = settings.get(setting);
    return found === wanted ? [] : [`${setting} is ${found ?? 'unknown'}, not ${wanted}`];
  });
  if (partitions.length !== definition.partitions) {
    drift.unshift(`has ${partitions.length} partitions, not ${definition.partitions}`);
  }
  const numbered = [...partitions].sort((a, b) => a.partition - b.partition);
  return { name, exists: true, partitions: numbered, replicationFactor, drift };
};

/** Looks at topics and changes nothing. */
export const inspectTopics = async (
  options: KafkaConnection & Readonly<{ definitions: readonly TopicDefinition[] }>,
): Promise<TopicCondition[]> => {
  const silent = () => undefined;
  const logger = { debug: silent, info: silent, warn: silent, error: silent };
  const client = connectKafka({ ...connectionOf(options), clientId: 'topic-inspection', logger });
  try {
    const existing = new Set(await client.admin.topicNames());
    const conditions: TopicCondition[] = [];
    for (const definition of options.definitions) {
      const { name } = definition;
      conditions.push(
        existing.has(name)
          ? await inspect(client.admin, definition)
          : { name, exists: false, partitions: [], replicationFactor: 0, drift: ['is missing'] },
      );
    }
    return conditions;
  } finally {
    await client.close();
  }
};
