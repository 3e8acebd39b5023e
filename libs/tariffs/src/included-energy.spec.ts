import { includedEnergyPerMonth, parseTariff } from './index';

const parsed = parseTariff({
  id: 'T',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.5, vat: 19, step_size: 1 }] }],
  tallywatt: {
    memberships: [
      { tier: 'home', site_groups: ['depot'], unlimited: true },
      { tier: 'home', discount_percent: 10, included_kwh_per_month: 100 },
      { tier: 'guest', discount_percent: 5 },
      { tier: 'none', included_kwh_per_month: 0 },
    ],
    fleets: [
      {
        plan: 'vans',
        monthly_fee: { excl_vat: 299 },
        included_kwh_per_month: 1000.5,
        overage_price_per_kwh: 0.35,
      },
    ],
  },
});
if (!parsed.ok) throw new Error(parsed.faults.map(({ path }) => path).join());
const { tariff } = parsed;

describe('the energy that a tariff includes each month', () => {
  it.each([
    ['home', undefined, 100_000_000n],
    ['home', ['city'], 100_000_000n],
    ['vans', undefined, 1_000_500_000n],
    // The first entry that fits says it all, as it does for discounts.
    ['home', ['depot'], undefined],
    ['guest', undefined, undefined],
    ['none', undefined, undefined],
    ['retail', undefined, undefined],
  ])('for %s at %j is %s mWh', (tier, siteGroups, expected) =>
    expect(includedEnergyPerMonth(tariff, tier, siteGroups)).toBe(expected),
  );
});
