import { derivedId, type SessionStarted, type TariffAssigned } from '@tallywatt/contracts';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startTestServers } from '@tallywatt/testing';
import { runCommandLine } from './command-line';
import { startBilledLog, type BilledLog } from './testing/billed-log';
import { cpoId, sessionOf } from './testing/billed-session';

// Sessions whose decision says which assignment chose their tariff.

const occurredAt = '2026-11-20T11:00:00.000Z';
const assigned: TariffAssigned = {
  type: 'TariffAssigned',
  cpoId,
  tariffId: 'flat',
  assignmentId: 'depots',
  revision: 2n,
  priority: 5,
  driverGroups: ['tier:retail'],
  chargePointIds: [],
  evseGroups: [],
  locationIds: [],
  siteGroups: ['depots'],
  weeklyWindows: [],
  assignedAt: '2026-11-01T00:00:00.000Z',
  assignedBy: 'operator-1',
};

let servers: LocalRuntime;
let log: BilledLog;

const audit = async (sessionId: string): Promise<string> => {
  const out: string[] = [];
  const add = (text: string): void => void out.push(text);
  await runCommandLine(['audit', 'session', sessionId], log.environment, { out: add, err: add });
  return out.join('\n');
};

/** Records a start whose tariff was chosen by a revision of the assignment. */
const start = async (name: string, tariffAssignmentRevision: bigint): Promise<string> => {
  const sessionId = derivedId('session', name);
  const { authorized, events } = sessionOf(sessionId);
  const decision = {
    ...authorized.decision,
    tariffAssignmentId: assigned.assignmentId,
    tariffAssignmentRevision,
  };
  await log.publish('authorization', [{ event: { ...authorized, decision }, occurredAt }]);
  const started: SessionStarted = { ...(events[0] as SessionStarted), decision };
  await log.publish('ocpp-gateway', [{ event: started, occurredAt }]);
  return sessionId;
};

beforeAll(async () => {
  servers = await startTestServers();
  log = await startBilledLog(servers);
  await log.publish('pricing-engine', [
    { event: { ...assigned, revision: 1n, priority: 0 }, occurredAt },
    { event: assigned, occurredAt },
    { event: { ...assigned, assignmentId: 'other', revision: 3n }, occurredAt },
  ]);
});

afterAll(async () => {
  await log?.stop();
  await servers?.stop();
});

it('is shown with the revision that chose the tariff, and no other', async () => {
  const out = await audit(await start('assigned', 2n));
  expect(out).toContain(
    'depots revision 2: flat for tier:retail, depots, priority 5, by operator-1',
  );
  expect(out).not.toContain('revision 1');
  expect(out).not.toContain('revision 3');
  expect(out).not.toContain('broken at tariff');
});

it('is missed where no record says it', async () => {
  const out = await audit(await start('invented', 3n));
  expect(out).toContain('broken at tariff');
  expect(out).toContain('no record assigns flat by assignment depots revision 3');
});
