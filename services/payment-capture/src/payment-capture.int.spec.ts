import { derivedId, type PaymentEvent } from '@tallywatt/contracts';
import { startService, type RunningService } from '@tallywatt/service-kit';
import { startStripeSandbox, type RunningSandbox } from '@tallywatt/stripe-sandbox';
import { eventually, freePort, startTestServers } from '@tallywatt/testing';
import { Pool } from 'pg';
import { paymentCapture } from './service';
import {
  cdrIssued,
  cdrWithheld,
  chargesOf,
  cpoId,
  environmentOf,
  Feed,
  newSession,
  sandboxControl,
  sessionStarted,
  tokenOf,
  webhookSecret,
} from './testing/service-stage';

type View = Record<string, unknown> & { events: { type: string; offset: string | null }[] };

let servers: Awaited<ReturnType<typeof startTestServers>>;
let sandbox: RunningSandbox;
let service: RunningService;
let feed: Feed;
let database: Pool;
const patient = { timeoutMs: 90_000, intervalMs: 100 };

beforeAll(async () => {
  servers = await startTestServers();
  const brokers = servers.kafkaBrokers;
  feed = await Feed.open(brokers, await servers.createDatabase('feed'));
  const port = await freePort();
  sandbox = await startStripeSandbox({
    port: 0,
    webhooks: [{ url: `http://127.0.0.1:${port}/webhooks/stripe`, secret: webhookSecret }],
    webhookRetrySeconds: [1, 1, 1, 1, 1],
  });
  const databaseUrl = await servers.createDatabase('payment_capture');
  database = new Pool({ connectionString: databaseUrl });
  service = await startService(
    paymentCapture,
    environmentOf({ brokers, databaseUrl, port, stripeUrl: sandbox.url }),
  );
});

afterAll(async () => {
  await service?.stop();
  await database?.end();
  await sandbox?.stop();
  await feed?.stop();
  await servers?.stop();
});

const get = (path: string, token = tokenOf('operator')) =>
  fetch(`${service.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });

const viewOf = async (sessionId: string): Promise<View | undefined> => {
  const response = await get(`/v1/payments?sessionId=${sessionId}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { items: View[] }).items[0];
};

const untilState = (sessionId: string, state: string): Promise<View> =>
  eventually(async () => {
    const view = await viewOf(sessionId);
    expect(view?.['state']).toBe(state);
    return view as View;
  }, patient);

const untilPublished = (sessionId: string, ...types: PaymentEvent['type'][]) =>
  eventually(async () => {
    const events = await feed.payments(sessionId);
    expect(events.map((event) => event.type)).toEqual(types);
    return events;
  }, patient);

const plant = (kind: string, path: string, more: object = {}) =>
  sandboxControl(sandbox.url, 'POST', '/faults', {
    kind,
    match: { method: 'POST', path },
    ...more,
  });

const asked = ['PaymentPreauthorizationRequested', 'PaymentPreauthorized'] as const;
const capturedOnce = [...asked, 'PaymentCaptureRequested', 'PaymentCaptured'] as const;

const runToCapture = async (totalMinor: bigint): Promise<string> => {
  const sessionId = newSession();
  await feed.publish(sessionStarted(sessionId));
  await feed.publish(cdrIssued(sessionId, totalMinor));
  await untilState(sessionId, 'captured');
  return sessionId;
};

describe('a session paid by card', () => {
  it('is held at its start and captured at its end', async () => {
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    const held = await untilState(sessionId, 'held');
    expect(held['hold']).toEqual({ amountMinor: '5000', currency: 'EUR' });
    await feed.publish(cdrIssued(sessionId, 1_230n));
    await untilPublished(sessionId, ...capturedOnce);
    const view = await untilState(sessionId, 'captured');
    expect(view['captured']).toEqual({ amountMinor: '1230', currency: 'EUR' });
    expect(view['receivable']).toBeNull();
    await eventually(async () =>
      expect((await viewOf(sessionId))?.events.every((event) => event.offset !== null)).toBe(true),
    );
    expect(await chargesOf(sandbox.url, sessionId)).toMatchObject([
      { amount: 5_000, amount_captured: 1_230, captured: true, metadata: { cpoId: 'default' } },
    ]);
  });

  it('waits for the start when the CDR is seen first', async () => {
    const sessionId = newSession();
    await feed.publish(cdrIssued(sessionId, 700n));
    await feed.publish(sessionStarted(sessionId));
    await untilPublished(sessionId, ...capturedOnce);
  });

  it('owes what is above the hold', async () => {
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    await feed.publish(cdrIssued(sessionId, 5_400n));
    const events = await untilPublished(
      sessionId,
      ...asked,
      'PaymentCaptureRequested',
      'ReceivableOpened',
      'PaymentCaptured',
    );
    expect(events[3]).toMatchObject({
      reason: 'price-above-hold',
      amount: { amountMinor: 400n, currency: 'EUR' },
    });
  });

  it('is let go when nothing is due, and when there is no price', async () => {
    const free = newSession();
    const withheld = newSession();
    await feed.publish(sessionStarted(free));
    await feed.publish(sessionStarted(withheld));
    await feed.publish(cdrIssued(free, 0n));
    await feed.publish(cdrWithheld(withheld));
    const types = [...asked, 'PaymentVoidRequested', 'PaymentVoided'] as const;
    expect((await untilPublished(free, ...types))[3]).toMatchObject({ reason: 'nothing-due' });
    expect((await untilPublished(withheld, ...types))[3]).toMatchObject({ reason: 'cdr-withheld' });
    expect(await chargesOf(sandbox.url, free)).toMatchObject([{ amount_captured: 0 }]);
  });
});

describe('a hold of a session whose stop was estimated', () => {
  it('is kept, and captured when the charger tells its stop after all', async () => {
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    await feed.publish(cdrWithheld(sessionId, 'stop-estimated'));
    await eventually(async () => {
      const { rows } = await database.query(
        'SELECT 1 FROM payments WHERE session_id = $1 AND hold_kept_until > now()',
        [sessionId],
      );
      expect(rows).toHaveLength(1);
    }, patient);
    await untilState(sessionId, 'held');
    await untilPublished(sessionId, ...asked);
    await feed.publish(cdrIssued(sessionId, 1_230n));
    await untilPublished(sessionId, ...capturedOnce);
  });

  it('is let go when nobody does, and never captured for an estimate', async () => {
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    await feed.publish(cdrWithheld(sessionId, 'stop-estimated'));
    await untilState(sessionId, 'held');
    await eventually(async () => {
      const { rowCount } = await database.query(
        `UPDATE payments SET hold_kept_until = now()
         WHERE session_id = $1 AND hold_kept_until IS NOT NULL`,
        [sessionId],
      );
      expect(rowCount).toBe(1);
    }, patient);
    const events = await untilPublished(
      sessionId,
      ...asked,
      'PaymentVoidRequested',
      'PaymentVoided',
    );
    expect(events[3]).toMatchObject({ reason: 'cdr-withheld' });
    expect(await chargesOf(sandbox.url, sessionId)).toMatchObject([{ amount_captured: 0 }]);
  });
});

describe('a session without money behind it', () => {
  it('tells the gateway of a declined card, and the driver owes the price', async () => {
    const sessionId = newSession();
    const paymentMethodId = 'pm_card_chargeDeclinedInsufficientFunds';
    await feed.publish(sessionStarted(sessionId, { paymentMethodId }));
    const view = await untilState(sessionId, 'declined');
    expect(view['declineCode']).toBe('insufficient_funds');
    await feed.publish(cdrIssued(sessionId, 210n));
    const events = await untilPublished(
      sessionId,
      'PaymentPreauthorizationRequested',
      'PaymentPreauthorizationDeclined',
      'ReceivableOpened',
    );
    expect(events[1]).toMatchObject({ chargePointId: 'CP-1', declineCode: 'insufficient_funds' });
    expect(events[2]).toMatchObject({ reason: 'preauthorization-declined' });
  });

  it('owes the price when there is no payment route', async () => {
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId, { paymentRoute: 'none' }));
    await feed.publish(cdrIssued(sessionId, 990n));
    const [opened] = await untilPublished(sessionId, 'ReceivableOpened');
    expect(opened).toMatchObject({ reason: 'no-payment-route' });
    expect(await chargesOf(sandbox.url, sessionId)).toEqual([]);
  });
});

describe('a processor that misbehaves', () => {
  const hold = '/v1/payment_intents';
  const capture = '/v1/payment_intents/*/capture';
  it.each([
    ['an answer to the hold that never comes', 'timeout-after-commit', hold, {}],
    ['an answer to the capture that never comes', 'timeout-after-commit', capture, {}],
    ['a saved failure of the hold', 'error-500', hold, { remembered: true }],
    ['a saved failure of the capture', 'error-500', capture, { remembered: true }],
    ['a passing failure', 'error-500', capture, { remembered: false, times: 2 }],
    ['too many requests', 'error-429', hold, { times: 3 }],
    ['a locked object', 'lock-timeout', capture, { times: 3 }],
  ])('gets one hold and one capture through %s', async (_, kind, path, more) => {
    await sandboxControl(sandbox.url, 'DELETE', '/faults');
    // No webhook helps: the answers have to be got by asking.
    await sandboxControl(sandbox.url, 'POST', '/faults', { kind: 'drop-webhook', times: 1_000 });
    await plant(kind, path, more);
    const sessionId = await runToCapture(1_111n);
    const charges = await chargesOf(sandbox.url, sessionId);
    expect(charges.map((charge) => charge.amount_captured)).toEqual([1_111]);
    const { faults } = (await sandboxControl(sandbox.url, 'GET', '/faults')) as {
      faults: { kind: string }[];
    };
    expect(faults.map((fault) => fault.kind)).toEqual(['drop-webhook']);
    await sandboxControl(sandbox.url, 'DELETE', '/faults');
    await eventually(async () => {
      const events = await feed.payments(sessionId);
      expect(events.filter((event) => event.type === 'PaymentCaptured')).toHaveLength(1);
    }, patient);
  });
});

const refund = (body: object, token = tokenOf('finance')) =>
  fetch(`${service.url}/v1/refunds`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('refunds', () => {
  it('gives back once what was asked for twice', async () => {
    const sessionId = await runToCapture(1_190n);
    const body = { sessionId, amountMinor: '190', reason: 'goodwill', idempotencyKey: 'k1' };
    const answers = await Promise.all([refund(body), refund(body)]);
    expect(answers.map((answer) => answer.status)).toEqual([202, 202]);
    const [first, second] = (await Promise.all(answers.map((answer) => answer.json()))) as {
      refundId: string;
    }[];
    expect(first?.refundId).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.refundId).toBe(first?.refundId);
    await untilPublished(sessionId, ...capturedOnce, 'PaymentRefundRequested', 'PaymentRefunded');
    expect(await chargesOf(sandbox.url, sessionId)).toMatchObject([{ amount_refunded: 190 }]);

    const other = await refund({ ...body, amountMinor: '191' });
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ type: 'urn:tallywatt:problem:refund-differs' });
    const tooMuch = await refund({ sessionId, amountMinor: '1001', reason: 'goodwill' });
    expect(tooMuch.status).toBe(422);
    expect(tooMuch.headers.get('content-type')).toContain('application/problem+json');
    expect(await tooMuch.json()).toMatchObject({
      type: 'urn:tallywatt:problem:more-than-captured',
      detail: '1000 minor units can still be refunded',
    });
    expect((await refund({ sessionId, reason: 'the rest' })).status).toBe(202);
    await eventually(async () =>
      expect((await viewOf(sessionId))?.['refunded']).toMatchObject({ amountMinor: '1190' }),
    );
  });

  it('gives back what a corrected CDR no longer bills, and leaves its tax to the credit', async () => {
    const sessionId = await runToCapture(1_190n);
    const first = cdrIssued(sessionId, 1_190n);
    const cdrId = derivedId(cpoId, 'cdr', sessionId, '2');
    await feed.publish({ ...cdrIssued(sessionId, 900n), cdrId, replacesCdrId: first.cdrId });
    const events = await untilPublished(
      sessionId,
      ...capturedOnce,
      'PaymentRefundRequested',
      'PaymentRefunded',
    );
    expect(events[4]).toMatchObject({
      amount: { amountMinor: 290n },
      reason: 'cdr-corrected',
      correctedCdrId: cdrId,
    });
    expect(await chargesOf(sandbox.url, sessionId)).toMatchObject([{ amount_refunded: 290 }]);
    await eventually(async () => {
      const recorded = (await feed.settlements()).filter(
        (event) => event.type === 'BalanceTransactionRecorded' && event.sessionId === sessionId,
      );
      expect(recorded).toContainEqual(
        expect.objectContaining({
          reportingCategory: 'refund',
          amountMinor: -290n,
          correctedCdrId: cdrId,
          taxes: [],
        }),
      );
    }, patient);
  });

  it('says what is wrong with a request', async () => {
    expect((await refund({ sessionId: newSession(), reason: 'x' })).status).toBe(404);
    expect((await refund({}, 'not-a-token')).status).toBe(401);
    expect((await refund({}, tokenOf('driver'))).status).toBe(403);
    const bad = await refund({ sessionId: 's', amountMinor: '-1', reason: '' });
    expect(bad.status).toBe(422);
    const { faults } = (await bad.json()) as { faults: { path: string }[] };
    expect(faults.map((fault) => fault.path)).toEqual(
      expect.arrayContaining(['$.amountMinor', '$.reason']),
    );
  });
});

describe('the list of payments', () => {
  it('goes from page to page', async () => {
    const seen: unknown[] = [];
    let next: string | null = null;
    do {
      const cursor: string = next === null ? '' : `&cursor=${next}`;
      const page = (await (await get(`/v1/payments?limit=3${cursor}`)).json()) as {
        items: View[];
        next: string | null;
      };
      seen.push(...page.items.map((item) => item['paymentId']));
      next = page.next;
    } while (next !== null);
    expect(seen.length).toBeGreaterThan(10);
    expect(new Set(seen).size).toBe(seen.length);
  });
});
