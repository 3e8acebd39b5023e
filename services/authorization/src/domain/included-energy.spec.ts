import { canonicalJson } from '@tallywatt/contracts';
import { tariffVersionOf, type TariffVersion } from '@tallywatt/tariffs';
import { includedEnergyOf } from './included-energy';

const reference = (version: bigint) => ({
  tariffId: 'ac',
  version,
  contentHash: 'a'.repeat(64),
  billsParkingTime: false,
});
const versionWith = (version: bigint, tallywatt: object): TariffVersion => {
  const components = [{ type: 'ENERGY', price: 0.5, vat: 19, step_size: 1 }];
  const document = { id: 'ac', currency: 'EUR', elements: [{ price_components: components }] };
  return tariffVersionOf(
    reference(version),
    'EUR',
    canonicalJson({ ...document, last_updated: '2026-01-01T00:00:00Z', tallywatt }),
  );
};
const versions = [
  versionWith(1n, {
    memberships: [{ tier: 'home', included_kwh_per_month: 100 }],
    fleets: [
      {
        plan: 'vans',
        monthly_fee: { excl_vat: 299 },
        included_kwh_per_month: 1000,
        overage_price_per_kwh: 0.35,
      },
    ],
  }),
  versionWith(2n, { memberships: [{ tier: 'home', site_groups: ['depot'], unlimited: true }] }),
];
const offer = { versionsOf: () => ({ versions }) };
const home = {
  tier: 'home',
  subjectRef: 'driver-1',
  siteGroups: [],
  timeZone: 'Europe/Berlin',
  at: '2026-05-31T22:30:00.000Z',
};

it('is what the pinned version includes for the tier, and of the driver', () =>
  expect(includedEnergyOf(offer, reference(1n), home)).toEqual({
    // 00:30 on 1 June in Berlin
    includedEnergy: { subjectRef: 'driver-1', monthlyMilliWh: 100_000_000n, period: '2026-06' },
  }));

it.each([undefined, 'Europe/Atlantis'])('names no month in the time zone %s', (timeZone) =>
  expect(includedEnergyOf(offer, reference(1n), { ...home, timeZone })).toEqual({
    includedEnergy: { subjectRef: 'driver-1', monthlyMilliWh: 100_000_000n },
  }),
);

it('is that of the plan for a driver on a fleet plan', () =>
  expect(includedEnergyOf(offer, reference(1n), { ...home, tier: 'vans' })).toMatchObject({
    includedEnergy: { monthlyMilliWh: 1_000_000_000n },
  }));

it.each([
  ['the tier has nothing included', reference(1n), { ...home, tier: 'retail' }],
  ['the version includes nothing', reference(2n), { ...home, siteGroups: ['depot'] }],
  ['the token stands for no driver', reference(1n), { ...home, subjectRef: undefined }],
  ['no tariff prices the session', undefined, home],
])('is left out when %s', (_, tariff, drawer) =>
  expect(includedEnergyOf(offer, tariff, drawer)).toEqual({}),
);
