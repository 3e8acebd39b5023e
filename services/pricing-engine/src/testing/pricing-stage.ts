import { createHmac } from 'node:crypto';
import {
  allTopicDefinitions,
  canonicalJson,
  derivedId,
  sha256Hex,
  type AccountEvent,
  type RegistryEvent,
  type SessionEvent,
} from '@tallywatt/contracts';
import { createEventLog, ensureTopics, eventLogMigrations } from '@tallywatt/event-log';
import { createLogger, startService } from '@tallywatt/service-kit';
import { eventually, startTestServers, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { pricingEngineService } from '../pricing-engine-service';

// The service on a log of its own, a gateway that writes sessions to it, and an operator's client.

const secret = 'a secret of at least thirty-two characters';
export const logger = createLogger('pricing-engine-test', 'silent');

export const tokenOf = (cpo: string, ...roles: string[]): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'test', cpo, roles })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

export type CdrItem = { cdrId: string; log: { offset: string | null } };
/** What the answers hold that these tests read by name. */
type Body = {
  items: CdrItem[];
  next: string | null;
  faults: { path: string }[];
  version: string;
  contentHash: string;
};
export type Answer = { status: number; body: Body; contentType: string | null };

export const tariffJson = (price: number) => ({
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

/** The hash of a tariff as `PUT /v1/tariffs/<id>` publishes it. */
export const contentHashOf = (tariffId: string, price: number): string =>
  sha256Hex(canonicalJson({ ...tariffJson(price), id: tariffId }));

/** 20 kWh in an hour, then 25.5 minutes of idle time. */
export const sessionOf = (
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

export const idOf = (events: readonly SessionEvent[]): string => events[0]?.sessionId ?? '';

export type PricingStage = Awaited<ReturnType<typeof openPricingStage>>;

export const openPricingStage = async () => {
  const runtime = await testRuntime();
  // A log of our own: a session of another test would wait here for its tariff for ever.
  const kafka = await startTestServers({ postgres: false });
  const brokers = kafka.kafkaBrokers.split(',');
  await ensureTopics({
    brokers,
    definitions: allTopicDefinitions,
    replicationFactor: 1,
  });
  const pools: Pool[] = [];
  const poolOf = (url: string): Pool => {
    const pool = new Pool({ connectionString: url, max: 6 });
    pools.push(pool);
    return pool;
  };
  const databaseUrl = await runtime.createDatabase();
  const gatewayPool = poolOf(await runtime.createDatabase());
  await gatewayPool.query(eventLogMigrations);
  const gateway = createEventLog({
    service: 'ocpp-gateway',
    pool: gatewayPool,
    brokers,
    logger,
    streamsAreNew: true,
  });
  gateway.startRelay();
  const accountsPool = poolOf(await runtime.createDatabase());
  await accountsPool.query(eventLogMigrations);
  const accounts = createEventLog({
    service: 'authorization',
    pool: accountsPool,
    brokers,
    logger,
    streamsAreNew: true,
  });
  accounts.startRelay();
  const start = (url: string) =>
    startService(pricingEngineService, {
      KAFKA_BROKERS: brokers.join(),
      DATABASE_URL: url,
      AUTH_SECRET: secret,
      PRICING_ENGINE_PORT: '0',
      PRICING_RULE_INTERVAL_SECONDS: '1',
      LOG_LEVEL: 'silent',
    });
  let service = await start(databaseUrl);

  const send = async (
    method: string,
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> => {
    const token = tokenOf('default', 'operator');
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const contentType = response.headers.get('content-type');
    return { status: response.status, body: (await response.json()) as Body, contentType };
  };
  const call = (
    method: string,
    path: string,
    body?: unknown,
    token = tokenOf('default', 'operator'),
  ): Promise<Answer> =>
    send(method, path, body === undefined ? undefined : JSON.stringify(body), {
      authorization: `Bearer ${token}`,
    });
  const cdrsOf = async (sessionId: string): Promise<CdrItem[]> =>
    (await call('GET', `/v1/cdrs?sessionId=${sessionId}`)).body.items;

  return {
    brokers,
    databaseUrl,
    poolOf,
    call,
    /** A body that need not be JSON. */
    post: (path: string, body: string, headers?: Readonly<Record<string, string>>) =>
      send('POST', path, body, headers),
    cdrsOf,
    emptyDatabase: () => runtime.createDatabase(),
    record: (events: readonly (SessionEvent | RegistryEvent)[], recordedAt?: string) =>
      gateway.transaction((tx) =>
        gateway.append(
          tx,
          events.map((event) => ({ event, occurredAt: '2026-06-01T09:25:30.000Z' })),
          recordedAt === undefined ? {} : { recordedAt },
        ),
      ),
    recordAccounts: (events: readonly AccountEvent[]) =>
      accounts.transaction((tx) =>
        accounts.append(
          tx,
          events.map((event) => ({ event, occurredAt: '2026-06-01T00:00:00.000Z' })),
        ),
      ),
    /** The CDR once the broker has acknowledged it. */
    issuedCdrOf: (sessionId: string) =>
      eventually(
        async () => {
          const cdrs = await cdrsOf(sessionId);
          expect(cdrs).toMatchObject([{ log: { offset: expect.any(String) } }]);
          return cdrs[0] as CdrItem;
        },
        { timeoutMs: 90_000, intervalMs: 100 },
      ),
    metrics: async () => (await fetch(`${service.url}/metrics`)).text(),
    /** A second replica on the same database; ends when told to. */
    startAnother: () => start(databaseUrl),
    /** Nothing of Kafka answers until it thaws. */
    freezeKafka: () => kafka.kafka.freeze(),
    thawKafka: () => kafka.kafka.thaw(),
    /** Ends the service and starts it on another database. */
    moveTo: async (url: string) => {
      await service.stop();
      service = await start(url);
    },
    stop: async () => {
      await service.stop();
      await gateway.stop();
      await accounts.stop();
      await Promise.all(pools.map((pool) => pool.end()));
      await kafka.stop();
    },
  };
};
