import { createHmac } from 'node:crypto';
import { tariffs, type OperatorApi, type System } from '@tallywatt/demonstration';
import { Pool } from 'pg';
import { bearerToken, secretsOf } from './bearer-token';
import { startBystander, type Bystander } from './bystander';
import { httpCall, type HttpAnswer } from './http-call';
import type { SeenSession } from './observation';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';

let tested: TestSystem | undefined;
let bystander: Bystander | undefined;
let api: OperatorApi;

const system = (): System => {
  if (tested === undefined) throw new Error('the system is not running');
  return tested.system;
};
const logged = <Arguments extends readonly unknown[]>(
  test: (...given: Arguments) => Promise<void>,
) => withLogs(() => [tested], test);
const token = (cpoId: string, ...roles: readonly string[]): string =>
  bearerToken(secretsOf(system()).authSecret, { cpoId, roles });

const expectProblem = (answer: HttpAnswer, status: number, type: string): void => {
  expect(answer).toMatchObject({
    status,
    contentType: expect.stringContaining('application/problem+json'),
    body: { status, type: `urn:tallywatt:problem:${type}`, title: expect.any(String) },
  });
};

beforeAll(async () => {
  tested = await startTestSystem('bad-requests');
  ({ api } = tested);
  bystander = await startBystander(tested);
});

afterAll(async () => {
  await bystander?.leave();
  if (tested !== undefined) await endTestSystem(tested);
});

describe('a malformed tariff', () => {
  it(
    'is refused with every fault by its JSON path, and not published',
    logged(async () => {
      const url = `${system().addresses.pricingEngine}/v1/tariffs/malformed`;
      const { operatorToken } = system();
      const answer = await httpCall(url, {
        method: 'PUT',
        token: operatorToken,
        body: {
          ...tariffs.flat,
          id: 'malformed',
          currency: 'EURO',
          elements: [
            { price_components: [{ type: 'ENERGIE', price: 'much', vat: 19, step_size: 1 }] },
          ],
        },
      });
      expectProblem(answer, 422, 'tariff-invalid');
      const { faults } = answer.body as { faults: { path: string; message: string }[] };
      const component = '$.elements[0].price_components[0]';
      expect(faults.map(({ path }) => path)).toEqual(
        expect.arrayContaining(['$.currency', `${component}.type`, `${component}.price`]),
      );
      for (const { message } of faults) expect(message).not.toBe('');
      expectProblem(await httpCall(url, { token: operatorToken }), 404, 'tariff-unknown');
    }),
  );
});

describe('a forged webhook', () => {
  it.each(['unsigned', 'signed with another secret', 'signed rightly, but long ago'])(
    '(%s) is refused, and nothing of it is stored',
    logged(async (how: string) => {
      const body = JSON.stringify({
        id: `evt_forged_${how.replaceAll(/[ ,]+/g, '_')}`,
        object: 'event',
        type: 'charge.refunded',
        created: 1,
        data: { object: { id: 'ch_forged', object: 'charge' } },
      });
      const isReplay = how === 'signed rightly, but long ago';
      const atSeconds = Math.floor(Date.now() / 1000) - (isReplay ? 3_600 : 0);
      const secret = isReplay ? secretsOf(system()).webhookSecret : 'whsec_guessed';
      const signature = createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex');
      const answer = await httpCall(`${system().addresses.paymentCapture}/webhooks/stripe`, {
        method: 'POST',
        body,
        ...(how === 'unsigned'
          ? {}
          : { headers: { 'stripe-signature': `t=${atSeconds},v1=${signature}` } }),
      });
      expectProblem(answer, 400, 'webhook-forged');
      const pool = new Pool({ connectionString: system().runtime.databaseUrl('payment_capture') });
      try {
        const { rows } = await pool.query(
          `SELECT event_id FROM webhook_inbox WHERE event_id LIKE 'evt_forged%'`,
        );
        expect(rows).toEqual([]);
      } finally {
        await pool.end();
      }
    }),
  );
});

describe('a caller who may not', () => {
  const lists = [
    ['ocppGateway', '/v1/sessions'],
    ['authorization', '/v1/tokens'],
    ['pricingEngine', '/v1/cdrs'],
    ['pricingEngine', '/v1/tariffs'],
    ['paymentCapture', '/v1/payments'],
    ['ledger', '/v1/journal-entries'],
    ['reconciliation', '/v1/subjects'],
    ['reconciliation', '/v1/findings'],
  ] as const;

  it.each(lists)(
    'learns nothing from %s%s',
    logged(async (name: (typeof lists)[number][0], path: string) => {
      const url = `${system().addresses[name]}${path}`;
      expectProblem(await httpCall(url), 401, 'not-authenticated');
      const forged = bearerToken('0'.repeat(64), { cpoId: 'default', roles: ['operator'] });
      expectProblem(await httpCall(url, { token: forged }), 401, 'not-authenticated');
      const secret = secretsOf(system()).authSecret;
      const operator = { cpoId: 'default', roles: ['operator'] };
      const expired = bearerToken(secret, operator, -60);
      expectProblem(await httpCall(url, { token: expired }), 401, 'not-authenticated');
      const driver = token('default', 'driver');
      expectProblem(await httpCall(url, { token: driver }), 403, 'not-permitted');
      // Another CPO's operator is let in, and finds an empty house.
      const stranger = await httpCall(url, { token: token('other-cpo', 'operator', 'finance') });
      expect(stranger).toMatchObject({ status: 200, body: { items: [], next: null } });
    }),
  );

  it(
    'is told of nothing that belongs to another, and of nothing that does not exist',
    logged(async () => {
      const { addresses, operatorToken } = system();
      const [session] = await api.list<SeenSession>('ocppGateway', '/v1/sessions');
      const stranger = token('other-cpo', 'operator', 'finance');
      const unknown = '00000000-0000-4000-8000-000000000000';
      for (const base of [
        `${addresses.ocppGateway}/v1/sessions`,
        `${addresses.reconciliation}/v1/subjects`,
      ]) {
        const foreign = await httpCall(`${base}/${session?.id}`, { token: stranger });
        expectProblem(foreign, 404, 'session-unknown');
        const missing = await httpCall(`${base}/${unknown}`, { token: operatorToken });
        expectProblem(missing, 404, 'session-unknown');
      }
      expectProblem(
        await httpCall(`${addresses.pricingEngine}/v1/cdrs/${unknown}`, { token: operatorToken }),
        404,
        'cdr-unknown',
      );
      expectProblem(
        await httpCall(`${addresses.ledger}/v1/journal-entries/${unknown}`, {
          token: operatorToken,
        }),
        404,
        'journal-entry-unknown',
      );
      const balance = await httpCall(`${addresses.ledger}/v1/trial-balance`, { token: stranger });
      expect(balance).toMatchObject({ status: 200, body: { accounts: [] } });
    }),
  );
});

describe('all that', () => {
  it(
    'has ended no process, and cost nobody a Wh',
    logged(async () => {
      expect(await bystander?.harm()).toEqual([]);
      expect(await api.list('ocppGateway', '/v1/sessions')).toHaveLength(1);
    }),
  );
});
