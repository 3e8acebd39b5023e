import { allTopicDefinitions } from '@tallywatt/contracts';
import { ensureTopics, readKafkaConnection } from '@tallywatt/event-log';

const run = async (): Promise<void> => {
  const kafka = readKafkaConnection(process.env);
  const replication = process.env['KAFKA_REPLICATION_FACTOR'] ?? '3';
  if (!/^[1-9]\d?$/.test(replication)) {
    throw new Error(`KAFKA_REPLICATION_FACTOR must be a whole number, not '${replication}'`);
  }
  const created = await ensureTopics({
    ...kafka,
    definitions: allTopicDefinitions,
    replicationFactor: Number(replication),
  });
  console.log(`${created.length} topics created, ${allTopicDefinitions.length} in all`);
};

run().catch((error: unknown) => {
  console.error(`create-topics: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
