import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { allTopicDefinitions } from '@tallywatt/contracts';
import { ensureTopics } from '@tallywatt/event-log';
import { startService, type RunningService } from '@tallywatt/service-kit';
import { eventually, freePort, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { authorizationService } from './authorization-service';

// Fleets and other networks' tokens as an operator sets them up, and decisions that rest on them.

const proto = join(__dirname, '..', '..', '..', 'proto');
const secret = randomBytes(24).toString('hex');
const cpoId = `cpo-${randomBytes(6).toString('hex')}`;
const vans = { plan: 'vans', timeZone: 'Europe/Berlin' };

// Answers are read as a foreign client reads them: by field, without our types.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Reply = Record<string, any>;

let environment: Record<string, string>;
let pool: Pool;
let service: RunningService;

const bearer = (): string => {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const claims = part({ sub: 'test', cpo: cpoId, roles: ['operator'], exp });
  const signed = `${part({ alg: 'HS256' })}.${claims}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

const call = async (
  method: string,
  path: string,
  body?: unknown,
): Promise<Readonly<{ status: number; body: Reply }>> => {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer()}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Reply };
};

const decide = async (idTag: string): Promise<Reply> => {
  const file = join(proto, 'tallywatt/access/v1/authorization_service.proto');
  const definition = loadSync(file, { includeDirs: [proto], longs: String });
  const loaded: Reply = loadPackageDefinition(definition);
  const client = new loaded['tallywatt'].access.v1.AuthorizationService(
    `127.0.0.1:${environment['AUTHORIZATION_GRPC_PORT']}`,
    credentials.createInsecure(),
  );
  const request = {
    cpoId,
    chargePointId: 'CP-1',
    connectorId: 1,
    idTag,
    at: { seconds: Math.floor(Date.now() / 1_000), nanos: 0 },
    tariffId: 'own',
    currency: 'EUR',
    powerWMax: 22_000,
    purpose: 'start',
  };
  try {
    const reply = await new Promise<Reply>((resolve, reject) =>
      client.authorize(request, (error: ServiceError | null, answer: Reply) =>
        error === null ? resolve(answer) : reject(error),
      ),
    );
    return reply['decision'];
  } finally {
    client.close();
  }
};

const start = async (): Promise<void> => {
  service = await startService(authorizationService, environment);
  await eventually(async () =>
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200),
  );
};

const token = (uid: string, terms: object) =>
  call('POST', '/v1/tokens', { uid, type: 'RFID', status: 'valid', ...terms });

beforeAll(async () => {
  const runtime = await testRuntime();
  const brokers = runtime.kafkaBrokers.split(',');
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  environment = {
    DATABASE_URL: await runtime.createDatabase(),
    KAFKA_BROKERS: runtime.kafkaBrokers,
    AUTH_SECRET: secret,
    VAULT_KEY: randomBytes(32).toString('base64'),
    AUTHORIZATION_PORT: '0',
    AUTHORIZATION_GRPC_PORT: String(await freePort()),
    LOG_LEVEL: 'warn',
  };
  pool = new Pool({ connectionString: environment['DATABASE_URL'], max: 2 });
  await start();
});

afterAll(async () => {
  await service?.stop();
  await pool?.end();
});

describe('a fleet', () => {
  it('pays for its tokens until it is closed, also after a restart', async () => {
    expect((await token('VAN1', { fleetId: 'acme' })).status).toBe(422);
    const registered = await call('PUT', '/v1/fleets/acme', vans);
    expect(registered).toMatchObject({ status: 201, body: { ...vans, outcome: 'created' } });
    expect((await call('PUT', '/v1/fleets/acme', vans)).status).toBe(200);
    const { fleetRef } = registered.body;
    const van = await token('VAN1', { fleetId: 'acme', driverId: 'd-1' });
    expect(van).toMatchObject({ status: 201, body: { fleetRef } });

    const pays = { status: 'Accepted', tier: 'vans', paymentRoute: 'fleet', fleetRef };
    expect(await decide('VAN1')).toMatchObject({ ...pays, rule: 'fleet-plan' });
    await service.stop();
    await start();
    expect(await decide('van1')).toMatchObject(pays);

    const trucks = { ...vans, plan: 'trucks' };
    expect((await call('PUT', '/v1/fleets/acme', trucks)).body).toMatchObject({ revision: '2' });
    expect(await decide('VAN1')).toMatchObject({ ...pays, tier: 'trucks' });

    expect((await call('DELETE', `/v1/fleets/${fleetRef}`)).body).toMatchObject({
      status: 'closed',
    });
    expect(await decide('VAN1')).toMatchObject({ status: 'Blocked', rule: 'fleet-closed' });
    expect((await call('GET', '/v1/fleets/acme')).body).toMatchObject({ status: 'closed' });
    expect((await call('GET', '/v1/fleets')).body['items']).toHaveLength(1);
    expect((await call('GET', '/v1/fleets/nobody')).status).toBe(404);
    expect((await token('VAN2', { fleetId: 'acme' })).body['faults']).toMatchObject([
      { path: '$.fleetId' },
    ]);
  });

  it('is on the log by reference, never by its name', async () => {
    await call('PUT', '/v1/fleets/Secret-Haulage-Ltd', vans);
    const { rows } = await pool.query<{ value: string }>(
      `SELECT value FROM event_log.outbox WHERE value LIKE '%Haulage%'`,
    );
    expect(rows).toEqual([]);
  });
});

describe("another network's token", () => {
  const roaming = { countryCode: 'NL', partyId: 'ABC', whitelist: 'ALLOWED' };

  it('charges nowhere while nothing is assigned to its home network', async () => {
    const shown = await token('ROAM1', { roaming });
    expect(shown.body).toMatchObject({ roaming: { partyId: 'NLABC', whitelist: 'ALLOWED' } });
    expect(await decide('roam1')).toMatchObject({
      status: 'Blocked',
      rule: 'roaming-tariff-missing',
      tier: 'roaming',
    });
  });

  it('stays one until it is blocked, or until it is said that it changes its network', async () => {
    await token('ROAM2', { roaming });
    const card = { paymentMethod: 'pm_card_visa' };
    const refused = await token('roam2', card);
    expect(refused).toMatchObject({ status: 409, body: { faults: [{ path: '$.uid' }] } });
    const other = { roaming: { ...roaming, partyId: 'XYZ' } };
    expect((await token('ROAM2', other)).status).toBe(409);
    expect(await decide('ROAM2')).toMatchObject({ rule: 'roaming-tariff-missing' });

    expect((await token('ROAM2', { ...card, changesNetwork: true })).status).toBe(200);
    expect(await decide('ROAM2')).toMatchObject({ status: 'Accepted', paymentRoute: 'card' });
    expect((await token('ROAM2', { roaming })).status).toBe(409);

    await token('ROAM2', { ...card, status: 'blocked' });
    expect((await token('ROAM2', { roaming })).status).toBe(200);
  });
});
