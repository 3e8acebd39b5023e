import { join } from 'node:path';
import { createEventLog, eventLogMigrations, type EventLog } from '@tallywatt/event-log';
import { createLogger, migrate, readMigrations } from '@tallywatt/service-kit';
import { testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';

/** Reconciliation's tables alone, for facts that a test hands in itself. */
export type FactsStage = Readonly<{ pool: Pool; eventLog: EventLog; end: () => Promise<void> }>;

export const openFactsStage = async (): Promise<FactsStage> => {
  const runtime = await testRuntime();
  const databaseUrl = await runtime.createDatabase();
  await migrate(
    databaseUrl,
    [{ name: '0001_event-log', sql: eventLogMigrations }],
    readMigrations(join(__dirname, '..', '..', 'migrations')),
  );
  const pool = new Pool({ connectionString: databaseUrl, max: 10 });
  // No relay: what is said here stays in the outbox. The name owns no topic, so none is adopted.
  const eventLog = createEventLog({
    service: 'reconciliation-test',
    pool,
    brokers: runtime.kafkaBrokers.split(','),
    logger: createLogger('test', 'silent'),
  });
  return {
    pool,
    eventLog,
    end: async () => {
      await eventLog.stop();
      await pool.end();
    },
  };
};
