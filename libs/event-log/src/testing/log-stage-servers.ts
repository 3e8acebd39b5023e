import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startTestServers } from '@tallywatt/testing';
import type { Pool } from 'pg';
import type { EventLog, EventLogOptions } from '../event-log-api';
import type { AppendedEvent } from '../outbox';
import { createTopics, openLog, openPool, prepareDatabase, released } from './log-stage';

type Opened = Readonly<{ stop(): Promise<unknown> }>;

/** A broker with all topics and one prepared database, of one test file's own. */
export type LogStage = Readonly<{
  servers: LocalRuntime;
  brokers: string;
  pool: Pool;
  /** A log on that database, until the test is over. */
  open(more?: Partial<EventLogOptions>): EventLog;
  /** Has something else stopped with the logs. */
  keep(opened: Opened): void;
  /** After each test. */
  stopOpened(): Promise<void>;
  /** After all of them. */
  end(): Promise<void>;
}>;

export const startLogStage = async (database: string, connectionsMax = 10): Promise<LogStage> => {
  const servers = await startTestServers();
  const brokers = servers.kafkaBrokers;
  const prepare = async (): Promise<Pool> => {
    await createTopics(brokers);
    const pool = openPool(await servers.createDatabase(database), connectionsMax);
    await prepareDatabase(pool);
    return pool;
  };
  const pool = await prepare().catch(async (error: unknown) => {
    await servers.stop();
    throw error;
  });
  const opened: Opened[] = [];
  const stopOpened = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((one) => one.stop()));
  };
  return {
    servers,
    brokers,
    pool,
    open: (more) => {
      const log = openLog(pool, brokers, more);
      opened.push(log);
      return log;
    },
    keep: (one) => void opened.push(one),
    stopOpened,
    end: async () => {
      await stopOpened();
      await pool.end();
      await servers.stop();
    },
  };
};

/** Appends one event for each detail to the stream of a session, in one transaction. */
export const append = (
  log: EventLog,
  cpoId: string,
  sessionId: string,
  details: readonly string[],
): Promise<readonly AppendedEvent[]> =>
  log.transaction((tx) =>
    log.append(
      tx,
      details.map((detail) => released(cpoId, sessionId, detail)),
    ),
  );

/** '1' to `count`. */
export const numbers = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${n + 1}`);
