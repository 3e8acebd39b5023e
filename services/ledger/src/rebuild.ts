import { join } from 'node:path';
import { createEventLog, eventLogMigrations, ownTopics, replayTopics } from '@tallywatt/event-log';
import { createLogger, migrate, readEnvironment, readMigrations } from '@tallywatt/service-kit';
import { Pool } from 'pg';
import { environment } from './config';
import { rebuildJournal, type RebuildReport } from './inbound/journal-rebuild';
import { restoreOwnTables } from './outbound/own-tables';

const migrations = join(__dirname, '..', 'migrations');

const differencesOf = ({ contradicted, unexplained, unsealed }: RebuildReport): readonly string[] =>
  [contradicted, unexplained, unsealed].flat();

/** `node dist/rebuild.js`: fills an empty ledger database from the log and says what it found. */
const rebuild = async (): Promise<RebuildReport> => {
  const env = readEnvironment(process.env, environment.pick({ TAX_JURISDICTION: true }));
  const logger = createLogger('ledger-rebuild', env.LOG_LEVEL);
  await migrate(
    env.DATABASE_URL,
    [{ name: '0001_event-log', sql: eventLogMigrations }],
    readMigrations(migrations),
  );
  const pool = new Pool({ connectionString: env.DATABASE_URL });
  const eventLog = createEventLog({ service: 'ledger', pool, ...env.kafka, logger });
  try {
    const { rowCount } = await pool.query('SELECT FROM journal_entries LIMIT 1');
    if (rowCount !== 0) throw new Error('the database has journal entries; a rebuild needs none');
    const report = await rebuildJournal(
      (topics, handle) => replayTopics({ ...env.kafka, topics, handle, logger }),
      (work) => eventLog.transaction(work),
      env.TAX_JURISDICTION,
    );
    // Books that were proven can go on; others are evidence, and no service may write to them.
    if (differencesOf(report).length === 0) {
      await eventLog.adoptOwnStreams(ownTopics('ledger'), restoreOwnTables);
    }
    return report;
  } finally {
    await eventLog.stop();
    await pool.end();
  }
};

rebuild().then(
  (report) => {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exit(differencesOf(report).length === 0 ? 0 : 1);
  },
  (error: unknown) => {
    process.stderr.write(`ledger cannot be rebuilt: ${(error as Error).message}\n`);
    process.exit(1);
  },
);
