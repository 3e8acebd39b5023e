import { createHmac } from 'node:crypto';
import {
  allTopicDefinitions,
  canonicalJson,
  derivedId,
  sha256Hex,
  type RecordedEvent,
  type SessionEvent,
  type TariffEvent,
} from '@tallywatt/contracts';
import {
  createEventLog,
  ensureTopics,
  eventLogMigrations,
  replayTopics,
  type EventLog,
} from '@tallywatt/event-log';
import {
  createLogger,
  encodeCursor,
  migrate,
  readMigrations,
  startService,
} from '@tallywatt/service-kit';
import { eventually, startTestServers, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { Registry } from 'prom-client';
import { cdrIdOf } from '@tallywatt/derivations';
import { takeSessionEvents } from './inbound/session-events.consumer';
import { CdrLog } from './outbound/cdr-log';
import { pricingMetrics } from './outbound/pricing-metrics';
import { keepTariffs } from './outbound/tariff-tables';
import { TariffShelf } from './outbound/tariff-shelf';
import { pricingEngineService } from './pricing-engine-service';

const secret = 'a secret of at least thirty-two characters';
const logger = createLogger('pricing-engine-test', 'silent');

const tokenOf = (cpo: string, ...roles: string[]): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'test', cpo, roles })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

type CdrItem = { cdrId: string; log: { offset: string | null } };
/** What the answers hold that these tests read by name. */
type Body = { items: CdrItem[]; next: string | null; faults: { path: string }[]; version: string };
type Answer = { status: number; body: Body; contentType: string | null };

let kafka: Awaited<ReturnType<typeof startTestServers>>;
let brokers: string[];
let databaseUrl: string;
let service: Awaited<ReturnType<typeof startService>>;
let gateway: EventLog;
const pools: Pool[] = [];

const poolOf = (url: string): Pool => {
  const pool = new Pool({ connectionString: url, max: 6 });
  pools.push(pool);
  return pool;
};
const start = (url: string) =>
  startService(pricingEngineService, {
    KAFKA_BROKERS: brokers.join(),
    DATABASE_URL: url,
    AUTH_SECRET: secret,
    PRICING_ENGINE_PORT: '0',
    LOG_LEVEL: 'silent',
  });

const call = async (
  method: string,
  path: string,
  body?: unknown,
  token = tokenOf('default', 'operator'),
): Promise<Answer> => {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const contentType = response.headers.get('content-type');
  return { status: response.status, body: (await response.json()) as Body, contentType };
};

const tariffJson = (price: number) => ({
  country_code: 'DE',
  party_id: 'TLW',
  currency: 'EUR',
  last_updated: '2026-11-20T00:00:00Z',
  elements: [
    {
      price_components: [
        { type: 'ENERGY', price, vat: 19, step_size: 1 },
        { type: 'PARKING_TIME', price: 6, vat: 19, step_size: 60 },
      ],
    },
  ],
});

/** 20 kWh in an hour, then 25.5 minutes of idle time. */
const sessionOf = (
  name: string,
  tariff: { tariffId: string; version: bigint; contentHash: string },
): SessionEvent[] => {
  const identity = { cpoId: 'default', sessionId: derivedId('default', 'test-session', name) };
  return [
    {
      type: 'SessionStarted',
      ...identity,
      chargePointId: 'CP-1',
      connectorId: 1,
      ocppVersion: '1.6',
      ocppTransactionId: '1',
      occurrence: 1,
      meterStartMilliWh: 500_000n,
      startedAt: '2026-06-01T08:00:00.000Z',
      powerWMax: 22_000n,
      location: {
        locationId: 'LOC-1',
        timeZone: 'Europe/Berlin',
        currency: 'EUR',
        taxRatePercent: { unscaled: 19n, scale: 0 },
      },
      decision: {
        decisionId: derivedId(name),
        status: 'Accepted',
        tokenRef: 'token-1',
        tier: 'retail',
        paymentRoute: 'card',
        tariff: { ...tariff, billsParkingTime: true },
        rule: 'retail',
        decidedAt: '2026-06-01T08:00:00.000Z',
      },
    },
    {
      type: 'MeterValuesRecorded',
      ...identity,
      reportedIn: 'meter-values',
      readings: [
        {
          readAt: '2026-06-01T08:30:00.000Z',
          context: 'Sample.Periodic',
          registerMilliWh: 10_500_000n,
        },
      ],
    },
    {
      type: 'SessionStopped',
      ...identity,
      stoppedAt: '2026-06-01T09:00:00.000Z',
      meterStopMilliWh: 20_500_000n,
      stopReason: 'Local',
    },
    {
      type: 'SessionClosed',
      ...identity,
      closedAt: '2026-06-01T09:25:30.000Z',
      closedBy: 'available',
    },
  ];
};
const record = (events: readonly SessionEvent[]) =>
  gateway.transaction((tx) =>
    gateway.append(
      tx,
      events.map((event) => ({ event, occurredAt: '2026-06-01T09:25:30.000Z' })),
    ),
  );
const cdrsOf = async (sessionId: string): Promise<CdrItem[]> =>
  (await call('GET', `/v1/cdrs?sessionId=${sessionId}`)).body.items;
/** The CDR once the broker has acknowledged it. */
const issuedCdrOf = (sessionId: string) =>
  eventually(
    async () => {
      const cdrs = await cdrsOf(sessionId);
      expect(cdrs).toMatchObject([{ log: { offset: expect.any(String) } }]);
      return cdrs[0] as CdrItem;
    },
    { timeoutMs: 30_000, intervalMs: 100 },
  );
const idOf = (events: readonly SessionEvent[]): string => events[0]?.sessionId ?? '';

beforeAll(async () => {
  const runtime = await testRuntime();
  // A log of our own: a session of another test would wait here for its tariff for ever.
  kafka = await startTestServers({ postgres: false });
  brokers = kafka.kafkaBrokers.split(',');
  const used = /^(charging\.sessions|pricing\.(tariffs|cdrs))\.v1/;
  await ensureTopics({
    brokers,
    definitions: allTopicDefinitions.filter(({ name }) => used.test(name)),
    replicationFactor: 1,
  });
  databaseUrl = await runtime.createDatabase();
  const gatewayPool = poolOf(await runtime.createDatabase());
  await gatewayPool.query(eventLogMigrations);
  gateway = createEventLog({
    service: 'ocpp-gateway',
    pool: gatewayPool,
    brokers,
    logger,
    streamsAreNew: true,
  });
  gateway.startRelay();
  service = await start(databaseUrl);
});

afterAll(async () => {
  await service?.stop();
  await gateway?.stop();
  await Promise.all(pools.map((pool) => pool.end()));
  await kafka?.stop();
});

describe('a tariff that is handed in', () => {
  it('is published as version 1, and as the next one when it says something else', async () => {
    const contentHash = sha256Hex(canonicalJson({ ...tariffJson(0.5), id: 'ac' }));
    expect(await call('PUT', '/v1/tariffs/ac', tariffJson(0.5))).toMatchObject({
      status: 201,
      body: { tariffId: 'ac', version: '1', contentHash, warnings: [] },
    });
    const again = await call('PUT', '/v1/tariffs/ac', { ...tariffJson(0.5), id: 'ac' });
    expect(again).toMatchObject({ status: 200, body: { version: '1', contentHash } });
    const changed = await call('PUT', '/v1/tariffs/ac', tariffJson(0.55));
    expect(changed).toMatchObject({ status: 201, body: { version: '2' } });

    const first = await call('GET', '/v1/tariffs/ac/versions/1');
    expect(first.body).toMatchObject({ contentHash, tariff: { id: 'ac', currency: 'EUR' } });
    expect((await call('GET', '/v1/tariffs/ac')).body).toMatchObject({ version: '2' });
    expect((await call('GET', '/v1/tariffs?limit=1')).body).toMatchObject({
      items: [{ tariffId: 'ac', version: '2', billsParkingTime: true }],
      next: null,
    });
  });

  it('gets each version once when the same content is handed in at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        call('PUT', '/v1/tariffs/contended', tariffJson(1 + (index % 2))),
      ),
    );
    const created = answers.filter(({ status }) => status === 201);
    const versions = created.map(({ body }) => Number(body.version)).sort((a, b) => a - b);
    expect(versions).toEqual(versions.map((_, index) => index + 1));
  });

  it('is refused with every fault at its place', async () => {
    const answer = await call('PUT', '/v1/tariffs/bad', {
      id: 'other',
      currency: 'EURO',
      elements: [{ price_components: [{ type: 'ENERGIE', price: 'cheap' }] }],
    });
    expect(answer).toMatchObject({
      status: 422,
      contentType: expect.stringContaining('application/problem+json'),
      body: { type: 'urn:tallywatt:problem:tariff-invalid' },
    });
    const component = '$.elements[0].price_components[0]';
    expect(answer.body.faults.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        '$.id',
        '$.currency',
        `${component}.type`,
        `${component}.price`,
        `${component}.step_size`,
      ]),
    );
    expect((await call('GET', '/v1/tariffs/bad')).status).toBe(404);
    expect((await call('PUT', '/v1/tariffs/bad', ['no tariff'])).status).toBe(422);
    const large = { ...tariffJson(1), tariff_alt_text: 'x'.repeat(500_000) };
    expect((await call('PUT', '/v1/tariffs/bad', large)).body.faults).toMatchObject([
      { path: '$' },
    ]);
    expect((await call('PUT', '/v1/tariffs/b%00d', tariffJson(1))).status).toBe(422);
    expect((await call('GET', '/v1/tariffs/b%00d')).status).toBe(404);
  });

  it('is a matter of its own CPO and of operators', async () => {
    const finance = tokenOf('default', 'finance');
    expect((await call('PUT', '/v1/tariffs/ac', tariffJson(9), finance)).status).toBe(403);
    const stranger = tokenOf('another', 'operator');
    expect((await call('GET', '/v1/tariffs/ac', undefined, stranger)).status).toBe(404);
    expect((await call('GET', '/v1/tariffs', undefined, stranger)).body.items).toEqual([]);
  });

  it.each(["UPDATE tariff_versions SET currency = 'USD'", 'DELETE FROM tariff_versions'])(
    'cannot be changed in the database: %s',
    (sql) => expect(poolOf(databaseUrl).query(sql)).rejects.toThrow('keeps what was published'),
  );
});

describe('a closed session', () => {
  const v1 = {
    tariffId: 'ac',
    version: 1n,
    contentHash: sha256Hex(canonicalJson({ ...tariffJson(0.5), id: 'ac' })),
  };

  it('gets one CDR by the tariff version its decision names', async () => {
    const session = sessionOf('priced', v1);
    await record(session);
    const cdr = await issuedCdrOf(idOf(session));
    // 20 kWh x 0.50 = 10.00; 25.5 min in steps of a minute x 6.00/h = 2.60; 19 % of it 2.39
    expect(cdr).toMatchObject({
      cdrId: cdrIdOf('default', idOf(session)),
      totalExclTaxMinor: '1260',
      totalTaxMinor: '239',
      totalInclTaxMinor: '1499',
      lines: [
        { dimension: 'ENERGY', amountMinor: '1000' },
        { dimension: 'PARKING_TIME', amountMinor: '260' },
      ],
      log: { topic: 'pricing.cdrs.v1', sequence: '1', offset: expect.any(String) },
    });
    const shown = await call('GET', `/v1/cdrs/${cdr.cdrId}`);
    expect(shown.body).toEqual(cdr);
    const stranger = tokenOf('another', 'operator');
    const hidden = await call('GET', `/v1/cdrs/${cdr.cdrId}`, undefined, stranger);
    expect(hidden.status).toBe(404);
  });

  it('keeps its one CDR when it is closed again', async () => {
    const session = sessionOf('closed-twice', v1);
    await record(session);
    const before = await issuedCdrOf(idOf(session));
    const [close] = session.slice(-1);
    await record([{ ...close, closedAt: '2026-06-01T12:00:00.000Z' } as SessionEvent]);
    await eventually(async () => {
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      expect(metrics).toContain('tallywatt_late_session_facts_total 1');
    });
    expect(await cdrsOf(idOf(session))).toEqual([before]);
  });

  it('waits for a tariff that the log has not brought yet', async () => {
    const contentHash = sha256Hex(canonicalJson({ ...tariffJson(0.7), id: 'late' }));
    const session = sessionOf('early', { tariffId: 'late', version: 1n, contentHash });
    await record(session);
    await eventually(async () => {
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      expect(metrics).toMatch(/consumer_waits_total\{[^\n]*\} [1-9]/);
    });
    expect(await cdrsOf(idOf(session))).toEqual([]);
    expect((await call('PUT', '/v1/tariffs/late', tariffJson(0.7))).status).toBe(201);
    // 20 kWh x 0.70 + 2.60
    expect(await issuedCdrOf(idOf(session))).toMatchObject({ totalExclTaxMinor: '1660' });
  });

  it('is listed page by page in the order of issue', async () => {
    const all = (await call('GET', '/v1/cdrs')).body.items;
    const first = (await call('GET', '/v1/cdrs?limit=2')).body;
    const rest = (await call('GET', `/v1/cdrs?limit=2&cursor=${first.next}`)).body;
    expect([...first.items, ...rest.items]).toEqual(all);
    expect(rest.next).toBeNull();
    const forged = encodeCursor(['yesterday', 'x']);
    expect((await call('GET', `/v1/cdrs?cursor=${forged}`)).status).toBe(422);
    expect((await call('GET', '/v1/cdrs?sessionId=%00')).status).toBe(422);
    expect((await call('GET', '/v1/cdrs/%00')).status).toBe(404);
  });

  it.each(['UPDATE cdrs SET content_hash = NULL', 'DELETE FROM cdrs'])(
    'keeps its CDR in the database: %s',
    (sql) => expect(poolOf(databaseUrl).query(sql)).rejects.toThrow('keeps what was published'),
  );
});

describe('an empty database', () => {
  const cdrsIn = async (pool: Pool) =>
    (
      await pool.query(
        'SELECT cdr_id, session_id, event_id, content_hash FROM cdrs ORDER BY cpo_id, cdr_id',
      )
    ).rows;
  const outboxOf = async (pool: Pool) =>
    (
      await pool.query(
        `SELECT event_id, topic, stream_key, sequence, value, partition, log_offset
         FROM event_log.outbox ORDER BY topic, stream_key, sequence`,
      )
    ).rows;
  const emptyDatabase = async (): Promise<string> => (await testRuntime()).createDatabase();

  it('gets the same CDRs, by id and content hash, from the topics alone', async () => {
    const url = await emptyDatabase();
    await migrate(
      url,
      [{ name: '0001_event-log', sql: eventLogMigrations }],
      readMigrations(pricingEngineService.migrations),
    );
    const pool = poolOf(url);
    // Without a relay nothing leaves this database.
    const eventLog = createEventLog({
      service: 'pricing-engine',
      pool,
      brokers,
      logger,
      streamsAreNew: true,
    });
    const metrics = pricingMetrics(new Registry());
    const takeSessions = takeSessionEvents({
      tariffs: new TariffShelf(),
      cdrs: new CdrLog(eventLog, metrics, logger),
      metrics,
      logger,
    });
    const replay = <E extends SessionEvent | TariffEvent>(
      topic: 'charging.sessions.v1' | 'pricing.tariffs.v1',
      take: (
        records: readonly RecordedEvent<E>[],
        tx: Parameters<typeof keepTariffs>[0],
      ) => Promise<void>,
    ) =>
      replayTopics({
        brokers,
        topics: [topic],
        handle: (records) =>
          eventLog.transaction((tx) => take(records as readonly RecordedEvent<E>[], tx)),
      });
    await replay<TariffEvent>('pricing.tariffs.v1', (records, tx) =>
      keepTariffs(
        tx,
        records.map(({ event }) => event),
      ),
    );
    await replay('charging.sessions.v1', takeSessions);
    await eventLog.stop();

    const rebuilt = await cdrsIn(pool);
    expect(rebuilt).toHaveLength(3);
    expect(rebuilt).toEqual(await cdrsIn(poolOf(databaseUrl)));
  });

  it('is taken on by the service without a word more in the log', async () => {
    const before = poolOf(databaseUrl);
    const [cdrs, outbox] = [await cdrsIn(before), await outboxOf(before)];
    const [shown] = (await call('GET', '/v1/cdrs')).body.items;
    await service.stop();

    const url = await emptyDatabase();
    service = await start(url);
    const after = poolOf(url);
    await eventually(
      async () => {
        const sql = "SELECT count(*)::int AS rated FROM rated_sessions WHERE status = 'rated'";
        expect((await after.query(sql)).rows).toEqual([{ rated: 3 }]);
      },
      { timeoutMs: 30_000, intervalMs: 100 },
    );
    expect(await cdrsIn(after)).toEqual(cdrs);
    expect(await outboxOf(after)).toEqual(outbox);
    expect((await call('GET', `/v1/cdrs/${shown?.cdrId}`)).body).toEqual(shown);
    // Versions go on where the log left them.
    const next = await call('PUT', '/v1/tariffs/ac', tariffJson(0.6));
    expect(next).toMatchObject({ status: 201, body: { version: '3' } });
  });
});
