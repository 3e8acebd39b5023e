import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { derivedId, type AllowanceDrawn, type CdrIssued } from '@tallywatt/contracts';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startTestServers } from '@tallywatt/testing';
import { runCommandLine, type ExitCode } from './command-line';
import type { Finding } from './finding';
import { startBilledLog, type BilledLog } from './testing/billed-log';
import { cpoId, sessionOf, tariffPublished } from './testing/billed-session';

// Three sessions of 10 kWh at 0.45, whose driver has 15 kWh a month.

const kWh = 1_000_000n;
const includedEnergy = { subjectRef: 'driver-1', monthlyMilliWh: 15n * kWh };
const [first, second, third] = ['a', 'b', 'c'].map((name) => derivedId('session', name)) as [
  string,
  string,
  string,
];
const directory = mkdtempSync(join(tmpdir(), 'backbone-'));

let servers: LocalRuntime;
let log: BilledLog;
const cdrs: CdrIssued[] = [];

const backbone = async (...words: string[]): Promise<{ code: ExitCode; out: string }> => {
  const out: string[] = [];
  const add = (text: string): void => void out.push(text);
  const code = await runCommandLine(words, log.environment, { out: add, err: add });
  return { code, out: out.join('\n') };
};
const findings = async (...words: string[]): Promise<readonly Finding[]> => {
  const { code, out } = await backbone(
    ...['rebuild', '--verify', '--json', '--settle-seconds', '0', ...words],
  );
  if (code > 1) throw new Error(out);
  return (JSON.parse(out) as { findings: readonly Finding[] }).findings;
};

beforeAll(async () => {
  servers = await startTestServers();
  log = await startBilledLog(servers);
  for (const session of [first, second, third]) cdrs.push(await log.bill(session, includedEnergy));
});

afterAll(async () => {
  await log?.stop();
  await servers?.stop();
  rmSync(directory, { recursive: true });
});

it('is derived again with what every session drew', async () => {
  // 10, 5 and no kWh are included: 0.00, 2.25 and 4.50
  expect(cdrs.map(({ totalExclTaxMinor }) => totalExclTaxMinor)).toEqual([0n, 225n, 450n]);
  expect(await findings()).toEqual([]);
});

it('is proven hop by hop, the allowance among them', async () => {
  const { code, out } = await backbone('audit', 'session', second);
  expect(out).toContain('AllowanceDrawn  2026-11, 5.000000 kWh of 10.000000 kWh are included');
  expect(out).toContain('every one derived again');
  expect(code).toBe(0);
});

it('stays drawn under another tariff', async () => {
  const same = join(directory, 'same.json');
  writeFileSync(same, tariffPublished.ocpiTariffJson);
  const { code, out } = await backbone('what-if', '--format', 'json', '--tariff', same);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    sessions: 3,
    notPriced: [],
    rows: [{ revenueThenMinor: '675', revenueNowMinor: '675', differenceMinor: '0' }],
  });
});

it('is missed where nobody has drawn, and CDRs are not derived without', async () => {
  const session = derivedId('session', 'undrawn');
  const occurredAt = '2026-11-20T11:00:00.000Z';
  const { authorized, events } = sessionOf(session, includedEnergy);
  await log.publish('authorization', [{ event: authorized, occurredAt }]);
  await log.publish(
    'ocpp-gateway',
    events.map((event) => ({ event, occurredAt })),
  );
  expect(await findings('--topics-only')).toEqual([
    expect.objectContaining({ kind: 'draw-missing', subject: `${cpoId}/${session}` }),
  ]);
  const { code, out } = await backbone('audit', 'session', session);
  expect(code).toBe(1);
  expect(out).toContain('broken at allowance');
});

it('is found where more was drawn than the month had left', async () => {
  const session = derivedId('session', 'undrawn');
  const forged: AllowanceDrawn = {
    type: 'AllowanceDrawn',
    cpoId,
    subjectRef: includedEnergy.subjectRef,
    period: '2026-11',
    sessionId: session,
    energyRevision: 1,
    sessionEnergyMilliWh: 10n * kWh,
    drawnMilliWh: 10n * kWh,
    sessionDrawnMilliWh: 10n * kWh,
    monthlyMilliWh: 15n * kWh,
    leftMilliWh: 0n,
  };
  await log.publish('authorization', [{ event: forged, occurredAt: '2026-11-20T11:00:00.000Z' }]);
  expect(await findings('--topics-only')).toContainEqual(
    expect.objectContaining({
      kind: 'draw-differs',
      detail: expect.stringContaining('drawnMilliWh: recorded "10000000", derived "0"'),
    }),
  );
  const { out } = await backbone('audit', 'session', session);
  expect(out).toContain('broken at allowance');
});
