import { serviceNames, type System } from '@tallywatt/demonstration';
import { Client } from 'pg';

const databaseUrl = (system: System, name: string): string =>
  system.runtime.databaseUrl(name.replaceAll('-', '_'));

// A deferred trigger runs at COMMIT: the row has its id long before anybody else can see it. Which
// commits are slow, and how slow, follows from the id.
const install = `
SET lock_timeout = '3s';
CREATE OR REPLACE FUNCTION public.fault_bench_slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id % 3 = 0 THEN PERFORM pg_sleep((5 + NEW.id % 31) / 1000.0); END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS fault_bench_slow_commit ON event_log.outbox;
CREATE CONSTRAINT TRIGGER fault_bench_slow_commit AFTER INSERT ON event_log.outbox
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION public.fault_bench_slow_commit();`;

const remove = `
SET lock_timeout = '10s';
DROP TRIGGER IF EXISTS fault_bench_slow_commit ON event_log.outbox;
DROP FUNCTION IF EXISTS public.fault_bench_slow_commit();`;

const inEveryDatabase = async (system: System, sql: string): Promise<number> => {
  const results = await Promise.allSettled(
    serviceNames.map(async (name) => {
      const client = new Client({
        connectionString: databaseUrl(system, name),
        connectionTimeoutMillis: 3_000,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.query(sql);
      } finally {
        await client.end().catch(() => undefined);
      }
    }),
  );
  return results.filter(({ status }) => status === 'fulfilled').length;
};

/** A third of all commits take 5 to 35 ms longer. Databases that are down are left out. */
export const slowCommits = (system: System): Promise<number> => inEveryDatabase(system, install);

/** Says in how many databases it is over. */
export const usualCommits = (system: System): Promise<number> => inEveryDatabase(system, remove);
