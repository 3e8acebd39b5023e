import { decide, evolve, type Fleet, type FleetTerms } from './fleet';

const named = { cpoId: 'north', fleetRef: 'f-1', now: '2026-06-01T12:00:00.000Z' };
const terms: FleetTerms = { plan: 'vans', timeZone: 'Europe/Berlin' };
const registered: Fleet = { status: 'registered', revision: 1n, terms };
const closed: Fleet = { status: 'closed', revision: 2n, terms };
const register = (fleet: Fleet, changed: Partial<FleetTerms> = {}) =>
  decide({ ...named, type: 'RegisterFleet', terms: { ...terms, ...changed } }, fleet);
const close = (fleet: Fleet) => decide({ ...named, type: 'CloseFleet' }, fleet);
const after = (fleet: Fleet, decision: ReturnType<typeof decide>): Fleet =>
  decision.kind === 'accepted' ? decision.events.reduce<Fleet>(evolve, fleet) : fleet;

describe('a fleet', () => {
  it('that nobody knows is registered with its terms', () =>
    expect(register({ status: 'absent' })).toEqual({
      kind: 'accepted',
      events: [
        {
          type: 'FleetRegistered',
          cpoId: 'north',
          fleetRef: 'f-1',
          revision: 1n,
          ...terms,
          registeredAt: named.now,
        },
      ],
    }));
  it('that is registered once more says nothing new', () =>
    expect(register(registered)).toEqual({ kind: 'ignored', reason: 'fleet-unchanged' }));
  it('that gets another plan counts on', () =>
    expect(after(registered, register(registered, { plan: 'trucks' }))).toEqual({
      status: 'registered',
      revision: 2n,
      terms: { ...terms, plan: 'trucks' },
    }));
  it('that gets a fee counts on', () =>
    expect(after(registered, register(registered, { feeTariffId: 'ac' }))).toEqual({
      status: 'registered',
      revision: 2n,
      terms: { ...terms, feeTariffId: 'ac' },
    }));
  it('is closed once', () => {
    expect(after(registered, close(registered))).toEqual(closed);
    expect(close(closed)).toEqual({ kind: 'ignored', reason: 'fleet-already-closed' });
  });
  it('that is closed can be opened again', () =>
    expect(after(closed, register(closed))).toEqual({ ...registered, revision: 3n }));
  it('that nobody knows is not closed', () =>
    expect(close({ status: 'absent' })).toMatchObject({
      kind: 'refused',
      reason: 'fleet-unknown',
    }));
});
