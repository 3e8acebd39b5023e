import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SettlementEvent } from '@tallywatt/contracts';
import { startService, type RunningService } from '@tallywatt/service-kit';
import { startStripeSandbox, type RunningSandbox } from '@tallywatt/stripe-sandbox';
import { eventually, freePort, startTestServers } from '@tallywatt/testing';
import { Pool } from 'pg';
import { paymentCapture } from './service';
import {
  cdrIssued,
  chargesOf,
  environmentOf,
  Feed,
  newSession,
  sessionStarted,
  tokenOf,
  webhookSecret,
} from './testing/service-stage';

// The database is lost; the topics and the processor are all that is left.

const patient = { timeoutMs: 90_000, intervalMs: 100 };
const stateDirectory = mkdtempSync(join(tmpdir(), 'payment-rebuild-'));
const pools: Pool[] = [];
let servers: Awaited<ReturnType<typeof startTestServers>>;
let sandbox: RunningSandbox;
let sandboxPort: number;
let port: number;
let service: RunningService;
let feed: Feed;

const openSandbox = () =>
  startStripeSandbox({
    port: sandboxPort,
    stateDirectory,
    webhooks: [{ url: `http://127.0.0.1:${port}/webhooks/stripe`, secret: webhookSecret }],
    webhookRetrySeconds: [1, 1, 1, 1, 1],
  });

const startOnEmptyDatabase = async (name: string): Promise<Pool> => {
  const brokers = servers.kafkaBrokers;
  const databaseUrl = await servers.createDatabase(name);
  const pool = new Pool({ connectionString: databaseUrl, max: 2 });
  pools.push(pool);
  const stripeUrl = `http://127.0.0.1:${sandboxPort}`;
  service = await startService(
    paymentCapture,
    environmentOf({ brokers, databaseUrl, port, stripeUrl }),
  );
  return pool;
};

beforeAll(async () => {
  servers = await startTestServers();
  feed = await Feed.open(servers.kafkaBrokers, await servers.createDatabase('feed'));
  [port, sandboxPort] = [await freePort(), await freePort()];
  sandbox = await openSandbox();
});

afterAll(async () => {
  await service?.stop();
  await sandbox?.stop();
  await feed?.stop();
  await Promise.all(pools.map((pool) => pool.end()));
  await servers?.stop();
  rmSync(stateDirectory, { recursive: true });
});

const untilEnding = (sessionId: string, type: string) =>
  eventually(async () => expect((await feed.payments(sessionId)).at(-1)?.type).toBe(type), patient);

const refund = (sessionId: string, amountMinor: string) =>
  fetch(`${service.url}/v1/refunds`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${tokenOf('finance')}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': `refund-${sessionId}-${amountMinor}`,
    },
    body: JSON.stringify({ sessionId, amountMinor, reason: 'goodwill' }),
  });

const viewsOf = async (sessionIds: readonly string[]): Promise<unknown[]> => {
  const views: unknown[] = [];
  for (const sessionId of sessionIds) {
    const response = await fetch(`${service.url}/v1/payments?sessionId=${sessionId}`, {
      headers: { Authorization: `Bearer ${tokenOf('operator')}` },
    });
    const { items } = (await response.json()) as { items: Record<string, unknown>[] };
    // How often the processor was asked is not in the log.
    views.push(items.map(({ calls: _, attempts: _attempts, ...view }) => view));
  }
  return views;
};

/** Each with its id; across partitions the log has no order. */
const settled = async (): Promise<readonly SettlementEvent[]> => {
  const keyOf = (event: SettlementEvent): string =>
    `${event.type} ${'payoutId' in event ? event.payoutId : event.balanceTransactionId}`;
  return (await feed.settlements()).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
};

/** The relay writes down where a record lies after the record can be read. */
const untilAllIsMarked = (pool: Pool): Promise<void> =>
  eventually(async () => {
    const unmarked = 'SELECT FROM event_log.outbox WHERE log_offset IS NULL';
    expect((await pool.query(unmarked)).rowCount).toBe(0);
  }, patient);

const rowsOf = async (pool: Pool, table: string, columns: string): Promise<unknown[]> =>
  (await pool.query(`SELECT ${columns} FROM ${table} ORDER BY 1, 2`)).rows;

it('an empty database holds, captures and publishes nothing a second time', async () => {
  const before = await startOnEmptyDatabase('before');
  const [captured, refunded, held, asked] = [
    newSession(),
    newSession(),
    newSession(),
    newSession(),
  ];
  for (const sessionId of [captured, refunded, held]) {
    await feed.publish(sessionStarted(sessionId));
    await untilEnding(sessionId, 'PaymentPreauthorized');
  }
  for (const sessionId of [captured, refunded]) {
    await feed.publish(cdrIssued(sessionId, 1_190n));
    await untilEnding(sessionId, 'PaymentCaptured');
  }
  expect((await refund(refunded, '119')).status).toBeLessThan(300);
  await untilEnding(refunded, 'PaymentRefunded');
  await eventually(async () => expect(await feed.settlements()).toHaveLength(3), patient);
  // One hold is asked for and not answered when the database is lost.
  await sandbox.stop();
  await feed.publish(sessionStarted(asked));
  await untilEnding(asked, 'PaymentPreauthorizationRequested');
  await untilAllIsMarked(before);
  const done = [captured, refunded, held];
  const [views, settlements, events] = [
    await viewsOf(done),
    await settled(),
    await Promise.all(done.map((sessionId) => feed.payments(sessionId))),
  ];
  await service.stop();

  sandbox = await openSandbox();
  const after = await startOnEmptyDatabase('after');
  await eventually(async () => {
    const facts = 'SELECT FROM payments WHERE started AND (price IS NOT NULL OR opened)';
    expect((await after.query(facts)).rowCount).toBe(4);
    const priced = 'SELECT FROM payments WHERE price IS NOT NULL';
    expect((await after.query(priced)).rowCount).toBe(2);
  }, patient);
  // What was asked is asked again under its key, and life goes on.
  await untilEnding(asked, 'PaymentPreauthorized');
  // Three looks at the balance, time enough to publish something a second time.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(await viewsOf(done)).toEqual(views);
  expect(await settled()).toEqual(settlements);
  expect(await Promise.all(done.map((sessionId) => feed.payments(sessionId)))).toEqual(events);
  for (const [table, columns] of [
    ['payments', 'payment_id, session_id, charge_point_id, started, price, payment_intent_id'],
    ['balance_transactions', '*'],
    ['payouts', '*'],
  ] as const) {
    const lost = await rowsOf(before, table, columns);
    await eventually(async () => {
      const found = await rowsOf(after, table, columns);
      // The hold that was answered since is the only difference.
      expect(found.filter((row) => !JSON.stringify(row).includes(asked))).toEqual(
        lost.filter((row) => !JSON.stringify(row).includes(asked)),
      );
    }, patient);
  }

  for (const sessionId of [held, asked]) {
    await feed.publish(cdrIssued(sessionId, 640n));
    await untilEnding(sessionId, 'PaymentCaptured');
  }
  expect((await refund(captured, '238')).status).toBeLessThan(300);
  await untilEnding(captured, 'PaymentRefunded');
  const charges = await Promise.all(
    [captured, refunded, held, asked].map((sessionId) => chargesOf(sandbox.url, sessionId)),
  );
  expect(charges).toMatchObject([
    [{ amount_captured: 1_190, amount_refunded: 238 }],
    [{ amount_captured: 1_190, amount_refunded: 119 }],
    [{ amount_captured: 640, amount_refunded: 0 }],
    [{ amount_captured: 640, amount_refunded: 0 }],
  ]);
  expect(await feed.payments(asked)).toMatchObject([
    { type: 'PaymentPreauthorizationRequested', attempt: 1 },
    { type: 'PaymentPreauthorized' },
    { type: 'PaymentCaptureRequested', attempt: 1 },
    { type: 'PaymentCaptured' },
  ]);
});
