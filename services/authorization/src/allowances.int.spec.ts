import { createHmac, randomBytes } from 'node:crypto';
import {
  allTopicDefinitions,
  type AllowanceEvent,
  type RecordedEvent,
  type SessionEvent,
} from '@tallywatt/contracts';
import {
  createEventLog,
  ensureTopics,
  eventLogMigrations,
  replayTopics,
  type EventLog,
} from '@tallywatt/event-log';
import { createLogger, startService, type RunningService } from '@tallywatt/service-kit';
import { eventually, freePort, startTestServers, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { authorizationService } from './authorization-service';
import { correctionOf, sessionOf } from './testing/drawing-session';

// Sessions as the gateway tells of them; what is drawn is read where the pricing engine reads it.

const kWh = 1_000_000n;
const subjectRef = '0d3a2f6e-2a8d-4c77-9a70-1f5f3f1b8f40';
const driver = { cpoId: 'default', subjectRef, monthlyMilliWh: 10n * kWh };
const secret = randomBytes(24).toString('hex');
const patience = { timeoutMs: 120_000, intervalMs: 200 };

type Servers = Awaited<ReturnType<typeof startTestServers>>;
let servers: Servers;
let gateway: EventLog;
let service: RunningService;
const pools: Pool[] = [];

const poolOf = (url: string): Pool => {
  const pool = new Pool({ connectionString: url, max: 4 });
  pools.push(pool);
  return pool;
};
const start = async (databaseUrl: string): Promise<void> => {
  service = await startService(authorizationService, {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: servers.kafkaBrokers,
    AUTH_SECRET: secret,
    VAULT_KEY: 'the same vault key for every life of the service',
    AUTHORIZATION_PORT: '0',
    AUTHORIZATION_GRPC_PORT: String(await freePort()),
    LOG_LEVEL: 'silent',
  });
};
const record = (...events: readonly SessionEvent[]) =>
  gateway.transaction((tx) =>
    gateway.append(
      tx,
      events.map((event) => ({ event, occurredAt: '2026-11-20T12:00:00.000Z' })),
    ),
  );
const told = async (): Promise<RecordedEvent<AllowanceEvent>[]> => {
  const found: RecordedEvent[] = [];
  await replayTopics({
    brokers: servers.kafkaBrokers.split(','),
    topics: ['access.allowances.v1'],
    handle: async (events) => void found.push(...events),
  });
  return found as RecordedEvent<AllowanceEvent>[];
};
/** What the operator is shown of a month of the driver. */
const shown = async (period: string, cpo = 'default') => {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const claims = { sub: 'test', cpo, roles: ['operator'] };
  const signed = `${part({ alg: 'HS256' })}.${part(claims)}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64url');
  const response = await fetch(`${service.url}/v1/drivers/${subjectRef}/allowances/${period}`, {
    headers: { authorization: `Bearer ${signed}.${signature}` },
  });
  return { status: response.status, body: await response.json() };
};
const drawnBy = (session: readonly SessionEvent[], revision = 1): Promise<AllowanceEvent> =>
  eventually(async () => {
    const found = (await told()).filter(
      ({ event }) => event.sessionId === session[0]?.sessionId && event.energyRevision === revision,
    );
    expect(found).toHaveLength(1);
    return found[0]?.event as AllowanceEvent;
  }, patience);

beforeAll(async () => {
  // A log of our own: sessions of other tests are not for this service to follow.
  servers = await startTestServers({ postgres: false });
  const brokers = servers.kafkaBrokers.split(',');
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  const runtime = await testRuntime();
  const gatewayPool = poolOf(await runtime.createDatabase());
  await gatewayPool.query(eventLogMigrations);
  gateway = createEventLog({
    service: 'ocpp-gateway',
    pool: gatewayPool,
    brokers,
    logger: createLogger('allowances-test', 'silent'),
    streamsAreNew: true,
  });
  gateway.startRelay();
  await start(await runtime.createDatabase());
});
afterAll(async () => {
  await service?.stop();
  await gateway?.stop();
  await Promise.all(pools.map((pool) => pool.end()));
  await servers?.stop();
});

it('gives a month to its sessions in their order, takes back, and begins anew', async () => {
  const first = sessionOf(driver, 'first', '2026-11-03T10:00:00.000Z', 6n);
  const second = sessionOf(driver, 'second', '2026-11-05T10:00:00.000Z', 7n);
  const third = sessionOf(driver, 'third', '2026-11-07T10:00:00.000Z', 5n);
  // 00:30 on 1 December in Berlin
  const december = sessionOf(driver, 'december', '2026-11-30T23:30:00.000Z', 5n);
  const stranger = sessionOf({ ...driver, cpoId: 'another' }, 'theirs', '2026-11-03T10:00:00Z', 9n);

  await record(...first);
  expect(await drawnBy(first)).toMatchObject({
    type: 'AllowanceDrawn',
    period: '2026-11',
    sessionEnergyMilliWh: 6n * kWh,
    drawnMilliWh: 6n * kWh,
    leftMilliWh: 4n * kWh,
  });
  await record(...second);
  expect(await drawnBy(second)).toMatchObject({ drawnMilliWh: 4n * kWh, leftMilliWh: 0n });
  await record(...third);
  expect(await drawnBy(third)).toMatchObject({ drawnMilliWh: 0n, sessionDrawnMilliWh: 0n });

  await record(correctionOf(first, 5n));
  expect(await drawnBy(first, 2)).toMatchObject({
    type: 'AllowanceReturned',
    returnedMilliWh: kWh,
    sessionDrawnMilliWh: 5n * kWh,
    leftMilliWh: kWh,
  });
  // What came back goes to whoever is settled next, not to the third by itself.
  await record(correctionOf(third, 6n));
  expect(await drawnBy(third, 2)).toMatchObject({ drawnMilliWh: kWh, leftMilliWh: 0n });

  expect(await shown('2026-11')).toMatchObject({
    status: 200,
    body: {
      monthlyMilliWh: '10000000',
      leftMilliWh: '0',
      drawnMilliWh: '10000000',
      sessions: [
        { energyMilliWh: '5000000', drawnMilliWh: '5000000' },
        { energyMilliWh: '7000000', drawnMilliWh: '4000000' },
        { energyMilliWh: '6000000', drawnMilliWh: '1000000' },
      ],
    },
  });
  expect(await shown('2026-12')).toMatchObject({ status: 404 });
  expect(await shown('2026-11', 'a-third')).toMatchObject({ status: 404 });

  await record(...december, ...stranger);
  expect(await drawnBy(december)).toMatchObject({ period: '2026-12', drawnMilliWh: 5n * kWh });
  expect(await drawnBy(stranger)).toMatchObject({ cpoId: 'another', drawnMilliWh: 9n * kWh });
});

it('takes over with an empty database what was drawn, and draws nothing twice', async () => {
  const before = await told();
  await service.stop();
  const url = await (await testRuntime()).createDatabase();
  await start(url);
  const pool = poolOf(url);
  await eventually(async () => {
    const { rows } = await pool.query('SELECT count(*)::int AS read FROM drawing_sessions');
    expect(rows).toEqual([{ read: 5 }]);
  }, patience);

  const next = sessionOf(driver, 'next', '2026-12-04T10:00:00.000Z', 7n);
  await record(...next);
  expect(await drawnBy(next)).toMatchObject({ drawnMilliWh: 5n * kWh, leftMilliWh: 0n });
  const after = await told();
  expect(after).toHaveLength(before.length + 1);
  expect(after).toEqual(expect.arrayContaining(before));
  // Of each month what its sessions have.
  const { rows } = await pool.query(
    `SELECT period, a.drawn_milli_wh = sum(d.drawn_milli_wh) AS agrees FROM allowances a
     JOIN allowance_draws d USING (cpo_id, subject_ref, period)
     GROUP BY cpo_id, subject_ref, period ORDER BY cpo_id, period`,
  );
  expect(rows).toEqual([
    { period: '2026-11', agrees: true },
    { period: '2026-11', agrees: true },
    { period: '2026-12', agrees: true },
  ]);
});
