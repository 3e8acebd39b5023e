import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { eventually, freePort, startTestServers } from '@tallywatt/testing';
import { Client } from 'pg';
import { z } from 'zod';
import { startService, type RunningService, type ServiceDefinition } from './run-service';

const patience = { timeoutMs: 60_000, intervalMs: 50 };

@Module({})
class NothingModule {}

let servers: LocalRuntime;
let migrations: string;

beforeAll(async () => {
  servers = await startTestServers();
  migrations = mkdtempSync(join(tmpdir(), 'tallywatt-migrations-'));
  writeFileSync(join(migrations, '0001_things.sql'), 'CREATE TABLE things (id text PRIMARY KEY);');
});

afterAll(async () => {
  await servers?.stop();
  if (migrations !== undefined) rmSync(migrations, { recursive: true });
});

const connected = async (url: string): Promise<Client> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

const begin = (
  databaseUrl: string,
  port: number,
  start?: NonNullable<ServiceDefinition<Record<string, never>>['start']>,
): Promise<RunningService> =>
  startService(
    {
      name: 'feed',
      httpPort: port,
      migrations,
      environment: z.object({}),
      module: () => ({ module: NothingModule }),
      ...(start === undefined ? {} : { start }),
    },
    {
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: servers.kafkaBrokers,
      AUTH_SECRET: 'x'.repeat(32),
      LOG_LEVEL: 'silent',
    },
  );

const readiness = async (port: number): Promise<{ status: number; body: unknown }> => {
  const answer = await fetch(`http://127.0.0.1:${port}/health/ready`);
  return { status: answer.status, body: await answer.json() };
};

/** Probes look at what they probe now and then. */
const untilReady = (port: number): Promise<void> =>
  eventually(async () => expect(await readiness(port)).toMatchObject({ status: 200 }), patience);

describe('a service whose database', () => {
  it('is away waits for it, and says to probes that it lives and what it waits for', async () => {
    const url = await servers.createDatabase('away');
    const port = await freePort();
    await servers.postgres.stopNow();
    const starting = begin(url, port);
    await eventually(async () => {
      expect(await readiness(port)).toMatchObject({
        status: 503,
        body: { checks: { database: expect.stringContaining('away') } },
      });
    }, patience);
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    await servers.postgres.start();
    const service = await starting;
    await untilReady(port);
    await service.stop();
  });

  it('goes away while its schema is brought up to date does that again', async () => {
    const url = await servers.createDatabase('migrated');
    // What a second replica would hold that is at it just now.
    const other = await connected(url);
    await other.query('SELECT pg_advisory_lock($1, $2)', [0x7a11, 1]);
    const starting = begin(url, await freePort());
    const onlooker = await connected(url);
    await eventually(async () => {
      const { rows } = await onlooker.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = 'migrated'`,
      );
      expect(rows).toHaveLength(1);
    }, patience);
    await servers.postgres.stopNow();
    await servers.postgres.start();
    const service = await starting;
    const client = await connected(url);
    expect((await client.query('SELECT * FROM things')).rows).toEqual([]);
    await client.end();
    await service.stop();
  });

  it('goes away while it is wired begins again, and leaves nothing of the first time', async () => {
    const url = await servers.createDatabase('wired');
    const port = await freePort();
    let starts = 0;
    let stops = 0;
    const service = await begin(url, port, async ({ pool, onShutdown }) => {
      starts += 1;
      onShutdown(() => void (stops += 1));
      if (starts === 1) await servers.postgres.stopNow();
      try {
        await pool.query('SELECT * FROM things');
      } finally {
        if (starts === 1) await servers.postgres.start();
      }
    });
    expect({ starts, stops }).toEqual({ starts: 2, stops: 1 });
    await untilReady(port);
    await service.stop();
    expect(stops).toBe(2);
  });

  it('refuses its schema does not start', async () => {
    const url = await servers.createDatabase('refusing');
    const client = await connected(url);
    await client.query('CREATE TABLE things (taken text)');
    await client.end();
    await expect(begin(url, await freePort())).rejects.toThrow('already exists');
  });
});
