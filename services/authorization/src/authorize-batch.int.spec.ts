import { createHmac, randomBytes } from 'node:crypto';
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Client, credentials } from '@grpc/grpc-js';
import {
  allTopicDefinitions,
  AuthorizeBatchRequestSchema,
  AuthorizeBatchResponseSchema,
  type AuthorizeRequestSchema,
} from '@tallywatt/contracts';
import { ensureTopics } from '@tallywatt/event-log';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startService, type RunningService } from '@tallywatt/service-kit';
import { eventually, freePort, startTestServers } from '@tallywatt/testing';
import { Pool } from 'pg';
import { authorizationService } from './authorization-service';

const secret = randomBytes(24).toString('hex');
const known = '04AABBCC';

const bearer = (): string => {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  const claims = { sub: 'test', cpo: 'north', roles: ['operator'] };
  const signed = `${part({ alg: 'HS256' })}.${part(claims)}`;
  return `Bearer ${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

let servers: LocalRuntime;
let service: RunningService;
let client: Client;
let databaseUrl: string;
let environment: Record<string, string>;

type Question = MessageInitShape<typeof AuthorizeRequestSchema>;

const asked = (idTag: string, changed: Question = {}): Question => ({
  cpoId: 'north',
  chargePointId: 'CP-1',
  idTag,
  at: timestampFromMs(Date.now()),
  currency: 'EUR',
  purpose: 'authorize',
  ...changed,
});

/** What each question was answered: a status, or that it is referred. */
const batch = async (...requests: Question[]): Promise<(string | undefined)[]> => {
  const message = create(AuthorizeBatchRequestSchema, {
    questions: requests.map((request) => ({ request })),
  });
  const answer = await new Promise<Buffer>((resolve, reject) =>
    client.makeUnaryRequest(
      '/tallywatt.access.v1.AuthorizationService/AuthorizeBatch',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.from(toBinary(AuthorizeBatchRequestSchema, message)),
      (error, bytes) => (error === null ? resolve(bytes ?? Buffer.alloc(0)) : reject(error)),
    ),
  );
  return fromBinary(AuthorizeBatchResponseSchema, answer).outcomes.map(({ outcome }) =>
    outcome.case === 'response' ? outcome.value.decision?.status : outcome.case,
  );
};

/** How many decisions the outbox holds. */
const decisions = async (): Promise<number> => {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  pool.on('error', () => undefined);
  try {
    const { rows } = await pool.query<{ count: string }>(
      `SELECT count(*) FROM event_log.outbox WHERE topic = 'access.decisions.v1'`,
    );
    return Number(rows[0]?.count);
  } finally {
    await pool.end();
  }
};

const waiting = async (): Promise<number> => {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(/^tallywatt_decisions_waiting (\d+)$/m.exec(text)?.[1]);
};

const start = async (): Promise<void> => {
  service = await startService(authorizationService, environment);
  await eventually(async () => {
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
  });
};

beforeAll(async () => {
  servers = await startTestServers();
  databaseUrl = await servers.createDatabase('authorization');
  await ensureTopics({
    brokers: [servers.kafkaBrokers],
    definitions: allTopicDefinitions,
    replicationFactor: 1,
  });
  const grpcPort = await freePort();
  environment = {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: servers.kafkaBrokers,
    AUTH_SECRET: secret,
    VAULT_KEY: randomBytes(32).toString('base64'),
    AUTHORIZATION_PORT: String(await freePort()),
    AUTHORIZATION_GRPC_PORT: String(grpcPort),
    DEFERRED_DECISIONS_MAX: '5',
    LOG_LEVEL: 'silent',
  };
  await start();
  client = new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  const response = await fetch(`${service.url}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: bearer(), 'content-type': 'application/json' },
    body: JSON.stringify({ uid: known, type: 'RFID', status: 'valid' }),
  });
  expect(response.status).toBe(201);
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await servers?.stop();
});

describe('swipes that are asked for together', () => {
  it('are answered each by itself, from memory, and are in the log', async () => {
    const answers = await batch(
      asked(known),
      asked('UNHEARD-OF'),
      asked(known, { currency: 'EURO' }),
      asked(known, { purpose: 'start' }),
      asked(known.toLowerCase()),
    );
    expect(answers).toEqual(['Accepted', 'referred', 'referred', 'referred', 'Accepted']);
    await eventually(async () => expect(await decisions()).toBe(2));
  });

  it('are answered by a process that begins anew, from the vault', async () => {
    await service.stop();
    await start();
    await eventually(async () => expect(await batch(asked(known))).toEqual(['Accepted']));
    await eventually(async () => expect(await decisions()).toBe(3));
  });

  it('are answered while the database is away, as far as there is room, and follow', async () => {
    await servers.postgres.stop();
    const swipes = Array.from({ length: 7 }, () => asked(known));
    const answers = await batch(...swipes);
    expect(answers.filter((answer) => answer === 'Accepted')).toHaveLength(5);
    expect(answers.slice(5)).toEqual(['referred', 'referred']);
    expect(await waiting()).toBe(5);
    // All processes have one database: none is to be taken out of service for it.
    const ready = await eventually(async () => {
      const response = await fetch(`${service.url}/health/ready`);
      expect(await response.json()).toMatchObject({ degraded: ['database'] });
      return response.status;
    });
    expect(ready).toBe(200);
    await servers.postgres.start();
    await eventually(async () => expect(await decisions()).toBe(8));
    expect(await waiting()).toBe(0);
    expect(await batch(asked(known))).toEqual(['Accepted']);
    await eventually(async () => expect(await decisions()).toBe(9));
  });

  it('are written down before the process ends', async () => {
    expect(await batch(asked(known), asked(known))).toEqual(['Accepted', 'Accepted']);
    await service.stop();
    expect(await decisions()).toBe(11);
    await start();
  });
});
