import type { Findings } from '@tallywatt/tariffs';
import { component, session, tariff, timeZone } from '../testing/example-quote';
import { quotePrice } from '../testing/quote-price';
import { parseEntitlement, parseSiteGroups } from './quote-entitlement';

const faultsOf = (read: (findings: Findings) => unknown): string[] => {
  const findings: Findings = { faults: [], warnings: [] };
  read(findings);
  return findings.faults.map(({ path, message }) => `${path} ${message}`);
};

describe('the terms of a quote', () => {
  it('are read exactly', () =>
    expect(
      parseEntitlement(
        { tier: 'gold', discountPerKwh: '0.05', includedEnergyMilliWh: '60000000000000000000' },
        { faults: [], warnings: [] },
      ),
    ).toEqual({
      tier: 'gold',
      discountPerKwh: { unscaled: 5n, scale: 2 },
      includedEnergyMilliWh: 60_000_000_000_000_000_000n,
    }));

  it.each([
    ['gold', '$.entitlement expected an object'],
    [{ tier: 7 }, '$.entitlement.tier expected a text'],
    [{ freeKwh: 5 }, '$.entitlement.freeKwh expected tier, discountPercent'],
    [{ discountPercent: 101 }, '$.entitlement.discountPercent expected a percentage'],
    [{ discountPerKwh: -1 }, '$.entitlement.discountPerKwh expected a number of 0 or more'],
    [{ unlimited: 1 }, '$.entitlement.unlimited expected true or false'],
    [{ includedEnergyMilliWh: 0.5 }, '$.entitlement.includedEnergyMilliWh expected a whole'],
    [
      { discountPercent: 5, unlimited: true },
      '$.entitlement discountPercent and unlimited exclude each other',
    ],
  ])('are refused with their place: %j', (json, start) =>
    expect(faultsOf((findings) => parseEntitlement(json, findings))).toEqual([
      expect.stringContaining(start),
    ]),
  );

  it('name site groups as texts', () =>
    expect(faultsOf((findings) => parseSiteGroups(['depot', 5, ''], findings))).toEqual([
      '$.siteGroups[1] expected a text, found 5',
      '$.siteGroups[2] expected 1 to 64 characters, found 0',
    ]));

  it('come from the tariff where the quote names a tier only', () => {
    const memberships = [{ tier: 'home', site_groups: ['depot'], unlimited: true }];
    const terms = { tariff: { ...tariff, tallywatt: { memberships } }, timeZone, session };
    const entitlement = { tier: 'home' };
    const free = { discount: { exclTax: { amountMinor: '-720' } } };
    const paid = { discount: { exclTax: { amountMinor: '0' } } };
    // 4 x 0.40 + 6 x 0.60 + 1.5 x 1.00 + 0.50 are paid for; 20 min of idle time are not.
    expect(quotePrice({ ...terms, entitlement, siteGroups: ['depot'] })).toMatchObject(free);
    expect(quotePrice({ ...terms, entitlement, siteGroups: ['city'] })).toMatchObject(paid);
    expect(quotePrice({ ...terms, entitlement })).toMatchObject(paid);
  });
});

describe('the cost of energy in a quote', () => {
  const energy = { elements: [{ price_components: [component('ENERGY', 0.5, { vat: 19 })] }] };
  const costed = (elements: object[]) =>
    quotePrice({
      tariff: { currency: 'EUR', ...energy, tallywatt: { energy_cost: { elements } } },
      timeZone,
      session,
    });

  it('stands beside the price with the margin', () =>
    expect(costed([{ price_per_kwh: 0.2 }])).toMatchObject({
      total: { exclTax: { exact: '5' } },
      energyCost: {
        currency: 'EUR',
        costExact: '2',
        costMinor: '200',
        marginExact: '3',
        marginMinor: '300',
        unknownEnergyKwhExact: '0',
        periods: [{ energyKwh: '10', pricePerKwh: '0.2', costExact: '2', elementIndex: 0 }],
      },
    }));

  it('is null where it is unknown', () =>
    expect(costed([{ price_per_kwh: 0.2, restrictions: { end_time: '01:00' } }])).toMatchObject({
      energyCost: {
        costExact: null,
        marginMinor: null,
        unknownEnergyKwhExact: '10',
        periods: [{ energyKwh: '10', pricePerKwh: null, costExact: null, elementIndex: null }],
      },
    }));
});
