import { decimalFromString } from '@tallywatt/money';
import { parseTariff } from './index';

const energy = { type: 'ENERGY', price: 0.25, vat: 19, step_size: 1 };
const parking = { type: 'PARKING_TIME', price: 6, vat: 19, step_size: 1 };
const extended = (tallywatt: object, restrictions: object = {}, component: object = energy) => ({
  id: 'T1',
  currency: 'EUR',
  elements: [{ price_components: [component], restrictions: { tallywatt: restrictions } }],
  tallywatt,
});

const faultsOf = (json: unknown): string[] => {
  const parsed = parseTariff(json);
  return parsed.ok ? [] : parsed.faults.map(({ path, message }) => `${path} ${message}`);
};
const warningsOf = (json: unknown): string[] => {
  const parsed = parseTariff(json);
  return parsed.ok ? parsed.warnings.map(({ path, message }) => `${path} ${message}`) : [];
};

describe('the extension of a tariff', () => {
  it('is read exactly as written', () =>
    expect(
      parseTariff(
        extended(
          {
            idle_grace_seconds: 600,
            idle_max_price: { excl_vat: 12.5 },
            holidays: ['2026-12-25', '2027-01-01'],
            memberships: [
              { tier: 'home', site_groups: ['depot'], unlimited: true, applies_to: ['ENERGY'] },
              { tier: 'home', discount_percent: 7.5, included_kwh_per_month: 100 },
              { tier: 'club', discount_per_kwh: 0.05 },
            ],
            fleets: [
              {
                plan: 'vans',
                monthly_fee: { excl_vat: 99, incl_vat: 117.81 },
                included_kwh_per_month: 500.5,
                overage_price_per_kwh: 0.3,
              },
            ],
            energy_cost: {
              currency: 'USD',
              elements: [
                { price_per_kwh: 0.21, restrictions: { tallywatt: { holiday: 'only' } } },
                { price_per_kwh: 0.11 },
              ],
            },
          },
          { holiday: 'never', season_start: '11-01', season_end: '03-01' },
        ),
      ),
    ).toMatchObject({
      ok: true,
      tariff: {
        elements: [
          { restrictions: { holiday: 'never', seasonStart: '11-01', seasonEnd: '03-01' } },
        ],
        idleGraceSeconds: 600n,
        idleMaxPrice: decimalFromString('12.5'),
        holidays: ['2026-12-25', '2027-01-01'],
        memberships: [
          { tier: 'home', siteGroups: ['depot'], unlimited: true, appliesTo: ['ENERGY'] },
          {
            tier: 'home',
            discountPercent: decimalFromString('7.5'),
            includedMilliWhPerMonth: 100_000_000n,
          },
          { tier: 'club', discountPerKwh: decimalFromString('0.05') },
        ],
        fleets: [
          {
            plan: 'vans',
            monthlyFee: { exclVat: decimalFromString('99'), inclVat: decimalFromString('117.81') },
            includedMilliWhPerMonth: 500_500_000n,
            overagePricePerKwh: decimalFromString('0.3'),
          },
        ],
        energyCost: {
          currency: 'USD',
          elements: [
            { pricePerKwh: decimalFromString('0.21'), restrictions: { holiday: 'only' } },
            { pricePerKwh: decimalFromString('0.11'), restrictions: {} },
          ],
        },
      },
    }));

  it('restricts idle time by its length', () =>
    expect(
      parseTariff(extended({}, { min_idle_seconds: 60, max_idle_seconds: 120 }, parking)),
    ).toMatchObject({
      tariff: { elements: [{ restrictions: { minIdleSeconds: 60n, maxIdleSeconds: 120n } }] },
    }));
});

const own = '$.elements[0].restrictions.tallywatt';
const member = '$.tallywatt.memberships[0]';

describe('a fault in the extension', () => {
  it.each([
    [extended({ idle_max_price: { incl_vat: 3 } }), '$.tallywatt.idle_max_price.incl_vat'],
    [extended({ idle_max_price: 3 }), '$.tallywatt.idle_max_price expected an object'],
    [extended({ holidays: ['2026-02-30'] }), '$.tallywatt.holidays[0] expected a date'],
    [extended({ holidays: ['2026-02-01', '2026-02-01'] }), '$.tallywatt.holidays[1] 2026-02-01 is'],
    [extended({}, { holiday: 'sometimes' }), `${own}.holiday expected one of only, never`],
    [extended({}, { holiday: 'only' }), `${own}.holiday needs the dates in $.tallywatt.holidays`],
    [extended({}, { season_start: '11-31', season_end: '03-01' }), `${own}.season_start expected`],
    [extended({}, { season_start: '11-01' }), `${own}.season_end is missing`],
    [extended({}, { season_start: '11-01', season_end: '11-01' }), `${own}.season_end equals`],
    [extended({}, { easter: true }), `${own}.easter is not a field of the extension here`],
    [extended({}, { min_idle_seconds: 60 }), `${own} idle seconds restrict PARKING_TIME`],
    [extended({ memberships: [] }), '$.tallywatt.memberships expected at least one entry'],
    [extended({ memberships: [{ tier: 'a' }] }), `${member} says nothing that the tier pays less`],
    [
      extended({ memberships: [{ tier: 'a', discount_percent: 5, unlimited: true }] }),
      `${member} discount_percent and unlimited exclude each other`,
    ],
    [
      extended({ memberships: [{ tier: 'a', discount_percent: 101 }] }),
      `${member}.discount_percent expected a percentage`,
    ],
    [
      extended({ memberships: [{ tier: 'a', unlimited: false }] }),
      `${member}.unlimited expected true, or nothing`,
    ],
    [
      extended({ memberships: [{ tier: 'a', discount_per_kwh: 1, applies_to: ['TIME'] }] }),
      `${member}.applies_to goes with discount_percent or unlimited only`,
    ],
    [
      extended({ memberships: [{ tier: 'a', unlimited: true, applies_to: ['PARKING_TIME'] }] }),
      `${member}.applies_to[0] expected one of ENERGY, TIME, FLAT`,
    ],
    [
      extended({ memberships: [{ tier: 'a', unlimited: true, site_groups: ['x', 'x'] }] }),
      `${member}.site_groups lists an entry twice`,
    ],
    [extended({ memberships: [{ tier: 'a', rebate: 1 }] }), `${member}.rebate is not a field`],
    [extended({ fleets: [{ plan: 'x' }] }), '$.tallywatt.fleets[0].monthly_fee expected an object'],
    [
      extended({ energy_cost: { elements: [{ price_per_kwh: 1, restrictions: { min_kwh: 1 } }] } }),
      '$.tallywatt.energy_cost.elements[0].restrictions a utility knows',
    ],
    [
      extended({ energy_cost: { currency: 'XXX', elements: [{ price_per_kwh: 1 }] } }),
      '$.tallywatt.energy_cost.currency expected an ISO 4217 code',
    ],
  ])('is named: %j', (json, start) =>
    expect(faultsOf(json).filter((text) => text.startsWith(start))).toHaveLength(1),
  );

  it('is a fleet plan of the name of another, or of a tier', () => {
    const plan = {
      plan: 'gold',
      monthly_fee: { excl_vat: 1 },
      included_kwh_per_month: 1,
      overage_price_per_kwh: 1,
    };
    const memberships = [{ tier: 'gold', unlimited: true }];
    expect(faultsOf(extended({ fleets: [plan, plan], memberships }))).toEqual([
      '$.tallywatt.fleets[1].plan "gold" is listed twice',
      '$.tallywatt.fleets[0].plan is the name of a membership as well',
      '$.tallywatt.fleets[1].plan is the name of a membership as well',
    ]);
  });
});

describe('a surprise in the extension', () => {
  it.each([
    [extended({ idle_max_price: { excl_vat: 3 } }), '$.tallywatt.idle_max_price limits nothing'],
    [extended({ holidays: ['2026-12-25'] }), '$.tallywatt.holidays changes nothing'],
    [
      extended({
        memberships: [
          { tier: 'a', unlimited: true },
          { tier: 'a', site_groups: ['x'], discount_percent: 5 },
        ],
      }),
      '$.tallywatt.memberships[1] never applies',
    ],
    [
      extended({
        memberships: [
          { tier: 'a', site_groups: ['x', 'y'], unlimited: true },
          { tier: 'a', site_groups: ['x'], discount_percent: 5 },
        ],
      }),
      '$.tallywatt.memberships[1] never applies',
    ],
  ])('is warned of: %j', (json, start) =>
    expect(warningsOf(json).filter((text) => text.startsWith(start))).toHaveLength(1),
  );
});
