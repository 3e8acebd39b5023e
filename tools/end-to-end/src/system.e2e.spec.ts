import type { SessionCharged } from '@tallywatt/charge-point-simulator';
import { serviceNames, type ServiceName } from '@tallywatt/demonstration';
import { disagreements, flatPriceMinor } from './agreement';
import { observe } from './observation';
import { passDays } from './processor';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';
import { startTraffic, type Traffic } from './traffic';
import { isPaid, isReconciled, untilSubjects } from './waiting';

const rules = { currency: 'EUR', priceMinor: flatPriceMinor };
/** What Kubernetes gives a service after SIGTERM before it kills it. */
const stopLimitMs = 25_000;

type Side = TestSystem & Readonly<{ traffic: Traffic }>;
const systems: TestSystem[] = [];
const sides: Side[] = [];

const logged = <Arguments extends readonly unknown[]>(
  test: (...given: Arguments) => Promise<void>,
) => withLogs(() => systems, test);

const startSide = async (name: string): Promise<void> => {
  const side = await startTestSystem(name);
  systems.push(side);
  // The same names on both sides: nothing but the servers tells them apart.
  const traffic = await startTraffic(side.system, side.api, ['SAME-1', 'SAME-2']);
  sides.push({ ...side, traffic });
};

const sideAt = (place: number): Side => {
  const side = sides[place];
  if (side === undefined) throw new Error(`system ${place + 1} is not running`);
  return side;
};

beforeAll(async () => {
  await startSide('left');
  await startSide('right');
});

afterAll(async () => {
  await Promise.all(sides.map(({ traffic }) => traffic.abandon()));
  await Promise.all(systems.map(endTestSystem));
});

describe('SIGTERM while sessions run', () => {
  it.each(serviceNames)(
    'ends %s with exit code 0 in time, and it comes back',
    logged(async (name: ServiceName) => {
      const { system } = sideAt(0);
      const service = system.services[name];
      const startedMs = performance.now();
      const exit = await service.stop();
      expect(exit).toEqual({ code: 0, signal: null });
      expect(performance.now() - startedMs).toBeLessThan(stopLimitMs);
      await service.start();
    }),
  );
});

describe('two systems side by side', () => {
  it.each([
    ['the one that was disturbed', 0],
    ['the other one', 1],
  ])(
    '%s has lost nothing, and has nothing of its neighbour',
    logged(async (_: string, place: number) => {
      const { system, api, traffic } = sideAt(place);
      const charged: readonly SessionCharged[] = await traffic.finish();
      expect(charged.length).toBeGreaterThanOrEqual(2);
      await untilSubjects(api, charged.length, isPaid, 'all sessions are paid');
      await passDays(system, 6);
      await untilSubjects(api, charged.length, isReconciled, 'all sessions are reconciled');
      expect(disagreements(charged, await observe(system, api), rules)).toEqual([]);
    }),
  );
});
