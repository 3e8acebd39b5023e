import type { ChargingDecision } from '@tallywatt/contracts';
import type { TariffAssignment, TariffOffer } from '@tallywatt/tariffs';
import { authorize, type Known } from './charging-authorization';
import type { Fleet } from './fleet';
import type { Entitlement } from './entitlement';
import type { IssuedToken, TokenFacts } from './token';

const at = '2026-06-01T12:00:00.000Z';
const reference = { version: 1n, contentHash: 'a'.repeat(64), billsParkingTime: true };
const plans = {
  fleets: [
    {
      plan: 'vans',
      monthlyFee: { exclVat: { unscaled: 299n, scale: 0 } },
      includedMilliWhPerMonth: 1_000_000_000n,
      overagePricePerKwh: { unscaled: 35n, scale: 2 },
    },
  ],
} as const;
const assigned = (
  tariffId: string,
  driverGroups: readonly string[],
  priority = 0,
): TariffAssignment => ({
  assignmentId: `to-${driverGroups.join()}`,
  tariffId,
  revision: 1n,
  priority,
  driverGroups,
  chargePointIds: [],
  evseGroups: [],
  locationIds: [],
  siteGroups: [],
  weeklyWindows: [],
  assignedAt: at,
});
const offer = (...assignments: readonly TariffAssignment[]): TariffOffer => ({
  assignments,
  chargePointTariffId: 'own',
  versionsOf: (tariffId) => ({
    versions: [
      {
        reference: { ...reference, tariffId },
        currency: 'EUR',
        memberTerms: plans,
      },
    ],
  }),
});

const token = (facts: Partial<TokenFacts>, status: IssuedToken['status'] = 'valid') => ({
  status,
  facts: { tokenType: 'RFID', ...facts },
});
const ofPartner = token({ roaming: { partyId: 'NLABC', whitelist: 'ALLOWED' } });
const ofFleet = token({ driverRef: 'driver-1', fleetRef: 'f-1' });
const vans: Fleet = {
  status: 'registered',
  revision: 1n,
  terms: { plan: 'vans', timeZone: 'Europe/Berlin' },
};
const member: Entitlement = {
  status: 'granted',
  version: 3n,
  terms: { tier: 'member', discountPercent: { unscaled: 10n, scale: 0 } },
};
const decided = (known: Partial<Known>): ChargingDecision =>
  authorize(
    {
      tokenRef: 'token-1',
      at,
      currency: 'EUR',
      place: {
        chargePointId: 'CP-1',
        siteGroups: [],
        evseGroups: [],
        timeZone: 'Europe/Berlin',
      },
    },
    { token: ofPartner, entitlement: { status: 'absent' }, tariffs: offer(), ...known },
    { holdMajorUnits: { unscaled: 50n, scale: 0 }, allowWithoutPaymentMethod: true },
    { decisionId: 'decision-1', decidedAt: at, entitlementAgeMs: 40n },
  );
const forPartner = assigned('partner', ['roaming:NLABC']);

describe('a token of another network', () => {
  it('charges on the account of its home network, at what is assigned to it', () =>
    expect(decided({ tariffs: offer(forPartner) })).toEqual({
      decisionId: 'decision-1',
      status: 'Accepted',
      tokenRef: 'token-1',
      tier: 'roaming',
      rule: 'roaming',
      paymentRoute: 'roaming',
      roamingPartyId: 'NLABC',
      tariff: { ...reference, tariffId: 'partner' },
      tariffAssignmentId: 'to-roaming:NLABC',
      tariffAssignmentRevision: 1n,
      decidedAt: at,
    }));

  it('is not let charge while nothing is assigned to its home network: never at retail', () => {
    const others = [
      assigned('everybody', [], 9),
      assigned('retail', ['tier:retail'], 8),
      assigned('cards', ['token-type:RFID'], 7),
      assigned('elsewhere', ['roaming:DEXYZ'], 6),
    ];
    const decision = decided({ tariffs: offer(...others) });
    expect(decision).toMatchObject({
      status: 'Blocked',
      rule: 'roaming-tariff-missing',
      paymentRoute: 'none',
    });
    expect(decision).not.toHaveProperty('tariff');
    expect(decided({ tariffs: offer(...others, forPartner) }).tariff?.tariffId).toBe('partner');
  });

  it.each([
    ['ALWAYS', 'Accepted'],
    ['ALLOWED', 'Accepted'],
    ['ALLOWED_OFFLINE', 'Accepted'],
    ['NEVER', 'Blocked'],
  ])('with whitelist %s is %s', (whitelist, status) => {
    const roaming = { partyId: 'NLABC', whitelist };
    expect(decided({ token: token({ roaming }), tariffs: offer(forPartner) }).status).toBe(status);
  });

  it('is on nobody’s account when it is blocked, and still not at retail', () => {
    const blocked: IssuedToken = { ...ofPartner, status: 'blocked' };
    const decision = decided({ token: blocked, tariffs: offer() });
    expect(decision).toMatchObject({ rule: 'token-blocked', paymentRoute: 'none' });
    expect(decision).not.toHaveProperty('tariff');
    expect(decision).not.toHaveProperty('roamingPartyId');
  });
});

describe('a token of a fleet', () => {
  it("charges at the fleet's plan and from the fleet's energy, member or not", () =>
    expect(decided({ token: ofFleet, fleet: vans, entitlement: member })).toEqual({
      decisionId: 'decision-1',
      status: 'Accepted',
      tokenRef: 'token-1',
      driverRef: 'driver-1',
      tier: 'vans',
      rule: 'fleet-plan',
      paymentRoute: 'fleet',
      fleetRef: 'f-1',
      tariff: { ...reference, tariffId: 'own' },
      includedEnergy: {
        subjectRef: 'f-1',
        monthlyMilliWh: 1_000_000_000n,
        period: '2026-06',
      },
      decidedAt: at,
    }));

  it('is priced by what is assigned to the plan', () =>
    expect(
      decided({ token: ofFleet, fleet: vans, tariffs: offer(assigned('depot', ['tier:vans'])) })
        .tariff?.tariffId,
    ).toBe('depot'));

  it.each([
    ['fleet-closed', { ...vans, status: 'closed' } satisfies Fleet],
    ['fleet-unknown', { status: 'absent' } satisfies Fleet],
  ])('is not let charge otherwise: %s', (rule, fleet) => {
    const decision = decided({ token: ofFleet, fleet });
    expect(decision).toMatchObject({ status: 'Blocked', rule, paymentRoute: 'none' });
    expect(decision).not.toHaveProperty('fleetRef');
  });
});
