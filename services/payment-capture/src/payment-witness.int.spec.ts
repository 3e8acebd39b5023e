import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SettlementEvent } from '@tallywatt/contracts';
import { startStripeSandbox, type RunningSandbox } from '@tallywatt/stripe-sandbox';
import { eventually, freePort, startTestServers } from '@tallywatt/testing';
import { Client } from 'pg';
import Stripe from 'stripe';
import {
  cdrIssued,
  chargesOf,
  environmentOf,
  Feed,
  newSession,
  sandboxControl,
  sessionStarted,
  tokenOf,
  webhookSecret,
} from './testing/service-stage';

// The service runs as a process of its own here, so that it can be killed at a named step.

const project = join(__dirname, '..');
let servers: Awaited<ReturnType<typeof startTestServers>>;
let sandbox: RunningSandbox;
let feed: Feed;
let database: Client;
let environment: Record<string, string>;
let url: string;
let stateDirectory: string | undefined;
let running: ChildProcess | undefined;
let sandboxPort: number;
const patient = { timeoutMs: 90_000, intervalMs: 100 };

const openSandbox = () =>
  startStripeSandbox({
    port: sandboxPort,
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
    webhooks: [{ url: `${url}/webhooks/stripe`, secret: webhookSecret }],
    webhookRetrySeconds: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  });

const start = async (more: Record<string, string> = {}): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [join(project, 'dist', 'main.js')], {
    env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', ...environment, ...more },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  running = child;
  await eventually(async () => {
    // One that is to be killed can meet its step before it listens.
    if (child.signalCode === 'SIGKILL') return;
    // It lives before it is ready: a new database adopts its streams first.
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  }, patient);
  return child;
};

const exitOf = (child: ChildProcess): Promise<NodeJS.Signals | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.signalCode);
    else child.once('exit', (_, signal) => resolve(signal));
  });

const stop = async (): Promise<void> => {
  if (running === undefined) return;
  running.kill('SIGTERM');
  await exitOf(running);
  running = undefined;
};

beforeAll(async () => {
  execFileSync(process.execPath, [
    require.resolve('typescript/bin/tsc'),
    '-b',
    join(project, 'tsconfig.lib.json'),
  ]);
  servers = await startTestServers();
  const brokers = servers.kafkaBrokers;
  feed = await Feed.open(brokers, await servers.createDatabase('feed'));
  const databaseUrl = await servers.createDatabase('payment_capture');
  database = new Client({ connectionString: databaseUrl });
  await database.connect();
  const port = await freePort();
  sandboxPort = await freePort();
  url = `http://127.0.0.1:${port}`;
  stateDirectory = mkdtempSync(join(tmpdir(), 'payment-witness-'));
  sandbox = await openSandbox();
  environment = environmentOf({ brokers, databaseUrl, port, stripeUrl: sandbox.url });
  await start();
});

afterAll(async () => {
  await stop();
  await database?.end();
  await sandbox?.stop();
  await feed?.stop();
  await servers?.stop();
  if (stateDirectory !== undefined) rmSync(stateDirectory, { recursive: true });
});

const typesOf = async (sessionId: string): Promise<string[]> =>
  (await feed.payments(sessionId)).map((event) => event.type);

const untilEnding = (sessionId: string, type: string) =>
  eventually(async () => expect((await typesOf(sessionId)).at(-1)).toBe(type), patient);

const capturedOnce = [
  'PaymentPreauthorizationRequested',
  'PaymentPreauthorized',
  'PaymentCaptureRequested',
  'PaymentCaptured',
];

const inboxCount = async (): Promise<number> =>
  Number((await database.query('SELECT count(*) AS n FROM webhook_inbox')).rows[0].n);

describe('webhooks', () => {
  const post = (body: string, signature: string) =>
    fetch(`${url}/webhooks/stripe`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Stripe-Signature': signature },
      body,
    });
  const eventBody = (id: string) =>
    JSON.stringify({
      id,
      object: 'event',
      type: 'payment_intent.succeeded',
      created: Math.floor(Date.now() / 1_000),
      data: { object: { id: 'pi_nobody_knows', object: 'payment_intent' } },
    });
  const signed = (payload: string, secret: string, ageSeconds = 0) =>
    Stripe.webhooks.generateTestHeaderString({
      payload,
      secret,
      timestamp: Math.floor(Date.now() / 1_000) - ageSeconds,
    });

  it('refuses a forged one and stores nothing of it', async () => {
    const before = await inboxCount();
    const body = eventBody('evt_forged');
    const forged = [
      await post(body, signed(body, 'whsec_of_somebody_else')),
      await post(body, signed(body, webhookSecret, 301)),
      await post(body.replace('nobody', 'someone'), signed(body, webhookSecret)),
      await post(body, 'nonsense'),
    ];
    expect(forged.map((answer) => answer.status)).toEqual([400, 400, 400, 400]);
    expect(await forged[0]?.json()).toMatchObject({ type: 'urn:tallywatt:problem:webhook-forged' });
    expect(await inboxCount()).toBe(before);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('payment_webhooks_total{outcome="forged"} 4');
  });

  it('takes a genuine one once, under the old and the new secret', async () => {
    const before = await inboxCount();
    const body = eventBody('evt_genuine');
    expect((await post(body, signed(body, webhookSecret))).status).toBe(200);
    expect((await post(body, signed(body, 'whsec_before_rotation'))).status).toBe(200);
    expect(await inboxCount()).toBe(before + 1);
  });

  it('minds neither repetition nor order', async () => {
    for (const kind of ['duplicate-webhook', 'delay-webhook']) {
      await sandboxControl(sandbox.url, 'POST', '/faults', {
        kind,
        match: { eventType: 'payment_intent.*' },
        times: 2,
        delaySeconds: 2,
      });
    }
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    await feed.publish(cdrIssued(sessionId, 830n));
    await untilEnding(sessionId, 'PaymentCaptured');
    await eventually(async () => {
      const summary = await sandboxControl(sandbox.url, 'GET', '/summary');
      expect(summary['pendingWebhooks']).toBe(0);
      const { rows } = await database.query(
        'SELECT object_id FROM webhook_inbox WHERE handled_at IS NULL',
      );
      expect(rows).toEqual([]);
    }, patient);
    expect(await typesOf(sessionId)).toEqual(capturedOnce);
  });
});

describe('a process that is killed', () => {
  it.each([
    ['payment.before-call', 1],
    ['payment.after-call', 1],
    ['payment.after-call', 2],
    ['payment.webhook-observed', 1],
    ['append.before-commit', 2],
  ])('at %s, time %i, still captures once', async (step, time) => {
    await stop();
    const child = await start({ CRASH_AT: `${step}:${time}` });
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    await feed.publish(cdrIssued(sessionId, 1_240n));
    expect(await exitOf(child)).toBe('SIGKILL');
    await start();
    await untilEnding(sessionId, 'PaymentCaptured');
    expect(await typesOf(sessionId)).toEqual(capturedOnce);
    const charges = await chargesOf(sandbox.url, sessionId);
    expect(charges.map((charge) => charge.amount_captured)).toEqual([1_240]);
  });
});

describe('a processor that is down', () => {
  it('is waited for, and readiness says so', async () => {
    await sandbox.stop();
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    await feed.publish(cdrIssued(sessionId, 640n));
    await eventually(async () => {
      const ready = await fetch(`${url}/health/ready`);
      expect(ready.status).toBe(503);
      expect(await ready.text()).toContain('processor');
      expect(await typesOf(sessionId)).toEqual(['PaymentPreauthorizationRequested']);
    }, patient);
    sandbox = await openSandbox();
    await untilEnding(sessionId, 'PaymentCaptured');
    await eventually(
      async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200),
      patient,
    );
    expect(await chargesOf(sandbox.url, sessionId)).toMatchObject([{ amount_captured: 640 }]);
  });
});

describe('a call whose key is too old to be repeated', () => {
  const makeOld = async (sessionId: string): Promise<void> => {
    const { rowCount } = await database.query(
      `UPDATE processor_calls SET first_tried_at = now() - interval '24 hours'
       WHERE call->>'sessionId' = $1`,
      [sessionId],
    );
    expect(rowCount).toBe(1);
  };

  it('is asked about, and goes on where it was carried out', async () => {
    await stop();
    const child = await start({ CRASH_AT: 'payment.after-call' });
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    expect(await exitOf(child)).toBe('SIGKILL');
    await makeOld(sessionId);
    await start();
    await untilEnding(sessionId, 'PaymentPreauthorized');
    expect(await typesOf(sessionId)).toEqual(capturedOnce.slice(0, 2));
    expect(await chargesOf(sandbox.url, sessionId)).toHaveLength(1);
  });

  it('is made anew under another key where it was not', async () => {
    await stop();
    const child = await start({ CRASH_AT: 'payment.before-call' });
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    expect(await exitOf(child)).toBe('SIGKILL');
    await makeOld(sessionId);
    await start();
    await untilEnding(sessionId, 'PaymentPreauthorized');
    expect(await feed.payments(sessionId)).toMatchObject([
      { type: 'PaymentPreauthorizationRequested', attempt: 1 },
      { type: 'PaymentPreauthorizationRequested', attempt: 2 },
      { type: 'PaymentPreauthorized' },
    ]);
    expect(await chargesOf(sandbox.url, sessionId)).toHaveLength(1);
  });
});

describe('settled money', () => {
  const untilSettled = (check: (events: SettlementEvent[]) => void) =>
    eventually(async () => {
      const events = await feed.settlements();
      check(events);
      return events;
    }, patient);

  it('is published once, from the charge to the payout', async () => {
    const sessionId = newSession();
    await feed.publish(sessionStarted(sessionId));
    await feed.publish(cdrIssued(sessionId, 1_190n));
    await untilEnding(sessionId, 'PaymentCaptured');
    await fetch(`${url}/v1/refunds`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${tokenOf('finance')}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ sessionId, amountMinor: '119', reason: 'goodwill' }),
    });
    await untilEnding(sessionId, 'PaymentRefunded');
    const forgotten = newSession();
    await feed.publish(sessionStarted(forgotten));
    await untilEnding(forgotten, 'PaymentPreauthorized');
    await sandboxControl(sandbox.url, 'POST', '/clock', { advanceSeconds: 8 * 86_400 });
    await untilEnding(forgotten, 'PaymentVoided');
    expect((await feed.payments(forgotten)).at(-1)).toMatchObject({ reason: 'hold-expired' });

    const ofSession = (events: SettlementEvent[]) =>
      events.filter((event) => 'sessionId' in event && event.sessionId === sessionId);
    const events = await untilSettled((all) => {
      const paid = all.flatMap((event) => (event.type === 'PayoutPaid' ? event.payoutId : []));
      const membersOfPaid = all.flatMap((event) =>
        event.type === 'PayoutCreated' && paid.includes(event.payoutId) ? event.members : [],
      );
      expect(membersOfPaid.map((member) => member.sessionId)).toContain(sessionId);
      expect(
        ofSession(all)
          .map((event) => event.type)
          .sort(),
      ).toEqual([
        'BalanceTransactionAvailable',
        'BalanceTransactionAvailable',
        'BalanceTransactionRecorded',
        'BalanceTransactionRecorded',
      ]);
    });
    const recorded = ofSession(events).filter((e) => e.type === 'BalanceTransactionRecorded');
    expect(recorded).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ reportingCategory: 'charge', amountMinor: 1_190n, taxes: [] }),
        expect.objectContaining({
          reportingCategory: 'refund',
          amountMinor: -119n,
          feeMinor: 0n,
          taxes: [{ ratePercent: { unscaled: 19n, scale: 0 }, taxableMinor: 100n, taxMinor: 19n }],
        }),
      ]),
    );
    const created = events.filter((event) => event.type === 'PayoutCreated');
    for (const payout of created) {
      const sum = payout.members.reduce((total, member) => total + member.netMinor, 0n);
      expect(sum).toBe(payout.amount.amountMinor);
    }
    const ids = events.map((event) =>
      'payoutId' in event
        ? `${event.type} ${event.payoutId}`
        : `${event.type} ${event.balanceTransactionId}`,
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a live key', () => {
  it('is refused in plain words unless it is meant', async () => {
    const child = spawn(process.execPath, [join(project, 'dist', 'main.js')], {
      env: { ...environment, TZ: 'UTC', STRIPE_SECRET_KEY: 'sk_live_of_a_real_account' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    // Not at its exit: what it said may still be on its way then.
    await new Promise((resolve) => child.once('close', resolve));
    expect(child.exitCode).toBe(1);
    expect(said).toContain('STRIPE_SECRET_KEY: is a live key');
    expect(said).not.toContain('sk_live_of_a_real_account');
  });
});
