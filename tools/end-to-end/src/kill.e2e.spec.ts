import type { SessionCharged } from '@tallywatt/charge-point-simulator';
import { serviceNames, until, type ServiceName } from '@tallywatt/demonstration';
import { disagreements, flatPriceMinor } from './agreement';
import { observe, type SeenSession } from './observation';
import { passDays } from './processor';
import { rebuildCdrs, rebuildJournal, rebuildSubjects } from './rebuilding';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';
import { startTraffic, type Traffic } from './traffic';
import { isPaid, isReconciled, untilSubjects } from './waiting';

const chargerIds = ['KILL-1', 'KILL-2', 'KILL-3', 'KILL-4', 'KILL-5', 'KILL-6'];
const downMs = 1_500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let tested: TestSystem | undefined;
let traffic: Traffic | undefined;
/** Sessions that were running when a service was killed. */
const interrupted = new Set<string>();

const underTest = (): TestSystem => {
  if (tested === undefined) throw new Error('the system is not running');
  return tested;
};
const logged = <Arguments extends readonly unknown[]>(
  test: (...given: Arguments) => Promise<void>,
) => withLogs(() => [tested], test);

beforeAll(async () => {
  tested = await startTestSystem('kill');
  traffic = await startTraffic(tested.system, tested.api, chargerIds);
});

afterAll(async () => {
  await traffic?.abandon();
  if (tested !== undefined) await endTestSystem(tested);
});

describe('kill -9 in the middle of running sessions', () => {
  it.each(serviceNames)(
    'of %s is survived',
    logged(async (name: ServiceName) => {
      const { system, api } = underTest();
      // What was waiting for the service that died before is under way again after a while.
      await pause(1_000);
      const active = await until(
        'some sessions run',
        async () => {
          const running = await api.list<SeenSession>('ocppGateway', '/v1/sessions?status=active');
          return running.length >= 3 ? running : undefined;
        },
        120_000,
      );
      for (const { id } of active) interrupted.add(id);
      const service = system.services[name];
      const { pid } = service;
      await service.kill();
      await pause(downMs);
      await service.start();
      expect(service.pid).not.toBe(pid);
    }),
  );
});

describe('after all of it', () => {
  let charged: readonly SessionCharged[] = [];

  it(
    'the chargers have their answers',
    logged(async () => {
      charged = (await traffic?.finish()) ?? [];
      expect(charged.length).toBeGreaterThanOrEqual(2 * chargerIds.length);
      for (const { energyWh, meterStartWh, meterStopWh } of charged) {
        expect(meterStopWh - meterStartWh).toBe(energyWh);
      }
    }),
  );

  it(
    'each session is billed once for its energy, and all books agree',
    logged(async () => {
      const { system, api } = underTest();
      const { length } = charged;
      await untilSubjects(api, length, isPaid, 'all sessions are paid');
      await passDays(system, 6);
      await untilSubjects(api, length, isReconciled, 'all sessions are reconciled');
      const seen = await observe(system, api);
      const rules = { currency: 'EUR', priceMinor: flatPriceMinor };
      expect(disagreements(charged, seen, rules)).toEqual([]);
      const known = new Set(seen.subjects.map(({ sessionId }) => sessionId));
      expect(interrupted.size).toBeGreaterThanOrEqual(3);
      expect([...interrupted].filter((id) => !known.has(id))).toEqual([]);
    }),
  );

  it(
    'the log alone gives the journal back, entry by entry',
    logged(async () => {
      const { recorded, rebuilt } = await rebuildJournal(underTest().system);
      // A CDR, a capture and a settlement of each session, and at least one payout.
      expect(recorded.length).toBeGreaterThan(3 * charged.length);
      expect(rebuilt).toEqual(recorded);
    }),
  );

  it(
    'the log alone gives the CDRs back, hash by hash, and nothing is published again',
    logged(async () => {
      const { cdrs, events, computedDifferently } = await rebuildCdrs(underTest().system);
      expect(cdrs.recorded).toHaveLength(charged.length);
      expect(cdrs.rebuilt).toEqual(cdrs.recorded);
      expect(events.rebuilt).toEqual(events.recorded);
      expect(computedDifferently).toBe('0');
    }),
  );

  it(
    'the log alone gives back what reconciliation says of each session',
    logged(async () => {
      const { subjects, events } = await rebuildSubjects(underTest().system);
      expect(subjects.recorded).toHaveLength(charged.length);
      expect(subjects.rebuilt).toEqual(subjects.recorded);
      expect(events.rebuilt).toEqual(events.recorded);
    }),
  );
});
