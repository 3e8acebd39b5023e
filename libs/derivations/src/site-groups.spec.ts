import {
  berlin,
  closed,
  component,
  decided,
  decision,
  issue,
  started,
  stopped,
  tariffOf,
} from './testing/charging-story';

describe('a member whose charging is paid for at some sites', () => {
  const tariff = issue(
    tariffOf([{ price_components: [component('ENERGY', 0.5), component('PARKING_TIME', 6)] }], {
      memberships: [{ tier: 'home', site_groups: ['depots', 'yards'], unlimited: true }],
    }),
  );
  const cdrAt = (siteGroups: readonly string[] | undefined, tier = 'home') =>
    decided(
      tariff,
      started({
        location: { ...berlin, ...(siteGroups === undefined ? {} : { siteGroups }) },
        decision: { ...decision, tier },
      }),
      stopped,
      closed('2026-06-01T15:10:00.000Z'),
    );

  it('owes no energy there, and the idle time as everybody', () => {
    // 12 kWh x 0.50 come off; 30 minutes x 6.00 per hour = 3.00 stay
    const cdr = cdrAt(['city', 'depots']);
    expect(cdr).toMatchObject({
      totalExclTaxMinor: 300n,
      location: { siteGroups: ['city', 'depots'] },
    });
    expect(cdr).toMatchObject({
      lines: expect.arrayContaining([
        expect.objectContaining({ dimension: 'DISCOUNT', amountMinor: -600n }),
      ]),
    });
  });

  it.each([[['city']], [[]], [undefined]])('pays retail at a site in groups %j', (siteGroups) =>
    expect(cdrAt(siteGroups)).toMatchObject({ totalExclTaxMinor: 900n }),
  );

  it('is nobody else', () =>
    expect(cdrAt(['depots'], 'retail')).toMatchObject({ totalExclTaxMinor: 900n }));
});
