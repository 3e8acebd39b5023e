import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  allTopicDefinitions,
  type TariffAssigned,
  type TariffEvent,
  type TariffPublished,
} from '@tallywatt/contracts';
import {
  createEventLog,
  ensureTopics,
  eventLogMigrations,
  type EventLog,
} from '@tallywatt/event-log';
import { createLogger, startService, type RunningService } from '@tallywatt/service-kit';
import { eventually, freePort, startTestServers, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { authorizationService } from './authorization-service';

// Tariffs as the pricing engine tells of them, and starts as the gateway asks about them.

const proto = join(__dirname, '..', '..', '..', 'proto');
const secret = randomBytes(24).toString('hex');
const cpoId = 'default';
const occurredAt = '2026-06-01T00:00:00.000Z';
// Monday noon in Berlin
const noon = '2026-06-01T10:00:00.000Z';

// Answers are read as a foreign client reads them: by field, without our types.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Reply = Record<string, any>;

let servers: Awaited<ReturnType<typeof startTestServers>>;
let environment: Record<string, string>;
let pricing: EventLog;
let pool: Pool;
let service: RunningService;

const tell = (...events: readonly TariffEvent[]) =>
  pricing.transaction((tx) =>
    pricing.append(
      tx,
      events.map((event) => ({ event, occurredAt })),
    ),
  );

const published = (tariffId: string, changes: Partial<TariffPublished> = {}): TariffPublished => ({
  type: 'TariffPublished',
  cpoId,
  tariff: { tariffId, version: 1n, contentHash: 'ab'.repeat(32), billsParkingTime: false },
  currency: 'EUR',
  ocpiTariffJson: JSON.stringify({ id: tariffId }),
  publishedAt: occurredAt,
  ...changes,
});

const assigned = (
  assignmentId: string,
  tariffId: string,
  changes: Partial<TariffAssigned>,
): TariffAssigned => ({
  type: 'TariffAssigned',
  cpoId,
  tariffId,
  assignmentId,
  revision: 1n,
  priority: 0,
  driverGroups: [],
  chargePointIds: [],
  evseGroups: [],
  locationIds: [],
  siteGroups: [],
  weeklyWindows: [],
  assignedAt: occurredAt,
  assignedBy: 'operator-1',
  ...changes,
});

const decide = async (changes: object = {}): Promise<Reply> => {
  const file = join(proto, 'tallywatt/access/v1/authorization_service.proto');
  const definition = loadSync(file, { includeDirs: [proto], longs: String });
  const loaded: Reply = loadPackageDefinition(definition);
  const address = `127.0.0.1:${environment['AUTHORIZATION_GRPC_PORT']}`;
  const client = new loaded['tallywatt'].access.v1.AuthorizationService(
    address,
    credentials.createInsecure(),
  );
  const request = {
    cpoId,
    chargePointId: 'CP-1',
    connectorId: 1,
    idTag: 'GUEST',
    at: { seconds: Date.parse(noon) / 1_000, nanos: 0 },
    tariffId: 'own',
    currency: 'EUR',
    powerWMax: 22_000,
    purpose: 'start',
    locationId: 'L-1',
    timeZone: 'Europe/Berlin',
    ...changes,
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

/** What was pinned: the tariff, and the assignment with its revision where one chose it. */
const pinned = async (changes: object = {}): Promise<readonly (string | undefined)[]> => {
  const { tariff, tariffAssignmentId, tariffAssignmentRevision } = await decide(changes);
  return [tariff?.tariffId, tariffAssignmentId, tariffAssignmentRevision];
};
const byItself = ['own', undefined, undefined];

const issue = async (uid: string, membership?: object): Promise<void> => {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const claims = part({ sub: 'test', cpo: cpoId, roles: ['operator'], exp });
  const signed = `${part({ alg: 'HS256' })}.${claims}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64url');
  const response = await fetch(`${service.url}/v1/tokens`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${signed}.${signature}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ uid, type: 'RFID', status: 'valid', membership }),
  });
  const body = (await response.json()) as Reply;
  if (response.status !== 201) throw new Error(JSON.stringify(body));
  if (membership !== undefined) expect(body['entitlementEffective']).toBe(true);
};

const start = async (): Promise<void> => {
  service = await startService(authorizationService, environment);
  await eventually(async () =>
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200),
  );
};

beforeAll(async () => {
  servers = await startTestServers({ postgres: false });
  const brokers = servers.kafkaBrokers.split(',');
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  const runtime = await testRuntime();
  pool = new Pool({ connectionString: await runtime.createDatabase(), max: 4 });
  await pool.query(eventLogMigrations);
  pricing = createEventLog({
    service: 'pricing-engine',
    streamsAreNew: true,
    pool,
    brokers,
    logger: createLogger('assigned-tariffs-test', 'silent'),
  });
  pricing.startRelay();
  environment = {
    DATABASE_URL: await runtime.createDatabase(),
    KAFKA_BROKERS: servers.kafkaBrokers,
    AUTH_SECRET: secret,
    VAULT_KEY: randomBytes(32).toString('base64'),
    AUTHORIZATION_PORT: '0',
    AUTHORIZATION_GRPC_PORT: String(await freePort()),
    // What was set is in force when the call returns, also where the machine is slow.
    ENTITLEMENT_WAIT_MS: '30000',
    LOG_LEVEL: 'silent',
  };
  await start();
  await issue('GUEST');
  await issue('MEMBER', { tier: 'member' });
  await issue('LAPSED', { tier: 'member', validUntil: noon });
  await tell(...['own', 'site', 'night', 'members', 'francs'].map((id) => published(id)));
  await eventually(async () => expect(await pinned()).toEqual(byItself));
});

afterAll(async () => {
  await service?.stop();
  await pricing?.stop();
  await pool?.end();
  await servers?.stop();
});

describe('a decision', () => {
  it('pins what is assigned to place, driver and time, also after a restart', async () => {
    const depots = { siteGroups: ['depots'] };
    await tell(
      assigned('depots', 'site', depots),
      assigned('depots-at-night', 'night', {
        ...depots,
        weeklyWindows: [{ weekdays: ['MONDAY'], startTime: '22:00', endTime: '06:00' }],
      }),
      assigned('members', 'members', { ...depots, driverGroups: ['tier:member'] }),
    );
    const night = { ...depots, at: { seconds: Date.parse('2026-06-01T20:00:00Z') / 1_000 } };
    await eventually(async () => {
      expect(await pinned(depots)).toEqual(['site', 'depots', '1']);
      expect(await pinned(night)).toEqual(['night', 'depots-at-night', '1']);
      expect(await pinned({ ...night, idTag: 'MEMBER' })).toEqual(['members', 'members', '1']);
    });
    await service.stop();
    await start();
    expect(await pinned(night)).toEqual(['night', 'depots-at-night', '1']);
    expect(await pinned({ ...depots, idTag: 'MEMBER' })).toEqual(['members', 'members', '1']);
    expect(await pinned({ ...depots, idTag: 'LAPSED' })).toEqual(['site', 'depots', '1']);
    expect(await pinned({ ...depots, idTag: 'NOBODY' })).toEqual(['site', 'depots', '1']);
    expect(await pinned({ siteGroups: ['city'] })).toEqual(byItself);
    // A gateway that does not say where it is gets nothing that is assigned to places.
    expect(await pinned({ locationId: '', timeZone: '' })).toEqual(byItself);
  });

  it('falls to the next tariff where one is not in force, or in another currency', async () => {
    const fallback = { siteGroups: ['fallback'] };
    const french = published('francs', { currency: 'CHF' });
    await tell(
      { ...french, tariff: { ...french.tariff, version: 2n } },
      assigned('nowhere', 'never-published', { ...fallback, priority: 3 }),
      assigned('francs', 'francs', { ...fallback, priority: 2 }),
      assigned('fallback', 'site', fallback),
    );
    await eventually(async () => expect(await pinned(fallback)).toEqual(['site', 'fallback', '1']));
    expect(await pinned({ ...fallback, currency: 'CHF' })).toEqual(['francs', 'francs', '1']);
  });

  it('knows an assignment by its highest revision, under whichever tariff', async () => {
    const moved = { siteGroups: ['moved'] };
    const unassignedAt = '2026-06-01T09:00:00.000Z';
    await tell(
      assigned('moved', 'site', { ...moved, revision: 2n }),
      assigned('moved', 'night', moved),
    );
    await eventually(async () => expect(await pinned(moved)).toEqual(['site', 'moved', '2']));
    await tell({
      type: 'TariffUnassigned',
      cpoId,
      tariffId: 'site',
      assignmentId: 'moved',
      revision: 3n,
      unassignedAt,
      unassignedBy: 'operator-1',
    });
    await eventually(async () => expect(await pinned(moved)).toEqual(byItself));
    // Claimed from before its end, by a charger that was offline.
    const before = { seconds: Date.parse(unassignedAt) / 1_000 - 1 };
    expect(await pinned({ ...moved, at: before })).toEqual(['site', 'moved', '2']);
  });

  it('never knows what another CPO has assigned', async () => {
    const foreign = { ...assigned('foreign', 'site', {}), cpoId: 'another' };
    await tell({ ...published('site'), cpoId: 'another' }, foreign);
    const asOther = { cpoId: 'another', tariffId: 'none' };
    await eventually(async () => expect(await pinned(asOther)).toEqual(['site', 'foreign', '1']));
    expect(await pinned({ siteGroups: ['city'] })).toEqual(byItself);
  });
});
