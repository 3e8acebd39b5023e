import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  derivedId,
  type ChargePointRegistered,
  type SessionEvent,
  type SessionStarted,
} from '@tallywatt/contracts';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startTestServers } from '@tallywatt/testing';
import { runCommandLine, type ExitCode } from './command-line';
import { startBilledLog, type BilledLog } from './testing/billed-log';
import { cpoId } from './testing/billed-session';
import { cdrsOf, startOf, storyOf } from './testing/what-if-story';

const directory = mkdtempSync(join(tmpdir(), 'backbone-'));
const fileOf = (name: string, content: object): string => {
  const file = join(directory, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
};
/** 0.45 a kWh is the base: one vehicle at four connectors makes it 0.54. */
const rule = {
  tariffId: 'flat',
  baseVersion: 1,
  locationIds: ['LOC-1'],
  steps: [
    {
      utilisationPercent: { from: 25 },
      adjustments: [{ dimension: 'ENERGY', percent: 20 }],
    },
  ],
  bounds: [{ dimension: 'ENERGY', lowest: 0.4, highest: 0.6 }],
  dwellMinutes: 15,
};
const ruleFile = fileOf('rule.json', rule);

let servers: LocalRuntime;
let log: BilledLog;

const backbone = async (...words: string[]): Promise<{ code: ExitCode; out: string }> => {
  const out: string[] = [];
  const add = (text: string): void => void out.push(text);
  const code = await runCommandLine(words, log.environment, { out: add, err: add });
  return { code, out: out.join('\n') };
};
const range = ['--from', '2026-11-20T08:00:00Z', '--to', '2026-11-20T14:00:00+01:00'];
const dryRun = (file: string, ...words: string[]) =>
  backbone('pricing-rule', 'dry-run', '--rule', file, ...range, ...words);

const afterSeconds = (instant: string, seconds: number): string =>
  new Date(Date.parse(instant) + seconds * 1_000).toISOString();
const instantOf = (event: SessionEvent): string => {
  switch (event.type) {
    case 'SessionStarted':
      return event.startedAt;
    case 'SessionClosed':
      return event.closedAt;
    case 'SessionStopped':
      return event.stoppedAt;
    default:
      return '2026-11-20T10:30:00.000Z';
  }
};

/** A session as it was told, two seconds after each of its facts, and its CDR. */
const publish = async (
  name: string,
  changes: Partial<SessionStarted>,
  decidedAt = changes.startedAt ?? '2026-11-20T10:00:00.000Z',
): Promise<void> => {
  const { decision } = startOf(storyOf(derivedId('session', name)));
  const started = { ...changes, decision: { ...decision, decidedAt } };
  const story = storyOf(derivedId('session', name), { started });
  for (const event of story) {
    const occurredAt = instantOf(event);
    await log.publish('ocpp-gateway', [{ event, occurredAt }], afterSeconds(occurredAt, 2));
  }
  const occurredAt = '2026-11-20T11:00:00.000Z';
  await log.publish(
    'pricing-engine',
    cdrsOf(story).map((event) => ({ event, occurredAt })),
  );
};

const { location } = startOf(storyOf('any'));
const chargePoint: ChargePointRegistered = {
  type: 'ChargePointRegistered',
  cpoId,
  chargePointId: 'CP-1',
  location,
  tariffId: 'flat',
  connectors: [1, 2, 3, 4].map((connectorId) => ({
    connectorId,
    powerWMax: 22_000n,
    evseGroups: [],
  })),
  securityProfile: 1,
};

beforeAll(async () => {
  servers = await startTestServers();
  log = await startBilledLog(servers);
  const occurredAt = '2026-11-20T09:00:00.000Z';
  await log.publish('ocpp-gateway', [{ event: chargePoint, occurredAt }], occurredAt);
  await publish('first', { connectorId: 1 });
  await publish('second', { connectorId: 2, startedAt: '2026-11-20T10:10:00.000Z' });
  // Elsewhere, and of the same tariff.
  await publish('far', {
    chargePointId: 'CP-9',
    startedAt: '2026-11-20T10:20:00.000Z',
    location: { ...location, locationId: 'LOC-2' },
  });
  // Begun offline, before there was a version of the rule, and decided after.
  await publish(
    'offline',
    {
      chargePointId: 'CP-9',
      startedAt: '2026-11-20T08:30:00.000Z',
      location: { ...location, locationId: 'LOC-2' },
    },
    '2026-11-20T09:30:00.000Z',
  );
  await publish('too early', { connectorId: 3, startedAt: '2026-11-20T07:59:59.000Z' });
});

afterAll(async () => {
  await log?.stop();
  await servers?.stop();
  rmSync(directory, { recursive: true });
});

describe('a pricing rule tried on past days', () => {
  it('publishes what it would have, and prices each session by its decision', async () => {
    const before = await backbone('topics', '--json');
    const { code, out } = await dryRun(ruleFile, '--format', 'json');
    const told = JSON.parse(out) as { versions: object[]; rows: object[] };
    // The early one is in session from 08:00 on, but nobody knows of its connector before 09:00.
    expect(told).toMatchObject({
      minutesUnknown: { 'location-without-connectors': 60 },
      versions: [
        {
          publishedAt: '2026-11-20T09:00:00.000Z',
          localDate: '2026-11-20',
          localTime: '10:00:00',
          adjustedBy: {
            stepIndex: 0,
            baseVersion: '1',
            observation: { connectors: 4, connectorsInSession: 1, sessionsStartedInHour: 0 },
          },
          tariff: { elements: [{ price_components: [{ price: 0.54 }] }] },
        },
        {
          publishedAt: '2026-11-20T11:01:00.000Z',
          tariff: { elements: [{ price_components: [{ price: 0.45 }] }] },
        },
      ],
    });
    expect(told.rows).toMatchObject([
      { locationId: 'LOC-1', day: '2026-11-20', sessions: 2, revenueThenMinor: '900' },
      { locationId: 'LOC-2', sessions: 2, revenueThenMinor: '900', revenueNowMinor: '1080' },
    ]);
    expect(told.rows[0]).toMatchObject({ revenueNowMinor: '1080', differenceMinor: '180' });
    expect(code).toBe(0);
    // Not a record was written: every topic ends where it did.
    expect(await backbone('topics', '--json')).toEqual(before);
  });

  it('knows no more than was known, and leaves a running session its price', async () => {
    const high = fileOf('high.json', {
      ...rule,
      steps: [{ ...rule.steps[0], utilisationPercent: { from: 50 } }],
    });
    // The second of the day, at 10:00, makes it 50 %: it began at 0.45, and the next pays 0.54.
    const { out } = await dryRun(high);
    expect(out).toMatch(
      /2026-11-20 +11:01:00 +ENERGY 0\.54 +0 +2 of 4 in session \(50 %\), 1 starts/,
    );
    expect(out).toMatch(/^LOC-1 +2026-11-20 +2 +20 +9\.00 +9\.90 +\+0\.90 +EUR/m);
    expect(out).toContain('demand is what it was');
    const csv = await dryRun(high, '--format', 'csv');
    expect(csv.out).toContain('LOC-1,2026-11-20,EUR,2,20.000000,9.00,9.90,0.90,0,0.00,0,0\r\n');
  });

  it('is refused with its faults, and without a base that a person published', async () => {
    const faulty = await dryRun(fileOf('faulty.json', { ...rule, dwellMinutes: 1 }));
    expect(faulty).toEqual({
      code: 1,
      out: expect.stringContaining('$.dwellMinutes: expected 5 to 1440 minutes'),
    });
    const narrow = { ...rule, bounds: [{ dimension: 'ENERGY', lowest: 0.46, highest: 0.6 }] };
    expect((await dryRun(fileOf('narrow.json', narrow))).out).toContain('below the lowest allowed');
    const absent = await dryRun(fileOf('absent.json', { ...rule, baseVersion: 2 }));
    expect(absent.code).toBe(2);
    expect(absent.out).toContain('no record publishes version 2 of tariff flat');
    const noRange = await backbone('pricing-rule', 'dry-run', '--rule', ruleFile, '--from', 'May');
    expect(noRange.code).toBe(2);
  });
});
