import type { EntitlementEvent } from '@tallywatt/contracts';
import { specification } from '@tallywatt/testing';
import {
  absentEntitlement,
  decide,
  evolve,
  type EntitlementCommand,
  type EntitlementTerms,
} from './entitlement';

const { given } = specification({ initial: absentEntitlement, decide, evolve });

const driver = { cpoId: 'north', driverRef: 'driver-1' };
const now = '2026-06-01T10:00:00.000Z';
const terms: EntitlementTerms = {
  tier: 'member',
  discountPercent: { unscaled: 10n, scale: 0 },
  validUntil: '2026-07-01T00:00:00.000Z',
};
const grant: EntitlementCommand = { type: 'GrantEntitlement', ...driver, now, terms };
const revoke: EntitlementCommand = {
  type: 'RevokeEntitlement',
  ...driver,
  now,
  reason: 'membership-ended',
};
const expireAt = (at: string): EntitlementCommand => ({
  type: 'ExpireEntitlement',
  ...driver,
  now: at,
});
const granted: EntitlementEvent = {
  type: 'EntitlementGranted',
  ...driver,
  entitlementVersion: 1n,
  ...terms,
  validFrom: now,
};
const revoked: EntitlementEvent = {
  type: 'EntitlementRevoked',
  ...driver,
  entitlementVersion: 2n,
  reason: 'membership-ended',
};
const expired: EntitlementEvent = {
  type: 'EntitlementExpired',
  ...driver,
  entitlementVersion: 2n,
  expiredAt: '2026-07-01T00:00:00.000Z',
};

describe('a driver without membership', () => {
  it('is granted one', () => given().when(grant).then(granted));
  it('has none to revoke', () => given().when(revoke).thenRefused('entitlement-unknown'));
  it('has none to expire', () =>
    given().when(expireAt(now)).thenIgnored('entitlement-not-granted'));
});

describe('a granted membership', () => {
  it('stays as it is when nothing is new', () =>
    given(granted).when(grant).thenIgnored('entitlement-unchanged'));
  it('takes 10 and 10.0 percent for the same', () =>
    given(granted)
      .when({ ...grant, terms: { ...terms, discountPercent: { unscaled: 100n, scale: 1 } } })
      .thenIgnored('entitlement-unchanged'));
  it('changes its discount', () =>
    given(granted)
      .when({ ...grant, terms: { ...terms, discountPercent: { unscaled: 15n, scale: 0 } } })
      .then({
        ...granted,
        type: 'EntitlementChanged',
        entitlementVersion: 2n,
        discountPercent: { unscaled: 15n, scale: 0 },
      }));
  it('is revoked', () => given(granted).when(revoke).then(revoked));
  it('does not expire a millisecond early', () =>
    given(granted)
      .when(expireAt('2026-06-30T23:59:59.999Z'))
      .thenIgnored('entitlement-still-valid'));
  it('expires when its term ends', () =>
    given(granted).when(expireAt('2026-07-01T00:00:00.000Z')).then(expired));
});

describe('a membership that ended', () => {
  it('expires once', () =>
    given(granted, expired)
      .when(expireAt('2026-08-01T00:00:00.000Z'))
      .thenIgnored('entitlement-not-granted'));
  it('is not prolonged by saying the lapsed terms again', () =>
    given(granted, expired).when(grant).thenIgnored('entitlement-unchanged'));
  it('is granted anew after it was revoked', () =>
    given(granted, revoked)
      .when(grant)
      .then({ ...granted, entitlementVersion: 3n }));
  it('is revoked once', () =>
    given(granted, revoked).when(revoke).thenIgnored('entitlement-already-revoked'));
  it('can be revoked after it expired', () =>
    given(granted, expired)
      .when(revoke)
      .then({ ...revoked, entitlementVersion: 3n }));
});
