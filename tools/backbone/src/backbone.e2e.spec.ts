import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedChargePoint } from '@tallywatt/charge-point-simulator';
import {
  chargePointPassword,
  findSessionId,
  freePorts,
  issueToken,
  OperatorApi,
  registerChargePoint,
  startSystem,
  tariffs,
  until,
  type System,
} from '@tallywatt/demonstration';
import { runCommandLine, type ExitCode } from './command-line';
import type { Link } from './hop';
import { publishPoison } from './testing/poison';

const instance = `e2e-backbone-${process.pid}`;
const directory = mkdtempSync(join(tmpdir(), 'backbone-e2e-'));

let system: System;
let api: OperatorApi;
let sessionId: string;

const backbone = async (...words: string[]): Promise<{ code: ExitCode; out: string }> => {
  const out: string[] = [];
  const add = (text: string): void => void out.push(text);
  const { addresses } = system;
  // Kafka, PostgreSQL and the token are found by the name of the instance.
  const environment = {
    OCPP_GATEWAY_URL: addresses.ocppGateway,
    AUTHORIZATION_URL: addresses.authorization,
    PRICING_ENGINE_URL: addresses.pricingEngine,
    PAYMENT_CAPTURE_URL: addresses.paymentCapture,
    LEDGER_URL: addresses.ledger,
    RECONCILIATION_URL: addresses.reconciliation,
  };
  const code = await runCommandLine([...words, '--instance', instance], environment, {
    out: add,
    err: add,
  });
  return { code, out: out.join('\n') };
};

const chargeOnce = async (): Promise<string> => {
  await registerChargePoint(api, 'BACKBONE-1', 'flat');
  await issueToken(api, { uid: 'BACKBONE', paymentMethod: 'pm_card_visa' });
  const start = new Date(Date.now() - 5 * 86_400_000);
  const charger = new SimulatedChargePoint({
    url: system.addresses.ocpp,
    id: 'BACKBONE-1',
    password: chargePointPassword,
    connectors: [{ id: 1, powerKwMax: 22 }],
    virtualClock: { start, speed: 600 },
  });
  await charger.connect();
  try {
    const outcome = await charger.runSession({
      connectorId: 1,
      idTag: 'BACKBONE',
      energyWh: 11_003n,
      meterIntervalSeconds: 600,
      idleMinutesAfter: 2,
    });
    if (!outcome.started) throw new Error(`not started: ${outcome.authorizeStatus}`);
    return await until(
      'the session at the gateway',
      () => findSessionId(api, 'BACKBONE-1', outcome.transactionId),
      120_000,
    );
  } finally {
    await charger.disconnect();
  }
};

beforeAll(async () => {
  system = await startSystem({ instance, ports: await freePorts(), ephemeral: true });
  api = new OperatorApi(system.addresses, system.operatorToken);
});

afterAll(async () => {
  await system?.stop();
  if (system !== undefined) rmSync(system.directory, { recursive: true, force: true });
  rmSync(directory, { recursive: true });
});

it('publishes tariffs from files, each new version once', async () => {
  const file = join(directory, 'tariffs.json');
  writeFileSync(file, JSON.stringify([tariffs.flat, tariffs.idle]));
  const first = await backbone('tariff', 'import', file);
  expect(first.out).toMatch(/^demo-flat +version 1 +new/);
  expect(first.code).toBe(0);
  expect((await backbone('tariff', 'import', file)).out).toMatch(
    /^demo-flat +version 1 +unchanged/,
  );
});

it('proves a session that ran through all services, once its money is booked', async () => {
  sessionId = await chargeOnce();
  const links = await until(
    'the session is captured and booked',
    async () => {
      const { code, out } = await backbone('audit', 'session', sessionId, '--json');
      const report = JSON.parse(out) as { links: readonly Link[] };
      const isSettled = report.links.some(({ type }) => type === 'BalanceTransactionRecorded');
      return code === 0 && isSettled ? report.links : undefined;
    },
    180_000,
  );
  const hops = new Set(links.map(({ hop }) => hop));
  for (const hop of ['decision', 'tariff', 'session', 'cdr', 'payment', 'balance', 'journal']) {
    expect(hops).toContain(hop);
  }
});

it('rebuilds identically what the services have derived', async () => {
  const { code, out } = await backbone(
    'rebuild',
    '--verify',
    '--public-key',
    join(system.directory, 'journal-signing-key.pem'),
  );
  expect(out).toContain('identical: ');
  expect(out).toContain('pricing-engine: 1 rows compared with the live database');
  expect(out).toMatch(/ledger: [2-9] rows compared with the live database/);
  expect(code).toBe(0);
});

it('exports the book', async () => {
  const { code, out } = await backbone('ledger', 'export');
  expect(code).toBe(0);
  expect(out).toContain(`(cdr.issued) Session ${sessionId} priced`);
});

it('shows what is parked, and hands it out again', async () => {
  expect(await backbone('parked', 'list')).toEqual({ code: 0, out: 'nothing is parked' });
  const key = 'default/poisoned';
  await publishPoison(system, 'charging.sessions.v1', key);
  const listed = await until(
    'the poison is parked',
    async () => {
      const { code, out } = await backbone('parked', 'list', '--service', 'pricing-engine');
      return code === 1 ? out : undefined;
    },
    120_000,
  );
  expect(listed).toContain(key);
  expect(listed).toContain('is not the hash of the value');
  const replayed = await backbone(
    'parked',
    'replay',
    'pricing-engine',
    'charging.sessions.v1',
    key,
  );
  expect(replayed.out).toContain('The key stays parked: ');
  expect(replayed.out).toContain('still cannot be decoded');
  expect(replayed.code).toBe(1);
  const none = await backbone('parked', 'replay', 'ledger', 'pricing.cdrs.v1', 'default/none');
  expect(none.out).toContain('Nothing of that key is parked');
  expect(none.code).toBe(1);
  const { code, out } = await backbone('rebuild', '--verify', '--topics-only');
  expect(out).toContain(`record-unreadable`);
  expect(code).toBe(1);
});
