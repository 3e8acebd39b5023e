import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { Pool } from 'pg';

/** Three bare processes and their database. */
export type BarePipeline = Readonly<{
  /** Where a charger connects, without its id. */
  url: string;
  pool: Pool;
  /** When what was booked since the last question was committed, by the writer's own clock. */
  committed(): Promise<ReadonlyMap<number, number>>;
  stop(): Promise<void>;
}>;

type Said = Readonly<{ ready?: number; committed?: [id: number, atMs: number][] }>;

const partitions = 6;

const createTopics = async (brokers: string): Promise<void> => {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: ['bare.stops', 'bare.prices'].map((topic) => ({ topic, numPartitions: partitions })),
    });
  } finally {
    await admin.disconnect();
  }
};

const answer = (child: ChildProcess): Promise<Said> =>
  new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('a process of the bare pipeline has ended'));
    child.once('exit', onExit);
    child.once('message', (said) => {
      child.off('exit', onExit);
      resolve(said as Said);
    });
  });

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
};

/** Starts the pipeline on servers that are there; nothing is left of it when it cannot start. */
export const startBarePipeline = async (
  brokers: string,
  databaseUrl: string,
): Promise<BarePipeline> => {
  const pool = new Pool({ connectionString: databaseUrl, max: 2 });
  await pool.query(
    `CREATE TABLE journal (id bigint PRIMARY KEY);
     CREATE TABLE postings (id bigint NOT NULL, account text NOT NULL, amount bigint NOT NULL);
     CREATE INDEX postings_by_account ON postings (account)`,
  );
  await createTopics(brokers);
  const program = join(__dirname, 'pipeline-process.js');
  const start = (role: string): ChildProcess => fork(program, [role, brokers, databaseUrl]);
  const children = [start('book'), start('price'), start('receive')] as const;
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
    await pool.end();
  };
  try {
    const [, , receiver] = await Promise.all(children.map(answer));
    return {
      url: `ws://127.0.0.1:${receiver?.ready ?? 0}`,
      pool,
      committed: async () => {
        const said = answer(children[0]);
        children[0].send('what was committed?');
        return new Map((await said).committed);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
