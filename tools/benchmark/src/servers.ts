import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { allTopicDefinitions, topics, type TopicName } from '@tallywatt/contracts';
import { ensureTopics, logEnds } from '@tallywatt/event-log';
import { until } from '@tallywatt/demonstration';
import { startLocalRuntime, type LocalRuntime } from '@tallywatt/local-runtime';
import { Client, Pool } from 'pg';

export const workspace = resolve(__dirname, '..', '..', '..');

/** The broker's version: that of the jars it is made of. */
export const kafkaVersion = (): string => {
  const pom = readFileSync(join(workspace, 'deploy', 'kafka', 'pom.xml'), 'utf8');
  return /<artifactId>kafka_[^<]*<\/artifactId>\s*<version>([^<]+)</.exec(pom)?.[1] ?? 'unknown';
};

/** Real servers of this run's own, with fsync on, gone when it ends. */
export const startServers = (
  report: (line: string) => void,
  wanted: Readonly<{ kafka: boolean }> = { kafka: true },
): Promise<LocalRuntime> =>
  startLocalRuntime({
    instance: 'benchmark', // one name, so that no two are measured at once
    ephemeral: true,
    durable: true,
    ownServers: true,
    kafkaPort: 0,
    postgresPort: 0,
    kafka: wanted.kafka,
    report,
  });

const brokersOf = (runtime: LocalRuntime): string[] => runtime.kafkaBrokers.split(',');

/** All topics of the log; returns when the broker serves each of their partitions. */
export const createTopics = async (runtime: LocalRuntime): Promise<void> => {
  const brokers = brokersOf(runtime);
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  // A partition that is asked too early refuses, and kafkajs sends its neighbours' records again.
  const names = topics.map(({ name }) => name);
  await until('every partition is served', () => logEnds({ brokers, topics: names }), 60_000);
};

/** How many records lie in a topic. */
export const recordsIn = async (runtime: LocalRuntime, topic: TopicName): Promise<number> => {
  const ends = await logEnds({ brokers: brokersOf(runtime), topics: [topic] });
  return (ends.get(topic) ?? []).reduce((sum, { start, end }) => sum + Number(end - start), 0);
};

let databases = 0;

/** A database for one run, dropped after it. */
export const withDatabase = async <T>(
  runtime: LocalRuntime,
  work: (pool: Pool, url: string) => Promise<T>,
): Promise<T> => {
  databases += 1;
  const name = `run_${databases}`;
  const url = await runtime.createDatabase(name);
  const pool = new Pool({ connectionString: url, max: 10 });
  pool.on('error', () => undefined);
  try {
    return await work(pool, url);
  } finally {
    await pool.end();
    await superuser(runtime, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  }
};

/** What one run has written shall not be written out in the time of the next. */
export const settleDisk = (runtime: LocalRuntime): Promise<unknown> =>
  superuser(runtime, (client) => client.query('CHECKPOINT'));

const superuser = async <T>(
  runtime: LocalRuntime,
  work: (client: Client) => Promise<T>,
): Promise<T> => {
  const client = new Client({ connectionString: runtime.databaseUrl('postgres') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};
