import type { ServiceName, System } from '@tallywatt/demonstration';
import { Client } from 'pg';
import { pause } from './patience';

/** Drops a service's database and makes an empty one; tries on while PostgreSQL is away. */
export const loseDatabase = async (
  system: System,
  service: ServiceName,
  limitMs: number,
): Promise<void> => {
  const name = service.replaceAll('-', '_');
  const deadline = Date.now() + limitMs;
  for (;;) {
    const client = new Client({
      connectionString: system.runtime.databaseUrl('postgres'),
      connectionTimeoutMillis: 3_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${name}`);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(300);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
};
