import fc from 'fast-check';
import { includedEnergyPerMonth, meteredEnergy, parseTariff, rate } from './index';

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

it('costs nothing to the cent once all that was metered is included, in whatever steps', () => {
  const millis = fc.bigInt({ min: 1n, max: 100_000_000n });
  fc.assert(
    fc.property(millis, fc.integer({ min: 1, max: 5_000 }), (meterStopMilliWh, stepSizeWh) => {
      const component = { type: 'ENERGY', price: 0.3333, vat: 19, step_size: stepSizeWh };
      const night = { start_time: '22:00', end_time: '06:00' };
      const elements = [
        { price_components: [component], restrictions: night },
        { price_components: [{ ...component, price: 0.51 }] },
      ];
      const stepped = parseTariff({ id: 'T', currency: 'EUR', elements });
      if (!stepped.ok) throw new Error('the tariff has faults');
      const startMs = Date.parse('2026-06-01T21:00:00Z');
      const stopMs = startMs + 3_600_000;
      const times = { startMs, stopMs, endMs: stopMs, meterStartMilliWh: 0n };
      const session = { ...times, meterStopMilliWh, readings: [], states: [] };
      const metered = meteredEnergy(session);
      if (!metered.ok) throw new Error(metered.detail);
      const entitlement = { tier: 'home', includedEnergyMilliWh: metered.energyMilliWh };
      const where = { timeZone: 'UTC', currency: 'EUR', entitlement };
      const rated = rate({ tariff: stepped.tariff, session, ...where });
      expect(rated.ok && rated.report.totals.exclTaxMinor).toBe(0n);
    }),
  );
});
