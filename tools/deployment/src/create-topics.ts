import { allTopicDefinitions } from '@tallywatt/contracts';
import { ensureTopics } from '@tallywatt/event-log';

const run = async (): Promise<void> => {
  const brokers = process.env['KAFKA_BROKERS'];
  if (!brokers) throw new Error('KAFKA_BROKERS must name the brokers, as host:port,host:port');
  const replication = process.env['KAFKA_REPLICATION_FACTOR'] ?? '3';
  if (!/^[1-9]\d?$/.test(replication)) {
    throw new Error(`KAFKA_REPLICATION_FACTOR must be a whole number, not '${replication}'`);
  }
  const created = await ensureTopics({
    brokers: brokers.split(','),
    definitions: allTopicDefinitions,
    replicationFactor: Number(replication),
  });
  console.log(`${created.length} topics created, ${allTopicDefinitions.length} in all`);
};

run().catch((error: unknown) => {
  console.error(`create-topics: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
