import 'reflect-metadata';
import { createHmac } from 'node:crypto';
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { Caller, type CallerIdentity, Roles } from './authentication';
import { probeDatabase } from './database';
import { readEnvironment } from './environment';
import { createApp } from './http-app';
import { createLogger } from './logger';
import { operationsController } from './operations.controller';
import { validated } from './request-schema';

const secret = 'a secret of at least thirty-two characters';
const failures: Readonly<Record<string, object>> = {
  'database-gone': { code: 'ECONNREFUSED' },
  unstorable: { code: '22021' },
  foreign: { status: 404 },
};

@Controller('things')
class ThingsController {
  @Get()
  @Roles('operator')
  who(@Caller() caller: CallerIdentity): object {
    return caller;
  }

  @Get('failing/:kind')
  @Roles('operator')
  fail(@Param('kind') kind: string): void {
    throw Object.assign(new Error('what nobody outside may read'), failures[kind]);
  }

  @Post()
  @Roles('operator')
  take(@Body(validated(z.strictObject({ a: z.number() }))) body: object): object {
    return body;
  }
}

const tokenOf = (claims: object, key = secret): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
};
const operator = { sub: 'op', cpo: 'default', roles: ['operator'] };

const start = async (own: Record<string, string>) => {
  const env = readEnvironment(
    { KAFKA_BROKERS: 'x:1', DATABASE_URL: 'postgres://x', LOG_LEVEL: 'silent', ...own },
    z.object({}),
  );
  const database = probeDatabase({
    query: () => Promise.reject(Object.assign(new Error('gone'), failures['database-gone'])),
  });
  await database.look();
  const checks = [{ name: 'database', check: database.state }];
  class Things {}
  const app = await createApp(
    { name: 'things', module: () => ({ module: Things, controllers: [ThingsController] }) },
    { env, logger: createLogger('things', 'silent') },
    operationsController(checks, new Registry()),
  );
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
};

let app: NestExpressApplication;
let url: string;

beforeAll(async () => {
  ({ app, url } = await start({ AUTH_SECRET: secret }));
});
afterAll(() => app.close());

const ask = async (
  path: string,
  { token = tokenOf(operator), ...init }: RequestInit & { token?: string } = {},
  at = url,
) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${at}${path}`, { headers, ...init });
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    challenge: response.headers.get('www-authenticate'),
    body: (await response.json()) as Record<string, unknown>,
  };
};
const problem = (status: number, type: string) => ({
  status,
  contentType: expect.stringMatching(/^application\/problem\+json/) as string,
  body: { status, type: `urn:tallywatt:problem:${type}` },
});

describe('the HTTP side of a service', () => {
  it.each([
    ['/nowhere', {}, 404, 'not-found'],
    ['/things', { method: 'DELETE' }, 404, 'not-found'],
    ['/things', { method: 'POST', body: '{"a":' }, 400, 'request-malformed'],
    ['/things', { method: 'POST', body: '{"a":1,"b":2}' }, 422, 'request-invalid'],
    ['/things', { method: 'POST' }, 422, 'request-invalid'],
    ['/things/failing/unstorable', {}, 422, 'request-invalid'],
    ['/things/failing/database-gone', {}, 503, 'unavailable'],
    ['/things/failing/foreign', {}, 500, 'internal-error'],
    ['/things/failing/otherwise', {}, 500, 'internal-error'],
    ['/things/failing/%E0%A4%A', {}, 400, 'request-malformed'],
  ])('answers %s %j by a problem document', async (path, init, status, type) => {
    const answer = await ask(path, init);
    expect(answer).toMatchObject(problem(status, type));
    expect(JSON.stringify(answer.body)).not.toContain('nobody outside');
  });

  it('answers a huge body by a problem document', async () =>
    expect(await ask('/things', { method: 'POST', body: ' '.repeat(9e6) })).toMatchObject(
      problem(413, 'request-too-large'),
    ));

  it.each([
    ['of another key', tokenOf(operator, `${secret}!`)],
    ['without a subject', tokenOf({ ...operator, sub: undefined })],
    ['of a CPO that would end a key early', tokenOf({ ...operator, cpo: 'a/b' })],
    ['of no CPO', tokenOf({ ...operator, cpo: '' })],
    ['that has ended', tokenOf({ ...operator, exp: 1 })],
    ['that is none', 'nonsense'],
  ])('refuses a token %s', async (_what, token) => {
    const answer = await ask('/things', { token });
    expect(answer).toMatchObject({ ...problem(401, 'not-authenticated'), challenge: 'Bearer' });
  });

  it('refuses a token without the role, and takes the tenant from one that has it', async () => {
    const token = tokenOf({ ...operator, roles: ['driver', 'root'] });
    expect(await ask('/things', { token })).toMatchObject(problem(403, 'not-permitted'));
    expect((await ask('/things')).body).toEqual({
      subject: 'op',
      cpoId: 'default',
      roles: ['operator'],
    });
  });

  it('does not call a token wrong while the issuer cannot be asked', async () => {
    const other = await start({ OIDC_ISSUER: 'http://127.0.0.1:9/' });
    try {
      expect(await ask('/things', { token: tokenOf({ ...operator }) }, other.url)).toMatchObject(
        problem(503, 'unavailable'),
      );
    } finally {
      await other.app.close();
    }
  });

  it('lives while its database is away, and says that it is not ready', async () => {
    expect((await ask('/health/live')).status).toBe(200);
    expect(await ask('/health/ready')).toMatchObject({
      status: 503,
      body: { checks: { database: 'the database does not answer (ECONNREFUSED)' } },
    });
  });
});
