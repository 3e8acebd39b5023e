import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { derivedId, type SessionEvent } from '@tallywatt/contracts';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startTestServers } from '@tallywatt/testing';
import { runCommandLine, type ExitCode } from './command-line';
import { startBilledLog, type BilledLog } from './testing/billed-log';
import { cpoId } from './testing/billed-session';
import { cdrsOf, storyOf, tariffJson, type StoryChanges } from './testing/what-if-story';

const directory = mkdtempSync(join(tmpdir(), 'backbone-'));
const fileOf = (name: string, content: string): string => {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
};
const dearer = fileOf('dearer.json', tariffJson([{ type: 'ENERGY', price: 0.5 }]));
const occurredAt = '2026-11-20T11:00:00.000Z';
const idOf = (name: string): string => derivedId('session', name);

let servers: LocalRuntime;
let log: BilledLog;

const backbone = async (...words: string[]): Promise<{ code: ExitCode; out: string }> => {
  const out: string[] = [];
  const add = (text: string): void => void out.push(text);
  const code = await runCommandLine(words, log.environment, { out: add, err: add });
  return { code, out: out.join('\n') };
};

type Told = Readonly<{
  sessions: number;
  rows: readonly Readonly<Record<string, string | number>>[];
  notPriced: readonly Readonly<{ sessionId: string; reason: string }>[];
  withheld: readonly Readonly<{ sessionId: string; reason: string }>[];
  unreadable: readonly string[];
}>;

const whatIf = async (...words: string[]): Promise<{ code: ExitCode; told: Told }> => {
  const { code, out } = await backbone('what-if', '--format', 'json', ...words);
  if (code > 1) throw new Error(out);
  return { code, told: JSON.parse(out) as Told };
};

const row = (changes: Readonly<Record<string, string | number>>) => ({
  locationId: 'LOC-1',
  day: '2026-11-20',
  currency: 'EUR',
  sessions: 0,
  energyMilliWh: '0',
  revenueThenMinor: '0',
  revenueNowMinor: '0',
  differenceMinor: '0',
  notPriced: 0,
  notPricedThenMinor: '0',
  withheld: 0,
  notBilled: 0,
  ...changes,
});

const publish = async (name: string, changes: StoryChanges, length?: number): Promise<void> => {
  const story = storyOf(idOf(name), changes).slice(0, length);
  const placed = (events: readonly (typeof story)[number][]) =>
    events.map((event) => ({ event, occurredAt }));
  await log.publish('ocpp-gateway', placed(story));
  const cdrs = cdrsOf(story).map((event) => ({ event, occurredAt }));
  if (cdrs.length > 0) await log.publish('pricing-engine', cdrs);
};

const inKathmandu = {
  location: {
    locationId: 'LOC-2',
    timeZone: 'Asia/Kathmandu',
    currency: 'EUR',
    taxRatePercent: { unscaled: 19n, scale: 0 },
  },
  // 00:15 of the 21st there.
  startedAt: '2026-11-20T18:30:00.000Z',
};
const corrected: SessionEvent = {
  type: 'StopCorrected',
  cpoId,
  sessionId: idOf('corrected'),
  stoppedAt: '2026-11-20T11:00:00.000Z',
  meterStopMilliWh: 9_000_000n,
  correctedBy: 'operator',
  reason: 'read at the meter',
};
const quarantined: SessionEvent = {
  type: 'SessionQuarantined',
  cpoId,
  sessionId: idOf('doubted'),
  reason: 'meter-implausible',
  detail: 'the meter jumped',
};

beforeAll(async () => {
  servers = await startTestServers();
  log = await startBilledLog(servers);
  await log.bill(idOf('1'));
  await log.bill(idOf('2'));
  await publish('corrected', { afterClose: [corrected] });
  await publish('doubted', { beforeClose: [quarantined] });
  await publish('running', { started: inKathmandu }, 2);
  // A record that a producer sent twice is one fact.
  const [again] = storyOf(idOf('1')).slice(1);
  if (again !== undefined) await log.forge({ event: again, sequence: 2n });
});

afterAll(async () => {
  await log?.stop();
  await servers?.stop();
  rmSync(directory, { recursive: true });
});

describe('past sessions under another tariff', () => {
  it('brought in 12.60 of 28 kWh, and bring in 14.00: only CDRs that stand count', async () => {
    const before = await backbone('topics', '--json');
    const { code, told } = await whatIf('--tariff', dearer);
    expect(told.rows).toEqual([
      row({
        sessions: 3,
        energyMilliWh: '28000000',
        revenueThenMinor: '1260',
        revenueNowMinor: '1400',
        differenceMinor: '140',
        withheld: 1,
      }),
      row({ locationId: 'LOC-2', day: '2026-11-21', notBilled: 1 }),
    ]);
    expect(told.withheld).toEqual([
      expect.objectContaining({ sessionId: idOf('doubted'), reason: 'meter-implausible' }),
    ]);
    expect([code, told.notPriced, told.unreadable]).toEqual([0, [], []]);
    // Not a record was written: every topic ends where it did.
    expect(await backbone('topics', '--json')).toEqual(before);
  });

  it('are those of the range, the location and the replaced tariff', async () => {
    const asked = async (...words: string[]): Promise<number> =>
      (await whatIf('--tariff', dearer, ...words)).told.sessions;
    expect(await asked('--from', '2026-11-21')).toBe(1);
    expect(await asked('--to', '2026-11-21', '--replaces', 'flat')).toBe(4);
    expect(await asked('--location', 'LOC-2')).toBe(1);
    expect(await asked('--from', '2026-11-22')).toBe(0);
    const unknown = await backbone('what-if', '--tariff', dearer, '--replaces', 'nothing');
    expect(unknown.out).toContain('no tariff nothing of default was ever published');
    expect(unknown.code).toBe(2);
  });

  it('that it cannot price are named, and in neither sum', async () => {
    const dollars = fileOf('usd.json', tariffJson([{ type: 'ENERGY', price: 0.5 }], 'USD'));
    const { code, told } = await whatIf('--tariff', dollars, '--location', 'LOC-1');
    expect(code).toBe(1);
    expect(told.rows).toEqual([row({ notPriced: 3, notPricedThenMinor: '1260', withheld: 1 })]);
    expect(new Set(told.notPriced.map(({ reason }) => reason))).toEqual(
      new Set(['currency-mismatch']),
    );
  });

  it('are printed for people and for spreadsheets', async () => {
    const table = await backbone('what-if', '--tariff', dearer);
    expect(table.out).toMatch(/^LOC-1 +2026-11-20 +3 +28 +12\.60 +14\.00 +\+1\.40 +EUR/m);
    expect(table.out).toMatch(/5 sessions asked; \d+\.\d s; nothing was written/);
    const csv = await backbone('what-if', '--tariff', dearer, '--format', 'csv');
    expect(csv.out).toContain('LOC-1,2026-11-20,EUR,3,28.000000,12.60,14.00,1.40,0,0.00,1,0\r\n');
  });

  it('of which a record cannot be read are named, whether or not they are of the range', async () => {
    const [event] = storyOf(idOf('torn'));
    if (event === undefined) throw new Error('a story has a start');
    await log.forge({ event, sequence: 1n, value: '{}' });
    const [, late] = storyOf(idOf('2'));
    if (late === undefined) throw new Error('a story has readings');
    await log.forge({ event: late, sequence: 5n, value: '{}' });
    const { code, told } = await whatIf('--tariff', dearer);
    expect(code).toBe(1);
    expect(told.unreadable).toEqual([expect.stringContaining('is not the hash of the value')]);
    expect(told.notPriced).toEqual([
      expect.objectContaining({ sessionId: idOf('2'), reason: 'log-unsound' }),
    ]);
    expect(told.rows[0]).toMatchObject({ revenueThenMinor: '810', notPricedThenMinor: '450' });
  });
});
