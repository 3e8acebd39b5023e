import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';

/** One step of a schema: numbered, plain SQL, never changed once it has run anywhere. */
export type SqlMigration = Readonly<{ name: string; sql: string }>;

const fileName = /^(\d{4})_([a-z0-9-]+)\.sql$/;

/**
 * Reads `0001_what-it-does.sql` files.
 *
 * @throws when a file is not named like that, or when two have one number: their order would be
 *   nobody's decision.
 */
export const readMigrations = (directory: string): SqlMigration[] => {
  const byNumber = new Map<string, string>();
  return readdirSync(directory)
    .sort()
    .map((file) => {
      const number = fileName.exec(file)?.[1];
      if (number === undefined) {
        throw new Error(`${join(directory, file)}: migrations are named 0001_what-it-does.sql`);
      }
      const other = byNumber.get(number);
      if (other !== undefined) {
        throw new Error(`${join(directory, file)}: ${other} has the number ${number} already`);
      }
      byNumber.set(number, file);
      return { name: file.slice(0, -4), sql: readFileSync(join(directory, file), 'utf8') };
    });
};

// TypeORM orders by a 13-digit number at the end of the name; ours comes from the order given.
const firstTimestamp = 1_700_000_000_000;

const migrationClass = (migration: SqlMigration, timestamp: number): new () => MigrationInterface =>
  class implements MigrationInterface {
    readonly name = `${migration.name}-${timestamp}`;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(migration.sql);
    }

    down(): Promise<void> {
      return Promise.reject(new Error('migrations only go forward'));
    }
  };

const numberOf = (migration: SqlMigration): number => Number(migration.name.slice(0, 4));

/**
 * Brings a database to its schema: the event log's own tables first, then the service's. Replicas
 * that start together wait for each other on a lock.
 */
export const migrate = async (
  databaseUrl: string,
  eventLog: readonly SqlMigration[],
  own: readonly SqlMigration[],
): Promise<void> => {
  const guard = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 15_000 });
  // A connection that is lost while nothing is asked of it says so here; unheard it would end the
  // process. What is asked next fails with it.
  guard.on('error', () => undefined);
  try {
    await guard.connect();
    await guard.query('BEGIN');
    await guard.query('SELECT pg_advisory_xact_lock($1, $2)', [0x7a11, 1]);
    const dataSource = new DataSource({
      type: 'postgres',
      url: databaseUrl,
      migrationsTableName: 'schema_migrations',
      migrations: [
        ...eventLog.map((m) => migrationClass(m, firstTimestamp + numberOf(m))),
        ...own.map((m) => migrationClass(m, firstTimestamp + 10_000 + numberOf(m))),
      ],
    });
    await dataSource.initialize();
    try {
      await dataSource.runMigrations({ transaction: 'each' });
    } finally {
      await dataSource.destroy();
    }
    await guard.query('COMMIT');
  } finally {
    await guard.end();
  }
};
