import type { EntitlementEvent } from '@tallywatt/contracts';
import { EntitlementCache } from './entitlement-cache';

const granted: EntitlementEvent = {
  type: 'EntitlementGranted',
  cpoId: 'north',
  driverRef: 'driver-1',
  entitlementVersion: 1n,
  tier: 'member',
  discountPercent: { unscaled: 10n, scale: 0 },
  validFrom: '2026-06-01T10:00:00.000Z',
};
const revoked: EntitlementEvent = {
  type: 'EntitlementRevoked',
  cpoId: 'north',
  driverRef: 'driver-1',
  entitlementVersion: 2n,
  reason: 'revoked-by-operator',
};
const source = (id: string) => ({ id, recordedAt: '2026-06-01T10:00:00.500Z' });

describe('the entitlement cache', () => {
  it('names the event each membership rests on', () => {
    const cache = new EntitlementCache();
    cache.apply(granted, source('event-1'));
    expect(cache.find('north', 'driver-1')).toMatchObject({
      entitlement: { status: 'granted', version: 1n, terms: { tier: 'member' } },
      sourceEventId: 'event-1',
      recordedAt: '2026-06-01T10:00:00.500Z',
    });
  });

  it('does not let an old version undo a newer one', () => {
    const cache = new EntitlementCache();
    cache.apply(granted, source('event-1'));
    cache.apply(revoked, source('event-2'));
    cache.apply(granted, source('event-1'));
    expect(cache.find('north', 'driver-1')?.entitlement).toEqual({
      status: 'revoked',
      version: 2n,
    });
  });

  it('does not mix tenants', () => {
    const cache = new EntitlementCache();
    cache.apply(granted, source('event-1'));
    expect(cache.find('south', 'driver-1')).toBeUndefined();
  });

  it('ages from the last moment at which it was complete', () => {
    const cache = new EntitlementCache();
    cache.complete(10_000);
    expect(cache.ageMs(10_040)).toBe(40);
    cache.complete(10_050);
    expect(cache.ageMs(10_050)).toBe(0);
  });

  it('lets a caller wait for a version, and gives up after the time', async () => {
    const cache = new EntitlementCache();
    const waiting = cache.reached('north', 'driver-1', 2n, 5_000);
    cache.apply(granted, source('event-1'));
    cache.apply(revoked, source('event-2'));
    await expect(waiting).resolves.toBe(true);
    await expect(cache.reached('north', 'driver-1', 1n, 0)).resolves.toBe(true);
    await expect(cache.reached('north', 'driver-1', 3n, 10)).resolves.toBe(false);
  });
});
