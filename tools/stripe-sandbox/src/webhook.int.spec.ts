import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { errorOf, holdOn, openWorkbench, type Workbench } from './testing/workbench';

interface Received {
  body: string;
  signature: string;
}

let bench: Workbench;
let receiver: Server;
let url: string;
let received: Received[];
/** Answers given in turn; 200 when there are none left. */
let answers: number[];

beforeEach(async () => {
  received = [];
  answers = [];
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      received.push({ body, signature: String(request.headers['stripe-signature']) });
      response.statusCode = answers.shift() ?? 200;
      response.end();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks`;
  bench = await openWorkbench({ webhookRetrySeconds: [600, 6000] });
});
afterEach(async () => {
  await bench.sandbox.stop();
  await new Promise((done) => receiver.close(done));
});

const endpoint = async (enabledEvents = ['*']): Promise<string> => {
  const { secret } = await bench.stripe.webhookEndpoints.create({
    enabled_events: enabledEvents as Stripe.WebhookEndpointCreateParams.EnabledEvent[],
    url,
  });
  return secret ?? '';
};

const until = async (count: number): Promise<Stripe.Event[]> => {
  for (let tries = 0; received.length < count && tries < 6_000; tries += 1) {
    await new Promise((done) => setTimeout(done, 10));
  }
  await bench.settled();
  return received.map(({ body }) => JSON.parse(body) as Stripe.Event);
};

describe('a webhook endpoint', () => {
  it('gets signed events that the client of the package accepts', async () => {
    const secret = await endpoint(['charge.succeeded']);
    const intent = await holdOn(bench.stripe, 4200, { metadata: { session: 'S-9' } });
    await until(1);
    const { body, signature } = received[0] ?? { body: '', signature: '' };
    const event = Stripe.webhooks.constructEvent(body, signature, secret);
    expect(event).toMatchObject({
      api_version: '2026-08-26.dahlia',
      data: { object: { amount: 4200, object: 'charge', payment_intent: intent.id } },
      livemode: false,
      object: 'event',
      request: { id: intent.lastResponse.requestId },
      type: 'charge.succeeded',
    });
    expect(() =>
      Stripe.webhooks.constructEvent(body.replace('4200', '1'), signature, secret),
    ).toThrow(Stripe.errors.StripeSignatureVerificationError);
    expect(received).toHaveLength(1);
    expect((await bench.stripe.events.retrieve(event.id)).pending_webhooks).toBe(0);
  });

  it('that fails is tried again later, and given up in the end', async () => {
    await endpoint(['customer.created', 'customer.updated']);
    answers = [500, 500];
    const { id } = await bench.stripe.customers.create({});
    await until(1);
    // The clock runs as well while it is not moved: there is room between these and the ten minutes.
    await bench.advance(300);
    expect(received).toHaveLength(1);
    await bench.advance(301);
    expect(received).toHaveLength(2);
    await bench.advance(6001);
    const events = await until(3);
    expect(new Set(events.map((event) => event.id)).size).toBe(1);

    answers = [500, 500, 500];
    await bench.stripe.customers.update(id, { name: 'x' });
    await until(4);
    await bench.advance(601);
    await bench.advance(6001);
    await bench.advance(86_400);
    expect(received).toHaveLength(6);
    const undelivered = await bench.stripe.events.list({ delivery_success: false });
    expect(undelivered.data.map(({ type }) => type)).toEqual(['customer.updated']);
  });

  it('may miss, repeat or reorder events when told to', async () => {
    await endpoint();
    const fault = (kind: string, eventType: string) =>
      bench.control('POST', '/faults', { delaySeconds: 300, kind, match: { eventType } });
    await fault('delay-webhook', 'payment_intent.created');
    await fault('drop-webhook', 'charge.succeeded');
    await fault('duplicate-webhook', 'payment_intent.amount_capturable_updated');
    await holdOn(bench.stripe, 1000);
    await until(2);
    await bench.advance(301);
    const events = await until(3);
    expect(events.map(({ type }) => type)).toEqual([
      'payment_intent.amount_capturable_updated',
      'payment_intent.amount_capturable_updated',
      'payment_intent.created',
    ]);
    expect(events[0]?.id).toBe(events[1]?.id);
    const missed = await bench.stripe.events.list({ delivery_success: false });
    expect(missed.data.map(({ type }) => type)).toEqual(['charge.succeeded']);
  });

  it('gets the events that happen by themselves', async () => {
    await endpoint(['payment_intent.canceled']);
    const { id } = await holdOn(bench.stripe, 1000);
    await bench.advance(604_801);
    const [event] = await until(1);
    expect(event).toMatchObject({
      data: { object: { cancellation_reason: 'expired', id } },
      request: { id: null, idempotency_key: null },
    });
  });

  it('can be listed without its secret, and removed', async () => {
    await endpoint();
    const [listed] = (await bench.stripe.webhookEndpoints.list()).data;
    expect(listed).toMatchObject({ enabled_events: ['*'], url });
    expect(listed?.secret).toBeUndefined();
    await bench.stripe.webhookEndpoints.del(listed?.id ?? '');
    await bench.stripe.customers.create({});
    await bench.settled();
    expect(received).toHaveLength(0);
    const wrong = bench.stripe.webhookEndpoints.create({ enabled_events: ['*'], url: 'nowhere' });
    expect(await errorOf(wrong)).toMatchObject({ code: 'url_invalid', param: 'url' });
  });

  it('can be given at the start with a secret known beforehand', async () => {
    const own = await openWorkbench({ webhooks: [{ secret: 'whsec_known', url }] });
    try {
      await own.stripe.customers.create({});
      await until(1);
      const { body, signature } = received[0] ?? { body: '', signature: '' };
      expect(Stripe.webhooks.constructEvent(body, signature, 'whsec_known').type).toBe(
        'customer.created',
      );
    } finally {
      await own.sandbox.stop();
    }
  });
});
