import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Stripe from 'stripe';
import { clientOf, errorOf, holdOn, openWorkbench, type Workbench } from './testing/workbench';

let bench: Workbench;
let stripe: Stripe;
beforeEach(async () => {
  bench = await openWorkbench();
  ({ stripe } = bench);
});
afterEach(() => bench.sandbox.stop());

const customer = (key: string, email = 'a@example.test') =>
  stripe.customers.create({ email }, { idempotencyKey: key });
/** A planted fault is gone from the list once a request has met it. */
const untilFaultStruck = async (): Promise<void> => {
  const isStruck = async () =>
    (await bench.control('GET', '/faults'))['faults'] as readonly unknown[];
  while ((await isStruck()).length > 0) await new Promise((done) => setTimeout(done, 10));
};
const customerCount = async () => (await stripe.customers.list({ limit: 100 })).data.length;

describe('an idempotency key', () => {
  it('answers the same request the same way, with one effect', async () => {
    const first = await customer('k-1');
    const second = await customer('k-1');
    expect(second.id).toBe(first.id);
    expect(second.lastResponse.headers).toMatchObject({
      'idempotency-key': 'k-1',
      'idempotent-replayed': 'true',
      'original-request': first.lastResponse.requestId,
      'stripe-version': '2026-08-26.dahlia',
    });
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(await customerCount()).toBe(1);
  });

  it('is bound to its parameters and its endpoint', async () => {
    await customer('k-2');
    expect(await errorOf(customer('k-2', 'b@example.test'))).toMatchObject({
      message:
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than 'k-2' if you meant to execute a different request.",
      rawType: 'idempotency_error',
      statusCode: 400,
      type: 'StripeIdempotencyError',
    });
    const elsewhere = await errorOf(
      stripe.paymentIntents.create({ amount: 100, currency: 'eur' }, { idempotencyKey: 'k-2' }),
    );
    expect(elsewhere.message).toContain("('/v1/customers' vs '/v1/payment_intents')");
  });

  it('remembers a decline, so a new attempt needs a new key', async () => {
    const attempt = (key: string, method: string) =>
      stripe.paymentIntents.create(
        {
          amount: 1000,
          confirm: true,
          currency: 'eur',
          off_session: true,
          payment_method: method,
        },
        { idempotencyKey: key },
      );
    const first = await errorOf(attempt('k-3', 'pm_card_chargeDeclined'));
    const again = await errorOf(attempt('k-3', 'pm_card_chargeDeclined'));
    expect(again).toMatchObject({ charge: first.charge, statusCode: 402 });
    expect((await stripe.charges.list()).data).toHaveLength(1);
    expect((await attempt('k-4', 'pm_card_visa')).status).toBe('succeeded');
  });

  it('does not remember a request that never began to execute', async () => {
    const invalid = stripe.paymentIntents.create(
      { amount: 1, currency: 'eur' },
      { idempotencyKey: 'k-5' },
    );
    expect((await errorOf(invalid)).code).toBe('amount_too_small');
    const { id } = await stripe.paymentIntents.create(
      { amount: 100, currency: 'eur' },
      { idempotencyKey: 'k-5' },
    );
    expect(id).toMatch(/^pi_/);
  });

  it('is forgotten after a day', async () => {
    const first = await customer('k-6');
    await bench.advance(86_401);
    expect((await customer('k-6')).id).not.toBe(first.id);
  });

  it('is busy while its first request is in flight', async () => {
    const match = { method: 'POST', path: '/v1/customers' };
    await bench.control('POST', '/faults', { kind: 'slow', delayMilliseconds: 3_000, match });
    const slow = customer('k-7');
    await untilFaultStruck();
    expect(await errorOf(customer('k-7'))).toMatchObject({
      code: 'idempotency_key_in_use',
      statusCode: 409,
    });
    const done = await slow;
    expect((await customer('k-7')).id).toBe(done.id);
  });
});

describe('a planted fault', () => {
  it('is counted when it has happened, not when it is planted', async () => {
    const happened = async (): Promise<Record<string, number>> =>
      (await bench.control('GET', '/faults'))['happened'] as Record<string, number>;
    await bench.control('POST', '/faults', { kind: 'error-429', times: 2 });
    expect(await happened()).toEqual({});
    await expect(stripe.balance.retrieve()).rejects.toThrow('rate limit');
    expect(await happened()).toEqual({ 'error-429': 1 });
    await bench.control('DELETE', '/faults');
    expect(await happened()).toEqual({ 'error-429': 1 });
  });

  it('that swallows the answer leaves one effect, found by repeating the request', async () => {
    const { id } = await holdOn(stripe, 5000);
    await bench.control('POST', '/faults', {
      kind: 'timeout-after-commit',
      match: { method: 'POST', path: '/v1/payment_intents/*/capture' },
    });
    const impatient = clientOf(bench.sandbox.port, { timeout: 200 });
    const lost = await errorOf(
      impatient.paymentIntents.capture(id, {}, { idempotencyKey: 'capture-1' }),
    );
    expect(lost.type).toBe('StripeConnectionError');
    await untilFaultStruck(); // on a busy machine the client may have given up before
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
    const repeated = await stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'capture-1' });
    expect(repeated.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await bench.control('GET', '/summary')).toMatchObject({ captured: { eur: 5000 } });
  });

  it('of 500 is replayed for its key and has no effect', async () => {
    await bench.control('POST', '/faults', {
      kind: 'error-500',
      match: { path: '/v1/customers' },
    });
    expect((await errorOf(customer('k-8'))).statusCode).toBe(500);
    expect(await errorOf(customer('k-8'))).toMatchObject({
      headers: { 'idempotent-replayed': 'true' },
      rawType: 'api_error',
      statusCode: 500,
    });
    expect(await customerCount()).toBe(0);
    expect((await customer('k-9')).object).toBe('customer');
  });

  it('of 500 that is not remembered is survived by the retries of the client', async () => {
    const fault = { kind: 'error-500', remembered: false, times: 2 };
    await bench.control('POST', '/faults', fault);
    const patient = clientOf(bench.sandbox.port, { maxNetworkRetries: 2 });
    expect((await patient.customers.create({})).object).toBe('customer');
    expect(await customerCount()).toBe(1);
  });

  it('of a rate or lock limit executes nothing', async () => {
    await bench.control('POST', '/faults', { kind: 'error-429' });
    expect(await errorOf(customer('k-10'))).toMatchObject({
      code: 'rate_limit',
      statusCode: 429,
      type: 'StripeRateLimitError',
    });
    await bench.control('POST', '/faults', { kind: 'lock-timeout' });
    expect(await errorOf(customer('k-10'))).toMatchObject({
      code: 'lock_timeout',
      headers: { 'stripe-should-retry': 'true' },
      statusCode: 429,
    });
    expect(await customerCount()).toBe(0);
    expect((await customer('k-10')).object).toBe('customer');
  });

  it('of a key in use executes nothing and is forgotten', async () => {
    await bench.control('POST', '/faults', { kind: 'error-409', match: { method: 'POST' } });
    expect(await errorOf(customer('k-11'))).toMatchObject({
      code: 'idempotency_key_in_use',
      rawType: 'idempotency_error',
      statusCode: 409,
    });
    expect(await customerCount()).toBe(0);
    expect((await customer('k-11')).object).toBe('customer');
    expect(await customerCount()).toBe(1);
  });

  it('of slowness locks the object for others', async () => {
    const { id } = await holdOn(stripe, 5000);
    const match = { path: `/v1/payment_intents/${id}/capture` };
    await bench.control('POST', '/faults', { kind: 'slow', delayMilliseconds: 3_000, match });
    const slow = stripe.paymentIntents.capture(id);
    await untilFaultStruck();
    expect((await errorOf(stripe.paymentIntents.cancel(id))).code).toBe('lock_timeout');
    expect((await slow).status).toBe('succeeded');
  });

  it.each([
    [{ kind: 'earthquake' }, 'kind must be one of'],
    [{ kind: 'slow', times: -1 }, 'times must be a whole number'],
    [{ kind: 'slow', match: { path: 7 } }, 'match.path must be text'],
  ])('must make sense: %j', async (fault, message) => {
    const answer = await bench.control('POST', '/faults', fault);
    expect(answer['error']).toContain(message);
    expect(await bench.control('GET', '/faults')).toMatchObject({ faults: [] });
  });
});

describe('the door', () => {
  it('opens to test keys only', async () => {
    const refusal = (key: string) =>
      errorOf(clientOf(bench.sandbox.port, { key }).balance.retrieve());
    expect(await refusal('sk_live_0123456789abcdef')).toMatchObject({
      message: expect.stringContaining('refuses live keys') as string,
      statusCode: 401,
      type: 'StripeAuthenticationError',
    });
    expect((await refusal('nonsense')).message).toBe('Invalid API Key provided: ********');
    const anonymous = await fetch(`${bench.sandbox.url}/v1/balance`);
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get('request-id')).toMatch(/^req_/);
  });

  it('opens only to the key that was chosen', async () => {
    const own = await openWorkbench({ apiKey: 'sk_test_chosen' });
    try {
      expect((await errorOf(own.stripe.balance.retrieve())).statusCode).toBe(401);
      const chosen = clientOf(own.sandbox.port, { key: 'sk_test_chosen' });
      expect((await chosen.balance.retrieve()).livemode).toBe(false);
    } finally {
      await own.sandbox.stop();
    }
    await expect(openWorkbench({ apiKey: 'sk_live_chosen' })).rejects.toThrow('sk_test_');
  });

  it('speaks one API version and says which endpoints it has not', async () => {
    const headers = { Authorization: 'Bearer sk_test_x', 'Stripe-Version': '2023-10-16' };
    const old = await fetch(`${bench.sandbox.url}/v1/balance`, { headers });
    expect(old.status).toBe(400);
    expect(await errorOf(stripe.products.list())).toMatchObject({ statusCode: 404 });
  });
});

describe('the state directory', () => {
  it('lets a restarted sandbox go on as if nothing had been', async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'stripe-sandbox-'));
    const first = await openWorkbench({ stateDirectory });
    const { id } = await holdOn(first.stripe, 5000);
    const key = { idempotencyKey: 'capture-2' };
    await first.stripe.paymentIntents.capture(id, {}, key);
    const expiring = await holdOn(first.stripe, 800);
    await first.advance(3600);
    const before = await first.control('GET', '/summary');
    await first.sandbox.stop();

    const second = await openWorkbench({ stateDirectory });
    try {
      const after = await second.control('GET', '/summary');
      expect(after).toMatchObject({ captured: { eur: 5000 }, charges: before['charges'] });
      expect(Number(after['now']) - Number(before['now'])).toBeLessThan(600);
      const replay = await second.stripe.paymentIntents.capture(id, {}, key);
      expect(replay.lastResponse.headers['idempotent-replayed']).toBe('true');
      await second.advance(604_800);
      expect((await second.stripe.paymentIntents.retrieve(expiring.id)).status).toBe('canceled');
      expect((await second.stripe.payouts.list()).data).toMatchObject([{ amount: 4900 }]);
    } finally {
      await second.sandbox.stop();
      rmSync(stateDirectory, { recursive: true });
    }
  });
});
