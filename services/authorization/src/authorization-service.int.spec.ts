import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadPackageDefinition, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { allTopicDefinitions, type TariffPublished } from '@tallywatt/contracts';
import { createEventLog, ensureTopics, eventLogMigrations } from '@tallywatt/event-log';
import { createLogger, startService, type RunningService } from '@tallywatt/service-kit';
import { eventually, freePort, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { authorizationService } from './authorization-service';
import { Vault } from './outbound/vault';
import { VaultSeal } from './outbound/vault-seal';

const proto = join(__dirname, '..', '..', '..', 'proto');
const secret = randomBytes(24).toString('hex');
const cpoId = `cpo-${randomBytes(6).toString('hex')}`;
const otherCpoId = `cpo-${randomBytes(6).toString('hex')}`;
const uid = (): string => randomBytes(7).toString('hex').toUpperCase();

const bearer = (roles: readonly string[], cpo = cpoId): string => {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const signed = `${part({ alg: 'HS256' })}.${part({ sub: 'test', cpo, roles, exp })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

// Answers are read as a foreign client reads them: by field, without our types.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Reply = Record<string, any>;
type Answer = Readonly<{ status: number; body: Reply }>;

let environment: Record<string, string>;
let pool: Pool;
let service: RunningService;
let grpcPort: number;

const call = async (
  method: string,
  path: string,
  body?: unknown,
  token = bearer(['operator']),
): Promise<Answer> => {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Reply };
};

const instantOf = (epochMs: number) => ({ seconds: Math.floor(epochMs / 1_000), nanos: 0 });

const authorize = async (idTag: string, changed: object = {}): Promise<Reply> => {
  const definition = loadSync(join(proto, 'tallywatt/access/v1/authorization_service.proto'), {
    includeDirs: [proto],
    longs: String,
  });
  const loaded: Reply = loadPackageDefinition(definition);
  const client = new loaded['tallywatt'].access.v1.AuthorizationService(
    `127.0.0.1:${grpcPort}`,
    credentials.createInsecure(),
  );
  const request = {
    cpoId,
    chargePointId: 'CP-1',
    connectorId: 1,
    idTag,
    at: instantOf(Date.now()),
    tariffId: 'standard',
    currency: 'EUR',
    powerWMax: 22_000,
    purpose: 'start',
    ...changed,
  };
  try {
    return await new Promise<Reply>((resolve, reject) =>
      client.authorize(request, (error: ServiceError | null, reply: Reply) =>
        error === null ? resolve(reply) : reject(error),
      ),
    );
  } finally {
    client.close();
  }
};

const decide = async (idTag: string, changed: object = {}): Promise<Reply> =>
  (await authorize(idTag, changed))['decision'];

const isReady = async (): Promise<void> => {
  const response = await fetch(`${service.url}/health/ready`);
  expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 200 });
};

const start = async (): Promise<void> => {
  service = await startService(authorizationService, environment);
  await eventually(isReady);
};

const outboxOf = async (type: string, subject: string): Promise<readonly Reply[]> => {
  const { rows } = await pool.query<{ value: string }>(
    `SELECT value FROM event_log.outbox
      WHERE headers->>'ce_type' = $1 AND stream_key = $2 ORDER BY id`,
    [`tallywatt.access.v1.${type}`, subject],
  );
  return rows.map(({ value }) => JSON.parse(value) as Reply);
};

beforeAll(async () => {
  const runtime = await testRuntime();
  const databaseUrl = await runtime.createDatabase();
  const brokers = runtime.kafkaBrokers.split(',');
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  grpcPort = await freePort();
  environment = {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: runtime.kafkaBrokers,
    AUTH_SECRET: secret,
    VAULT_KEY: randomBytes(32).toString('base64'),
    AUTHORIZATION_PORT: '0',
    AUTHORIZATION_GRPC_PORT: String(grpcPort),
    EXPIRY_INTERVAL_MS: '100',
    // What was set is in force when the call returns, also where the machine is slow.
    ENTITLEMENT_WAIT_MS: '30000',
    LOG_LEVEL: 'warn',
  };
  pool = new Pool({ connectionString: databaseUrl, max: 2 });
  await start();
});

afterAll(async () => {
  await service?.stop();
  await pool?.end();
});

describe('setting up a token', () => {
  it('gives out references, 201 when new and 200 when said again', async () => {
    const body = {
      uid: uid(),
      type: 'rfid',
      status: 'Accepted',
      driverId: 'anna@example.org',
      paymentMethod: 'pm_card_visa',
    };
    const created = await call('POST', '/v1/tokens', body);
    expect(created).toMatchObject({
      status: 201,
      body: { type: 'RFID', status: 'valid', outcome: 'created', paymentMethod: 'pm_card_visa' },
    });
    const again = await call('POST', '/v1/tokens', { ...body, uid: body.uid.toLowerCase() });
    expect(again).toMatchObject({
      status: 200,
      body: {
        outcome: 'unchanged',
        tokenRef: created.body['tokenRef'],
        driverRef: created.body['driverRef'],
      },
    });
    const key = `${cpoId}/${created.body['tokenRef']}`;
    expect(await outboxOf('TokenIssued', key)).toHaveLength(1);
  });

  it('takes a list, shows it in pages, and never a uid in clear', async () => {
    const uids = [uid(), uid(), uid()];
    const tokens = uids.map((one) => ({ uid: one, type: 'RFID', status: 'valid' }));
    const token = bearer(['operator'], otherCpoId);
    const created = await call('POST', '/v1/tokens', tokens, token);
    expect(created.status).toBe(201);
    expect(created.body['items']).toHaveLength(3);
    const first = await call('GET', '/v1/tokens?limit=2', undefined, token);
    const rest = await call('GET', `/v1/tokens?cursor=${first.body['next']}`, undefined, token);
    const shown = [...first.body['items'], ...rest.body['items']];
    expect(shown.map(({ uidMasked }: Reply) => uidMasked).sort()).toEqual(
      uids.map((one) => `**********${one.slice(-4)}`).sort(),
    );
    expect(rest.body['next']).toBeNull();
    const one = `/v1/tokens/${shown[0].tokenRef}`;
    expect(await call('GET', one, undefined, token)).toMatchObject({ status: 200 });
    // The tenant is in the caller's token: to another CPO it does not exist.
    expect(await call('GET', one)).toMatchObject({ status: 404 });
  });

  it('refuses bad input with every fault', async () => {
    const answer = await call('POST', '/v1/tokens', {
      uid: '',
      type: 'CARD',
      status: 'valid',
      expiresAt: 'tomorrow',
      membership: 'platinum',
    });
    expect(answer.status).toBe(422);
    expect(answer.body['type']).toBe('urn:tallywatt:problem:request-invalid');
    expect(answer.body['faults'].map(({ path }: Reply) => path).sort()).toEqual([
      '$.expiresAt',
      '$.membership.tier',
      '$.type',
      '$.uid',
    ]);
    expect(answer.body['detail']).toContain('known are: member');
  });

  it('is described for callers', async () => {
    const document = (await (await fetch(`${service.url}/docs-json`)).json()) as Reply;
    const { schema } = document['paths']['/v1/tokens'].post.requestBody.content['application/json'];
    expect(Object.keys(schema.oneOf[0].properties)).toEqual(
      expect.arrayContaining(['uid', 'type', 'status', 'expiresAt', 'paymentMethod', 'membership']),
    );
    expect(schema.oneOf[0].required).toEqual(['uid', 'type', 'status']);
  });

  it('is for operators', async () => {
    expect(await call('GET', '/v1/tokens', undefined, bearer(['driver']))).toMatchObject({
      status: 403,
    });
    expect(await call('GET', '/v1/tokens', undefined, 'no token')).toMatchObject({ status: 401 });
  });
});

describe('a decision', () => {
  it('accepts a token at once after it was set up, and records it before it answers', async () => {
    const idTag = uid();
    const { body } = await call('POST', '/v1/tokens', {
      uid: idTag,
      type: 'RFID',
      status: 'valid',
      paymentMethod: { id: 'pm_card_visa' },
      expiresAt: '2099-01-01T00:00:00Z',
    });
    const reply = await authorize(idTag.toLowerCase());
    expect(reply).toMatchObject({
      decision: {
        status: 'Accepted',
        tokenRef: body['tokenRef'],
        tier: 'retail',
        rule: 'retail',
        paymentRoute: 'card',
        paymentMethodId: 'pm_card_visa',
        hold: { amountMinor: '5000', currency: 'EUR' },
      },
      expiresAt: { seconds: '4070908800' },
    });
    const [recorded] = await outboxOf('ChargingAuthorized', `${cpoId}/${body['tokenRef']}`);
    expect(recorded).toMatchObject({
      chargePointId: 'CP-1',
      connectorId: 1,
      purpose: 'start',
      decision: { decisionId: reply['decision'].decisionId, rule: 'retail' },
    });
  });

  it('denies a blocked token, until it is issued again', async () => {
    const token = { uid: uid(), type: 'RFID', status: 'blocked' };
    const { body } = await call('POST', '/v1/tokens', token);
    expect(await decide(token.uid)).toMatchObject({ status: 'Blocked', rule: 'token-blocked' });
    expect(await outboxOf('ChargingDenied', `${cpoId}/${body['tokenRef']}`)).toHaveLength(1);
    const lifted = await call('POST', '/v1/tokens', { ...token, status: 'valid' });
    expect(lifted).toMatchObject({ status: 200, body: { outcome: 'changed', status: 'valid' } });
    expect(await decide(token.uid)).toMatchObject({ status: 'Accepted', paymentRoute: 'none' });
  });

  it('names an unknown token by a reference that stays', async () => {
    const idTag = uid();
    const first = await decide(idTag);
    expect(first).toMatchObject({ status: 'Invalid', rule: 'token-unknown' });
    expect((await decide(idTag))['tokenRef']).toBe(first['tokenRef']);
    // Issued later, it is the same token that was turned away before.
    const { body } = await call('POST', '/v1/tokens', {
      uid: idTag,
      type: 'RFID',
      status: 'valid',
    });
    expect(body['tokenRef']).toBe(first['tokenRef']);
  });

  it('does not know the tokens of another CPO', async () => {
    const idTag = uid();
    await call('POST', '/v1/tokens', { uid: idTag, type: 'RFID', status: 'valid' });
    expect(await decide(idTag, { cpoId: otherCpoId })).toMatchObject({ status: 'Invalid' });
  });

  it('pins the version of the tariff that is in force', async () => {
    const runtime = await testRuntime();
    const tariffPool = new Pool({ connectionString: await runtime.createDatabase(), max: 4 });
    await tariffPool.query(eventLogMigrations);
    const tariffLog = createEventLog({
      service: 'pricing-engine',
      streamsAreNew: true,
      pool: tariffPool,
      brokers: runtime.kafkaBrokers.split(','),
      logger: createLogger('pricing-engine', 'silent'),
    });
    const published: TariffPublished = {
      type: 'TariffPublished',
      cpoId,
      tariff: {
        tariffId: 'standard',
        version: 1n,
        contentHash: 'ab'.repeat(32),
        billsParkingTime: true,
      },
      currency: 'EUR',
      ocpiTariffJson: '{"id":"standard"}',
      publishedAt: '2026-06-01T10:00:00.000Z',
    };
    const idTag = uid();
    expect(await decide(idTag)).not.toHaveProperty('tariff');
    await tariffLog.transaction((tx) =>
      tariffLog.append(tx, [{ event: published, occurredAt: published.publishedAt }]),
    );
    tariffLog.startRelay();
    await eventually(async () =>
      expect((await decide(idTag))['tariff']).toEqual({
        tariffId: 'standard',
        version: '1',
        contentHash: 'ab'.repeat(32),
        billsParkingTime: true,
      }),
    );
    await tariffLog.stop();
    await tariffPool.end();
  });

  it('is refused by the name of the field', async () => {
    await expect(authorize('', { currency: 'EURO' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/^idTag: is missing; currency: /),
    });
  });
});

describe('a membership', () => {
  const member = (idTag: string, membership: unknown, driverId: string = randomUUID()) => ({
    uid: idTag,
    type: 'RFID',
    status: 'valid',
    driverId,
    membership,
  });

  it('gives its tier once it came back through the topic, with version and age', async () => {
    const idTag = uid();
    const set = await call('POST', '/v1/tokens', member(idTag, 'member'));
    expect(set.body).toMatchObject({
      entitlementEffective: true,
      membership: { status: 'granted', tier: 'member', discountPercent: '10' },
    });
    const decision = await decide(idTag);
    expect(decision).toMatchObject({
      tier: 'member',
      discountPercent: { unscaled: '10' },
      entitlementVersion: '1',
      rule: 'member-entitled',
      driverRef: set.body['driverRef'],
    });
    expect(Number(decision['entitlementAgeMs'])).toBeLessThan(60_000);
  });

  it('makes a driver for a token that names none, and keeps it', async () => {
    const token = { uid: uid(), type: 'RFID', status: 'valid', membership: 'member' };
    const first = await call('POST', '/v1/tokens', token);
    const again = await call('POST', '/v1/tokens', token);
    expect(first.body['driverRef']).toEqual(expect.any(String));
    expect(again).toMatchObject({
      status: 200,
      body: { outcome: 'unchanged', driverRef: first.body['driverRef'] },
    });
  });

  it('lapses: the tier ends at the instant, and the expiry is recorded once', async () => {
    const idTag = uid();
    const endsMs = Date.now() + 1_500;
    const validUntil = new Date(endsMs).toISOString();
    const { body } = await call(
      'POST',
      '/v1/tokens',
      member(idTag, { tier: 'member', validUntil }),
    );
    // By the time of the start, not by that of the question.
    const before = { at: instantOf(endsMs - 1_000) };
    expect(await decide(idTag, before)).toMatchObject({ tier: 'member' });
    const later = { at: instantOf(endsMs + 5_000) };
    const lapsed = { tier: 'retail', rule: 'entitlement-expired-retail' };
    expect(await decide(idTag, later)).toMatchObject(lapsed);
    const key = `${cpoId}/${body['driverRef']}`;
    await eventually(async () =>
      expect(await outboxOf('EntitlementExpired', key)).toMatchObject([{ expiredAt: validUntil }]),
    );
    await eventually(async () =>
      expect(await decide(idTag, later)).toMatchObject({ ...lapsed, entitlementVersion: '2' }),
    );
    expect(await outboxOf('EntitlementExpired', key)).toHaveLength(1);
  });

  it('is revoked by the driver id, and then counts no more', async () => {
    const idTag = uid();
    const driverId = `driver ${idTag}`;
    await call('POST', '/v1/tokens', member(idTag, 'member', driverId));
    const path = `/v1/drivers/${encodeURIComponent(driverId)}/membership`;
    expect(await call('DELETE', path)).toMatchObject({
      status: 200,
      body: { membership: { status: 'revoked' }, entitlementEffective: true },
    });
    expect(await decide(idTag)).toMatchObject({
      tier: 'retail',
      rule: 'entitlement-revoked-retail',
    });
    expect(await call('DELETE', '/v1/drivers/nobody/membership')).toMatchObject({ status: 404 });
  });
});

describe('a restart', () => {
  it('knows tokens and memberships again, and refuses another vault key', async () => {
    const idTag = uid();
    const body = { uid: idTag, type: 'RFID', status: 'valid', membership: 'member' };
    const { body: set } = await call('POST', '/v1/tokens', body);
    expect(set['entitlementEffective']).toBe(true);
    await service.stop();
    const otherKey = new VaultSeal(randomBytes(32).toString('base64'));
    await expect(new Vault(pool, otherKey).open()).rejects.toThrow(/VAULT_KEY/);
    await start();
    expect(await decide(idTag)).toMatchObject({
      status: 'Accepted',
      tokenRef: set['tokenRef'],
      tier: 'member',
    });
  });
});

describe('what is written', () => {
  it('holds no identifier in clear, in any row of any table', async () => {
    const idTag = uid();
    const driverId = `person-${randomUUID()}`;
    await call('POST', '/v1/tokens', { uid: idTag, type: 'RFID', status: 'valid', driverId });
    await decide(idTag);
    const { rows: tables } = await pool.query<{ place: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS place FROM pg_tables
        WHERE schemaname IN ('public', 'event_log')`,
    );
    expect(tables.map(({ place }) => place)).toContain('event_log.outbox');
    for (const { place } of tables) {
      const { rows } = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${place} t`);
      const text = rows.map(({ row }) => row.toLowerCase()).join('\n');
      for (const clear of [idTag, driverId]) {
        expect(text).not.toContain(clear.toLowerCase());
        expect(text).not.toContain(Buffer.from(clear).toString('hex'));
      }
    }
  });
});
