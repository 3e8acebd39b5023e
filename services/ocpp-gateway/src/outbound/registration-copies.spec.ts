import type { ChargePoint } from './charge-point-registry';
import { RegistrationCopies } from './registration-copies';
import type { Connection } from './station-store';

const times = { freshMs: 10_000, lifetimeMs: 3_600_000 };
const connectionOf = (chargePointId: string): Connection => ({
  cpoId: 'north',
  chargePointId,
  connectionId: `connection of ${chargePointId}`,
  connectedAt: '2026-06-01T12:00:00.000Z',
  ocppVersion: '1.6',
  securityProfile: 1,
});
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A registry whose rows a test changes, and that can be away. */
const registry = () => {
  const state = { tariffId: 'T-1', isAway: false, isEmpty: false, reads: [] as string[][] };
  const copies = new RegistrationCopies(async (stations) => {
    state.reads.push(stations.map(({ chargePointId }) => chargePointId));
    await Promise.resolve();
    if (state.isAway) throw new Error('the database is away');
    return state.isEmpty
      ? []
      : stations.map(
          ({ cpoId, chargePointId: id }) =>
            ({ cpoId, id, tariffId: state.tariffId }) as ChargePoint,
        );
  }, times);
  const tariffAt = async (connection: Connection, nowMs: number) =>
    (await copies.of(connection, nowMs))?.tariffId;
  return { state, copies, tariffAt };
};

describe('the registration kept with a connection', () => {
  it('is read when the charger connects, and a swipe then reads nothing', async () => {
    const { state, copies, tariffAt } = registry();
    const connection = connectionOf('CP-1');
    copies.prepare(connection);
    await turns();
    expect(await tariffAt(connection, Date.now())).toBe('T-1');
    expect(state.reads).toEqual([['CP-1']]);
  });

  it('is read for chargers that connect together in one query', async () => {
    const { state, copies } = registry();
    for (const id of ['CP-1', 'CP-2', 'CP-3']) copies.prepare(connectionOf(id));
    await turns();
    expect(state.reads).toEqual([['CP-1', 'CP-2', 'CP-3']]);
  });

  it('answers as it was when it is old, and is read again behind that answer', async () => {
    const { state, tariffAt } = registry();
    const connection = connectionOf('CP-1');
    await tariffAt(connection, Date.now());
    state.tariffId = 'T-2';
    const later = Date.now() + 11_000;
    expect(await tariffAt(connection, later)).toBe('T-1');
    await turns();
    expect(await tariffAt(connection, later)).toBe('T-2');
  });

  it('answers while the database is away, up to its lifetime', async () => {
    const { state, tariffAt } = registry();
    const connection = connectionOf('CP-1');
    await tariffAt(connection, Date.now());
    state.isAway = true;
    expect(await tariffAt(connection, Date.now() + 3_000_000)).toBe('T-1');
    await turns();
    await expect(tariffAt(connection, Date.now() + 4_000_000)).rejects.toThrow('away');
    state.isAway = false;
    expect(await tariffAt(connection, Date.now() + 4_000_000)).toBe('T-1');
  });

  it('asks a database that is away no more than every two seconds', async () => {
    const { state, tariffAt } = registry();
    const connection = connectionOf('CP-1');
    await tariffAt(connection, Date.now());
    state.isAway = true;
    const later = Date.now() + 20_000;
    for (const afterMs of [0, 500, 1_500, 2_500]) {
      await tariffAt(connection, later + afterMs);
      await turns();
    }
    expect(state.reads).toHaveLength(3);
  });

  it('is gone when the charge point is', async () => {
    const { state, tariffAt } = registry();
    const connection = connectionOf('CP-1');
    await tariffAt(connection, Date.now());
    state.isEmpty = true;
    await tariffAt(connection, Date.now() + 20_000);
    await turns();
    expect(await tariffAt(connection, Date.now() + 20_000)).toBeUndefined();
  });
});
