import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventLogMigrations, type ConsumerOptions, type EventLog } from '@tallywatt/event-log';
import type { Pool } from 'pg';
import { workspace } from '../servers';

type LedgerConsumer = Readonly<{
  factsConsumer(options: {
    eventLog: Pick<EventLog, 'append'>;
    taxJurisdiction: string;
    now: () => string;
    onSuspense: (posted: unknown) => void;
  }): ConsumerOptions;
}>;

/**
 * The ledger's own handler of facts. Nothing may import a service; as when a service is started,
 * its compiled code is found by its place.
 */
export const ledgerHandler = async (
  eventLog: Pick<EventLog, 'append'>,
): Promise<ConsumerOptions['handle']> => {
  const place = join(workspace, 'services', 'ledger', 'dist', 'inbound', 'facts.consumer.js');
  const { factsConsumer } = (await import(place)) as LedgerConsumer;
  return factsConsumer({
    eventLog,
    taxJurisdiction: 'de',
    now: () => new Date().toISOString(),
    onSuspense: () => {
      throw new Error('a CDR of the benchmark was booked to suspense');
    },
  }).handle;
};

/** The schema of a service, from its own migrations. */
export const migrateAs = async (pool: Pool, service: string): Promise<void> => {
  await pool.query(eventLogMigrations);
  const folder = join(workspace, 'services', service, 'migrations');
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  for (const file of files.sort()) await pool.query(readFileSync(join(folder, file), 'utf8'));
};
