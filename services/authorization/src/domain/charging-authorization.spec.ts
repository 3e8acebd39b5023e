import type { ChargingDecision } from '@tallywatt/contracts';
import { instantFromEpochMs } from '@tallywatt/time';
import type { TariffAssignment, TariffOffer } from '@tallywatt/tariffs';
import fc from 'fast-check';
import {
  authorize,
  isAccepted,
  type AuthorizationPolicy,
  type Known,
} from './charging-authorization';
import type { Entitlement } from './entitlement';
import type { IssuedToken } from './token';

const at = '2026-06-01T12:00:00.000Z';
const policy: AuthorizationPolicy = {
  holdMajorUnits: { unscaled: 50n, scale: 0 },
  allowWithoutPaymentMethod: true,
};
const moment = {
  decisionId: 'decision-1',
  decidedAt: '2026-06-01T12:00:00.050Z',
  entitlementAgeMs: 40n,
};
const tariff = {
  tariffId: 'standard',
  version: 2n,
  contentHash: 'a'.repeat(64),
  billsParkingTime: true,
};
const withCard: IssuedToken = {
  status: 'valid',
  facts: {
    tokenType: 'RFID',
    driverRef: 'driver-1',
    groupRef: 'group-1',
    paymentMethodId: 'pm_card_visa',
  },
};
const member: Entitlement = {
  status: 'granted',
  version: 3n,
  terms: {
    tier: 'member',
    discountPercent: { unscaled: 10n, scale: 0 },
    validUntil: '2026-07-01T00:00:00.000Z',
  },
};
const none: Entitlement = { status: 'absent' };

const place = { chargePointId: 'CP-1', siteGroups: [], evseGroups: [] };
const offer = (assignments: TariffOffer['assignments'] = []): TariffOffer => ({
  assignments,
  chargePointTariffId: 'standard',
  versionsOf: (tariffId) => ({
    versions: [{ reference: { ...tariff, tariffId }, currency: 'EUR' }],
  }),
});

const assignedTo = (driverGroup: string, tariffId: string): TariffAssignment => ({
  assignmentId: `for-${driverGroup}`,
  tariffId,
  revision: 7n,
  priority: 0,
  driverGroups: [driverGroup],
  chargePointIds: [],
  evseGroups: [],
  locationIds: [],
  siteGroups: [],
  weeklyWindows: [],
  assignedAt: at,
});

const when = (
  known: Partial<Known>,
  request: { at?: string; currency?: string } = {},
  changed: Partial<AuthorizationPolicy> = {},
): ChargingDecision =>
  authorize(
    { tokenRef: 'token-1', at, currency: 'EUR', place, ...request },
    { token: withCard, entitlement: none, tariffs: offer(), ...known },
    { ...policy, ...changed },
    moment,
  );

describe('an unknown token', () => {
  it('is Invalid, and the decision names its reference and nothing else of it', () => {
    expect(when({ token: { status: 'absent' } })).toEqual({
      decisionId: 'decision-1',
      status: 'Invalid',
      tokenRef: 'token-1',
      tier: 'retail',
      paymentRoute: 'none',
      tariff,
      rule: 'token-unknown',
      decidedAt: moment.decidedAt,
    });
  });
});

describe('a blocked token', () => {
  it('is Blocked, even for a member with a card', () => {
    const decision = when({ token: { ...withCard, status: 'blocked' }, entitlement: member });
    expect(decision).toMatchObject({ status: 'Blocked', rule: 'token-blocked', tier: 'retail' });
    expect(decision).not.toHaveProperty('hold');
    expect(isAccepted(decision)).toBe(false);
  });
});

describe('a token with an expiry', () => {
  const expiring = (expiresAt: string): IssuedToken => ({
    ...withCard,
    facts: { ...withCard.facts, expiresAt },
  });

  it('is Expired from that instant on', () => {
    expect(when({ token: expiring(at) })).toMatchObject({
      status: 'Expired',
      rule: 'token-expired',
    });
  });

  it('is Accepted a millisecond before', () => {
    expect(when({ token: expiring('2026-06-01T12:00:00.001Z') }).status).toBe('Accepted');
  });
});

describe('a valid token', () => {
  it('of a driver without membership charges at retail on the card', () => {
    expect(when({})).toEqual({
      decisionId: 'decision-1',
      status: 'Accepted',
      tokenRef: 'token-1',
      driverRef: 'driver-1',
      groupRef: 'group-1',
      tier: 'retail',
      entitlementAgeMs: 40n,
      paymentRoute: 'card',
      paymentMethodId: 'pm_card_visa',
      hold: { amountMinor: 5_000n, currency: 'EUR' },
      tariff,
      rule: 'retail',
      decidedAt: moment.decidedAt,
    });
  });

  it('of a member charges at the tier, with the version it rests on', () => {
    expect(when({ entitlement: member })).toMatchObject({
      status: 'Accepted',
      tier: 'member',
      discountPercent: { unscaled: 10n, scale: 0 },
      entitlementVersion: 3n,
      entitlementAgeMs: 40n,
      rule: 'member-entitled',
    });
  });

  it('of a member without a discount leaves the price of the tier to the tariff', () => {
    const terms = { tier: 'home', discountPercent: { unscaled: 0n, scale: 2 } };
    const decision = when({ entitlement: { status: 'granted', version: 1n, terms } });
    expect(decision).toMatchObject({ tier: 'home', rule: 'member-entitled' });
    expect(decision).not.toHaveProperty('discountPercent');
  });

  it('of a member whose term ended charges at retail, and says so', () => {
    const decision = when({ entitlement: member }, { at: '2026-07-01T00:00:00.000Z' });
    expect(decision).toMatchObject({ tier: 'retail', rule: 'entitlement-expired-retail' });
    expect(decision).not.toHaveProperty('discountPercent');
  });

  it('keeps the tier for a start claimed from before the term ended', () => {
    const expired: Entitlement = { ...member, status: 'expired' };
    expect(when({ entitlement: expired }, { at: '2026-06-30T23:59:59.999Z' }).tier).toBe('member');
  });

  it('of a driver whose membership was revoked charges at retail, and says so', () => {
    expect(when({ entitlement: { status: 'revoked', version: 4n } })).toMatchObject({
      tier: 'retail',
      entitlementVersion: 4n,
      rule: 'entitlement-revoked-retail',
    });
  });

  it('is accepted without a tariff in force, and leaves the tariff out', () => {
    const decision = when({ tariffs: { ...offer(), versionsOf: () => undefined } });
    expect(decision.status).toBe('Accepted');
    expect(decision).not.toHaveProperty('tariff');
  });
});

describe('the hold', () => {
  it('follows the minor unit of the currency', () => {
    // 50 major units: yen have no minor unit, the Kuwaiti dinar has three places.
    expect(when({}, { currency: 'JPY' }).hold).toEqual({ amountMinor: 50n, currency: 'JPY' });
    expect(when({}, { currency: 'KWD' }).hold).toEqual({ amountMinor: 50_000n, currency: 'KWD' });
  });

  it('is refused in a currency nobody knows the minor unit of', () => {
    expect(() => when({}, { currency: 'ABC' })).toThrow(/ABC/);
  });
});

describe('a token without payment method', () => {
  const withoutCard: IssuedToken = { status: 'valid', facts: { tokenType: 'RFID' } };

  it('charges on route none where the policy allows it', () => {
    const decision = when({ token: withoutCard });
    expect(decision).toMatchObject({ status: 'Accepted', paymentRoute: 'none' });
    expect(decision).not.toHaveProperty('hold');
  });

  it('is Blocked where the policy does not', () => {
    expect(when({ token: withoutCard }, {}, { allowWithoutPaymentMethod: false })).toMatchObject({
      status: 'Blocked',
      rule: 'payment-method-missing',
      paymentRoute: 'none',
    });
  });
});

describe('a tariff that is assigned', () => {
  const tariffs = (driverGroup: string) => offer([assignedTo(driverGroup, 'assigned')]);
  const assigned = {
    tariff: { ...tariff, tariffId: 'assigned' },
    tariffAssignmentRevision: 7n,
  };

  it('to a tier prices its members, and the decision names the assignment', () =>
    expect(when({ entitlement: member, tariffs: tariffs('tier:member') })).toMatchObject({
      ...assigned,
      tariffAssignmentId: 'for-tier:member',
    }));

  it('to a tier is not for a member whose term ended', () => {
    const decision = when(
      { entitlement: member, tariffs: tariffs('tier:member') },
      { at: '2026-07-01T00:00:00.000Z' },
    );
    expect(decision).toMatchObject({ tariff });
    expect(decision).not.toHaveProperty('tariffAssignmentId');
  });

  it('to retail is for those who are no members', () => {
    expect(when({ tariffs: tariffs('tier:retail') })).toMatchObject(assigned);
    const ofMember = when({ entitlement: member, tariffs: tariffs('tier:retail') });
    expect(ofMember).toMatchObject({ tariff });
  });

  it.each(['group:group-1', 'token-type:RFID'])('to %s is for its tokens', (group) =>
    expect(when({ tariffs: tariffs(group) })).toMatchObject(assigned),
  );

  it.each([
    { ...withCard, status: 'blocked' } as const,
    { ...withCard, facts: { ...withCard.facts, expiresAt: at } },
  ])('to a group is not for a token that may not charge', (token) => {
    expect(when({ token, tariffs: tariffs('group:group-1') })).toMatchObject({ tariff });
    expect(when({ token, tariffs: tariffs('tier:retail') })).toMatchObject(assigned);
  });
});

describe('whatever is known', () => {
  const instant = fc.integer({ min: 0, max: 4_000_000_000_000 }).map(instantFromEpochMs);
  const terms = fc.record({
    tier: fc.constantFrom('member', 'gold'),
    discountPercent: fc.constant({ unscaled: 10n, scale: 0 }),
    validUntil: instant,
  });
  const entitlement: fc.Arbitrary<Entitlement> = fc.oneof(
    fc.constant<Entitlement>({ status: 'absent' }),
    fc.constant<Entitlement>({ status: 'revoked', version: 2n }),
    fc.record({
      status: fc.constantFrom('granted' as const, 'expired' as const),
      version: fc.constant(1n),
      terms,
    }),
  );

  it('a lapsed, revoked or missing membership never gets a member tier or tariff', () =>
    fc.assert(
      fc.property(entitlement, instant, (owned, start) => {
        const tariffs = offer(
          ['tier:member', 'tier:gold'].map((group) => assignedTo(group, 'members')),
        );
        const decision = when({ entitlement: owned, tariffs }, { at: start });
        const lapsed = !('terms' in owned) || (owned.terms.validUntil ?? '~') <= start;
        expect(decision.tier === 'retail').toBe(lapsed);
        expect('discountPercent' in decision).toBe(!lapsed);
        expect(decision.tariff?.tariffId).toBe(lapsed ? 'standard' : 'members');
      }),
    ));
});
