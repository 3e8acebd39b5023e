import type { LocalRuntime } from '@tallywatt/local-runtime';
import {
  eventually,
  freePort,
  kafkaProduceApiKey,
  startTcpProxy,
  startTestServers,
  type TcpProxy,
} from '@tallywatt/testing';
import type { Pool } from 'pg';
import {
  createTopics,
  openLog,
  openPool,
  prepareDatabase,
  readEffects,
  released,
} from './testing/log-stage';
import { sessionsTopic, streamsOutOfOrder, writeEffects } from './testing/log-stage';
import type { EventLog } from './event-log-api';

const patience = { timeoutMs: 60_000, intervalMs: 200 };
let servers: LocalRuntime;
let proxy: TcpProxy;
let pool: Pool;
const open: EventLog[] = [];
const fatal: Error[] = [];

const openAnother = (): EventLog => {
  const log = openLog(pool, servers.kafkaBrokers, { onFatal: (error) => fatal.push(error) });
  open.push(log);
  return log;
};

beforeAll(async () => {
  const advertisedKafkaPort = await freePort();
  servers = await startTestServers({ advertisedKafkaPort });
  proxy = await startTcpProxy({
    target: `127.0.0.1:${servers.kafka.port}`,
    port: advertisedKafkaPort,
  });
  await createTopics(servers.kafkaBrokers);
  pool = openPool(await servers.createDatabase('outage'));
  pool.on('error', () => undefined);
  await prepareDatabase(pool);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((log) => log.stop()));
  expect(fatal).toEqual([]);
});

afterAll(async () => {
  await pool?.end();
  await proxy?.stop();
  await servers?.stop();
});

/** Appends to two streams until told to stop; what failed is tried again, as a service would. */
const keepAppending = (log: EventLog, cpoId: string) => {
  let stopping = false;
  let count = 0;
  const running = (async () => {
    while (!stopping) {
      const detail = `${count + 1}`;
      try {
        await log.transaction((tx) =>
          log.append(tx, [released(cpoId, 's-1', detail), released(cpoId, 's-2', detail)]),
        );
        count += 1;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return Array.from({ length: count }, (_, n) => `${n + 1}`);
  })();
  return {
    count: () => count,
    stop: () => {
      stopping = true;
      return running;
    },
  };
};

const expectEachOnce = (cpoId: string, details: string[]): Promise<void> =>
  eventually(async () => {
    const effects = await readEffects(pool, cpoId, cpoId);
    expect(effects).toEqual({ 's-1': details, 's-2': details });
  }, patience);

const start = (cpoId: string): EventLog => {
  const log = openAnother();
  log.startRelay();
  log.consume({ name: cpoId, topics: [sessionsTopic], handle: writeEffects(cpoId) });
  return log;
};

it('loses nothing when acknowledgements of the broker are lost', async () => {
  const log = start('acks');
  const appending = keepAppending(log, 'acks');
  for (let cut = 1; cut <= 12; cut += 1) {
    const before = proxy.cutCount;
    proxy.cutResponses(1, kafkaProduceApiKey);
    await eventually(() => expect(proxy.cutCount).toBeGreaterThan(before), patience);
  }
  const details = await appending.stop();
  await expectEachOnce('acks', details);
  // The lost answers were to appends that had happened: they are in the log twice.
  const { rows } = await pool.query<{ published: number }>(
    `SELECT count(*)::int AS published FROM event_log.outbox WHERE log_offset IS NOT NULL`,
  );
  const { rows: taken } = await pool.query<{ records: number }>(
    `SELECT sum(next_offset)::int AS records FROM event_log.offsets WHERE consumer = 'acks'`,
  );
  expect(await streamsOutOfOrder(pool)).toEqual([]);
  expect(taken[0]?.records).toBeGreaterThan(rows[0]?.published ?? 0);
  expect(await log.listParked()).toEqual([]);
});

it('goes on after the broker was killed and started again', async () => {
  const log = start('broker');
  const appending = keepAppending(log, 'broker');
  await eventually(() => expect(appending.count()).toBeGreaterThan(20), patience);
  await servers.kafka.kill();
  const before = appending.count();
  // Kafka is away, the service is not: it goes on writing to its outbox.
  await eventually(() => expect(appending.count()).toBeGreaterThan(before + 20), patience);
  await servers.kafka.start();
  const after = appending.count();
  await eventually(() => expect(appending.count()).toBeGreaterThan(after + 20), patience);
  await expectEachOnce('broker', await appending.stop());
  expect(await log.listParked()).toEqual([]);
});

it('goes on after the database was stopped at once and started again', async () => {
  const log = start('database');
  const appending = keepAppending(log, 'database');
  await eventually(() => expect(appending.count()).toBeGreaterThan(20), patience);
  await servers.postgres.stopNow();
  await new Promise((resolve) => setTimeout(resolve, 700));
  await servers.postgres.start();
  const after = appending.count();
  await eventually(() => expect(appending.count()).toBeGreaterThan(after + 20), patience);
  const details = await appending.stop();
  await expectEachOnce('database', details);
  expect(await log.listParked()).toEqual([]);
});
