import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RecordedEvent, TallywattEvent, TopicName } from '@tallywatt/contracts';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { eventually, startTcpProxy, startTestServers } from '@tallywatt/testing';
import type { Pool } from 'pg';
import type { EventLog, EventLogOptions } from './event-log-api';
import type { Logger } from './observer';
import { compileFixture, fixtureOf } from './testing/fixture-program';
import {
  createTopics,
  openLog,
  openPool,
  orphaned,
  prepareDatabase,
  produce,
  recordNumbered,
  released,
  sessionsTopic,
  silentLogger,
  writeEffects,
  readEffects,
} from './testing/log-stage';

const service = 'ocpp-gateway';
const orphansTopic: TopicName = 'charging.orphans.v1';
const ownTopics = [sessionsTopic, orphansTopic];
const nowhere = '127.0.0.1:1';
const patience = { intervalMs: 50 };

let servers: LocalRuntime;
const logs: EventLog[] = [];
const pools: Pool[] = [];
const children: ChildProcess[] = [];

const newDatabase = async (name: string): Promise<{ pool: Pool; databaseUrl: string }> => {
  const databaseUrl = await servers.createDatabase(name);
  const pool = openPool(databaseUrl, 4);
  pool.on('error', () => undefined);
  pools.push(pool);
  await prepareDatabase(pool);
  return { pool, databaseUrl };
};

const openAs = (pool: Pool, brokers: string, more: Partial<EventLogOptions> = {}): EventLog => {
  const log = openLog(pool, brokers, { service, ...more });
  logs.push(log);
  return log;
};

const rowsOf = async (pool: Pool, sql: string): Promise<unknown[]> => (await pool.query(sql)).rows;

const outboxOf = (pool: Pool): Promise<unknown[]> =>
  rowsOf(
    pool,
    `SELECT event_id, topic, stream_key, sequence, headers, value, recorded_at, partition,
       log_offset, published_at IS NOT NULL AS published
     FROM event_log.outbox ORDER BY topic, stream_key, sequence`,
  );

const streamsOf = (pool: Pool): Promise<unknown[]> =>
  rowsOf(pool, 'SELECT * FROM event_log.streams ORDER BY topic, stream_key');

const append = (log: EventLog, ...events: ReturnType<typeof released>[]) =>
  log.transaction((tx) => log.append(tx, events));

const published = (pool: Pool): Promise<void> =>
  eventually(async () => {
    const waiting = 'SELECT FROM event_log.outbox WHERE published_at IS NULL';
    expect((await pool.query(waiting)).rowCount).toBe(0);
  }, patience);

let first: Pool;

beforeAll(async () => {
  compileFixture();
  servers = await startTestServers();
  await createTopics(servers.kafkaBrokers);
  // The database that will be lost: forty sessions of five events each, and two orphans.
  first = (await newDatabase('first')).pool;
  const log = openAs(first, servers.kafkaBrokers);
  expect(await log.adoptOwnStreams(ownTopics)).toEqual({ events: 0 });
  log.startRelay();
  for (let n = 1; n <= 5; n += 1) {
    await append(
      log,
      ...Array.from({ length: 40 }, (_, session) => released('cpo', `s-${session + 1}`, `${n}`)),
    );
  }
  await append(log, orphaned('cpo', 'CP-1', 'o-1'), orphaned('cpo', 'CP-1', 'o-2'));
  await published(first);
  await log.stop();
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(logs.map((log) => log.stop()));
  await Promise.all(pools.map((pool) => pool.end()));
  await servers?.stop();
});

describe('a new database', () => {
  it('takes over its streams as they lie in the log, and goes on where they ended', async () => {
    const { pool } = await newDatabase('taken_over');
    const log = openAs(pool, servers.kafkaBrokers);
    expect(await log.adoptOwnStreams(ownTopics)).toEqual({ events: 202 });
    expect(await outboxOf(pool)).toEqual(await outboxOf(first));
    expect(await streamsOf(pool)).toEqual(await streamsOf(first));

    const [known, next] = await append(
      log,
      released('cpo', 's-1', '3'),
      released('cpo', 's-1', 'after the loss'),
    );
    expect(known).toMatchObject({ appended: false, sequence: 3n });
    expect(next).toMatchObject({ appended: true, sequence: 6n });
    log.startRelay();
    await published(pool);
    // Who has read the stream before does not drop the new event as seen.
    const reader = openAs(pool, servers.kafkaBrokers);
    reader.consume({ name: 'reader', topics: [sessionsTopic], handle: writeEffects('reader') });
    await eventually(async () => {
      const { 's-1': details } = await readEffects(pool, 'reader', 'cpo');
      expect(details).toEqual(['1', '2', '3', '4', '5', 'after the loss']);
    }, patience);
    await Promise.all([log.stop(), reader.stop()]);
  });

  it('takes no event twice, and none of another source', async () => {
    const place = 'CP-REPEATED';
    const numbered = (orphanId: string, sequence: number, source = service) =>
      recordNumbered(orphaned('cpo', place, orphanId), sequence, source);
    await produce(servers.kafkaBrokers, [
      numbered('r-1', 1),
      numbered('r-2', 2),
      numbered('r-1', 1),
      numbered('r-2', 2),
      numbered('not r-2', 2),
      numbered('r-3', 3),
      numbered('foreign', 9, 'somebody-else'),
      { ...numbered('unreadable', 7), headers: { ce_source: service } },
    ]);
    const errors: string[] = [];
    const logger: Logger = { ...silentLogger, error: (_, message) => void errors.push(message) };
    const { pool } = await newDatabase('repeated');
    const log = openAs(pool, servers.kafkaBrokers, { logger });
    await log.adoptOwnStreams([orphansTopic]);
    expect(
      await rowsOf(
        pool,
        `SELECT sequence, value::json->>'orphanId' AS said, log_offset IS NOT NULL AS published
         FROM event_log.outbox WHERE stream_key = 'cpo/${place}' ORDER BY sequence`,
      ),
    ).toEqual([
      { sequence: '1', said: 'r-1', published: true },
      { sequence: '2', said: 'r-2', published: true },
      { sequence: '3', said: 'r-3', published: true },
    ]);
    expect(await append(log, orphaned('cpo', place, 'r-4'))).toMatchObject([{ sequence: 4n }]);
    expect(errors).toEqual([
      'adoption: a record that names this service cannot be taken over, and is left out',
    ]);
  });

  it('finishes after a kill in the middle', async () => {
    const { pool, databaseUrl } = await newDatabase('killed');
    const child = spawn(process.execPath, [fixtureOf('adoption-fixture')], {
      stdio: 'ignore',
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        KAFKA_BROKERS: servers.kafkaBrokers,
        CRASH_AT: 'adoption.after-batch:2',
      },
    });
    children.push(child);
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
    const half = (await outboxOf(pool)).length;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan((await outboxOf(first)).length);

    const log = openAs(pool, servers.kafkaBrokers);
    // Half of the streams is worse than none: nothing may be appended to it.
    await expect(append(log, released('cpo', 's-1', 'too early'))).rejects.toThrow(
      'charging.sessions.v1 has not been adopted',
    );
    await log.adoptOwnStreams([sessionsTopic]);
    const sessions = `SELECT event_id, stream_key, sequence FROM event_log.outbox
      WHERE topic = '${sessionsTopic}' AND sequence <= 5 ORDER BY 2, 3`;
    expect(await rowsOf(pool, sessions)).toEqual(await rowsOf(first, sessions));
  });

  it('restores the state of its service once, with the end of the adoption', async () => {
    const { pool } = await newDatabase('restored');
    const log = openAs(pool, servers.kafkaBrokers);
    const restored: TallywattEvent[] = [];
    const take = async (own: AsyncIterable<readonly RecordedEvent[]>) => {
      for await (const events of own) restored.push(...events.map(({ event }) => event));
    };
    const failing = log.adoptOwnStreams([sessionsTopic], async () => {
      throw new Error('the tables are not ready');
    });
    await expect(failing).rejects.toThrow('the tables are not ready');
    await expect(append(log, released('cpo', 's-1', 'too early'))).rejects.toThrow('not been');
    await log.adoptOwnStreams([sessionsTopic], (own) => take(own(sessionsTopic)));
    const ofFirst = restored.flatMap((event) =>
      event.type === 'SessionReleased' && event.sessionId === 's-40' ? [event.detail] : [],
    );
    expect(ofFirst).toEqual(['1', '2', '3', '4', '5']);
    const count = restored.length;
    expect(await log.adoptOwnStreams([sessionsTopic], (own) => take(own(sessionsTopic)))).toBe(
      undefined,
    );
    expect(restored).toHaveLength(count);
  });

  it('waits for a Kafka that is down, says so, and goes on when it is there', async () => {
    const proxy = await startTcpProxy({ target: `127.0.0.1:${servers.kafka.port}` });
    proxy.refuse();
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => void warnings.push(message) };
    const { pool } = await newDatabase('waiting');
    const log = openAs(pool, proxy.address, { logger });
    const adopting = log.adoptOwnStreams([orphansTopic]);
    await eventually(
      () => expect(warnings).toContain('adoption: a new database waits for Kafka'),
      patience,
    );
    proxy.allow();
    expect((await adopting)?.events).toBeGreaterThan(0);
    await log.stop();
    await proxy.stop();
  });

  it('can be stopped while it waits', async () => {
    const { pool } = await newDatabase('stopped');
    const log = openAs(pool, nowhere);
    const adopting = log.adoptOwnStreams([orphansTopic]);
    const refused = expect(adopting).rejects.toThrow('stopped before');
    await log.stop();
    await refused;
  });
});

describe('a database that knows its streams', () => {
  it('needs no Kafka to start', async () => {
    const log = openAs(first, nowhere);
    expect(await log.adoptOwnStreams(ownTopics)).toBeUndefined();
    const [next] = await append(log, released('cpo', 's-2', 'without Kafka'));
    expect(next).toMatchObject({ sequence: 6n });
    await log.stop();
  });

  it('needs none either when it is older than adoption', async () => {
    const { pool } = await newDatabase('older');
    const before = openAs(pool, nowhere, { streamsAreNew: true });
    await append(before, released('older', 's-1', 'of an earlier release'));
    const log = openAs(pool, nowhere);
    expect(await log.adoptOwnStreams([sessionsTopic])).toBeUndefined();
    expect(await append(log, released('older', 's-1', 'next'))).toMatchObject([{ sequence: 2n }]);
    await Promise.all([before.stop(), log.stop()]);
  });
});

describe('a backup that is older than the log', () => {
  it('reads the log again when it is told to, and keeps what it has', async () => {
    const { pool } = await newDatabase('backup');
    const backup = openAs(pool, servers.kafkaBrokers);
    await backup.adoptOwnStreams([sessionsTopic]);
    const { pool: later } = await newDatabase('later');
    const since = openAs(later, servers.kafkaBrokers);
    await since.adoptOwnStreams([sessionsTopic]);
    since.startRelay();
    const [said] = await append(since, released('cpo', 's-30', 'since the backup'));
    await published(later);

    await pool.query('UPDATE event_log.adoptions SET finished_at = NULL');
    const again = openAs(pool, servers.kafkaBrokers);
    expect(await again.adoptOwnStreams([sessionsTopic])).toEqual({ events: 1 });
    const [next] = await append(again, released('cpo', 's-30', 'after the backup'));
    expect(next?.sequence).toBe((said?.sequence ?? 0n) + 1n);
    await Promise.all([backup.stop(), since.stop(), again.stop()]);
  });

  it('restores from what is in the log, and not from what it never published', async () => {
    const { pool } = await newDatabase('unpublished');
    const backup = openAs(pool, servers.kafkaBrokers);
    await backup.adoptOwnStreams([orphansTopic]);
    const [waiting] = await append(backup, orphaned('cpo', 'CP-1', 'on its way'));
    await pool.query('UPDATE event_log.adoptions SET finished_at = NULL');

    const again = openAs(pool, servers.kafkaBrokers);
    const restored: string[] = [];
    await again.adoptOwnStreams([orphansTopic], async (own) => {
      for await (const events of own(orphansTopic)) {
        restored.push(...events.map(({ metadata }) => metadata.id));
      }
    });
    expect(restored).not.toEqual([]);
    expect(restored).not.toContain(waiting?.id);
    again.startRelay();
    await published(pool);
    await Promise.all([backup.stop(), again.stop()]);
  });
});

describe('without adoption', () => {
  it('nothing is appended to a stream of one’s own', async () => {
    const { pool } = await newDatabase('refused');
    const log = openAs(pool, servers.kafkaBrokers);
    await expect(append(log, released('cpo', 's-1', 'first'))).rejects.toThrow(
      /charging\.sessions\.v1 has not been adopted.*adoptOwnStreams/,
    );
    expect(await streamsOf(pool)).toEqual([]);
  });
});
