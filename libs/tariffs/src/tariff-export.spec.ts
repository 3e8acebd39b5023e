import * as fc from 'fast-check';
import { exportTariff, parseTariff } from './index';
import { caseNames, tariffJsonOf } from './testing/price-cases';

const full = {
  country_code: 'DE',
  party_id: 'TLY',
  id: 'T1',
  currency: 'EUR',
  type: 'REGULAR',
  tariff_alt_text: [{ language: 'de', text: '0,49 € je kWh' }],
  tariff_alt_url: 'https://example.com/tariffs/T1',
  min_price: { excl_vat: 1, incl_vat: 1.19 },
  max_price: { excl_vat: 50.5 },
  elements: [
    {
      price_components: [{ type: 'PARKING_TIME', price: 6, vat: 19, step_size: 60 }],
      restrictions: {
        start_time: '08:00',
        end_time: '22:00',
        start_date: '2026-01-01',
        end_date: '2027-01-01',
        min_kwh: 0.0005,
        max_kwh: 20,
        min_current: 6,
        max_current: 32.5,
        min_power: 1.4,
        max_power: 22,
        min_duration: 60,
        max_duration: 3600,
        day_of_week: ['MONDAY', 'SUNDAY'],
      },
    },
    {
      price_components: [{ type: 'FLAT', price: 2.5, step_size: 0 }],
      restrictions: { reservation: 'RESERVATION' },
    },
    { price_components: [{ type: 'ENERGY', price: 0.49, vat: 0, step_size: 1 }] },
  ],
  start_date_time: '2026-01-01T00:00:00',
  end_date_time: '2027-01-01T00:00:00.000Z',
  energy_mix: {
    is_green_energy: true,
    energy_sources: [{ source: 'SOLAR', percentage: 100 }],
    supplier_name: 'Sun',
  },
  last_updated: '2026-11-21T10:00:00Z',
};

const extension = {
  idle_grace_seconds: 600,
  idle_max_price: { excl_vat: 12 },
  holidays: ['2026-12-25'],
  memberships: [{ tier: 'gold', site_groups: ['a'], discount_percent: 10, applies_to: ['TIME'] }],
  fleets: [
    {
      plan: 'vans',
      monthly_fee: { excl_vat: 99 },
      included_kwh_per_month: 500,
      overage_price_per_kwh: 0.3,
    },
  ],
  energy_cost: { elements: [{ price_per_kwh: 0.2, restrictions: { start_time: '06:00' } }] },
};

const parsed = (json: unknown) => {
  const result = parseTariff(json);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.tariff;
};

describe('an exported tariff', () => {
  it('has every field of OCPI 2.2.1 as it was imported', () => {
    const { json, flags } = exportTariff(parsed(full));
    expect(json).toEqual(full);
    expect(flags).toEqual([]);
  });

  it('keeps fields that nobody reads', () =>
    expect(exportTariff(parsed({ ...full, x_note: { a: [1] } })).json).toMatchObject({
      x_note: { a: [1] },
    }));

  it('says what a reader of plain OCPI does not see, with the extension and without', () => {
    const [element, ...others] = full.elements;
    const restrictions = { ...element?.restrictions, tallywatt: { holiday: 'never' } };
    const extended = {
      ...full,
      elements: [{ ...element, restrictions }, ...others],
      tallywatt: extension,
    };
    const kept = exportTariff(parsed(extended));
    expect(kept.json).toEqual(extended);
    expect(kept.flags.map(({ path }) => path)).toEqual([
      '$.elements[0].restrictions.tallywatt.holiday',
      ...Object.keys(extension).map((name) => `$.tallywatt.${name}`),
    ]);
    const plain = exportTariff(parsed(extended), { extension: 'leave-out' });
    expect(plain).toEqual({ json: full, flags: kept.flags });
  });

  it('names what OCPI requires and nobody has said', () =>
    expect(
      exportTariff(parsed({ id: 'T1', currency: 'EUR', elements: full.elements })).flags,
    ).toEqual(
      ['country_code', 'party_id', 'last_updated'].map((name) => ({
        path: `$.${name}`,
        message: 'is missing, and OCPI 2.2.1 requires it',
      })),
    ));

  it('says an instant that was changed since in words of its own', () => {
    const tariff = { ...parsed(full), startAtMs: Date.UTC(2026, 1, 1) };
    expect(exportTariff(tariff).json).toMatchObject({
      start_date_time: '2026-02-01T00:00:00.000Z',
      end_date_time: full.end_date_time,
    });
  });

  it('refuses a number that JSON would say differently', () => {
    const tariff = {
      ...parsed(full),
      maxPrice: { exclVat: { unscaled: 10n ** 17n + 1n, scale: 17 } },
    };
    expect(() => exportTariff(tariff)).toThrow('more digits than a JSON number');
  });

  it('is the tariff of every price case again', () => {
    for (const name of caseNames) {
      const tariff = tariffJsonOf(name);
      expect([name, exportTariff(parsed(tariff)).json]).toEqual([name, tariff]);
    }
  });
});

describe('a round trip', () => {
  const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
  const amount = fc.integer({ min: 0, max: 10_000_000 }).map((value) => value / 10_000);
  const limit = fc.record({ excl_vat: amount });
  const text = fc.string({ minLength: 1, maxLength: 30 });
  const time = fc.constantFrom('00:00', '06:30', '22:00');
  const restrictions = fc
    .record({
      start_time: optional(time),
      end_time: optional(fc.constantFrom('07:00', '23:59')),
      start_date: optional(fc.constantFrom('2026-01-01', '2026-02-29')),
      min_kwh: optional(amount),
      max_current: optional(fc.integer({ min: 0, max: 900_000 }).map((value) => value / 1000)),
      min_power: optional(amount),
      max_duration: optional(fc.nat()),
      day_of_week: optional(fc.subarray(['MONDAY', 'FRIDAY', 'SUNDAY'], { minLength: 1 })),
      tallywatt: optional(
        fc.record({
          holiday: fc.constantFrom('only', 'never'),
          season_start: fc.constant('11-01'),
          season_end: fc.constant('03-01'),
        }),
      ),
    })
    .map(said);
  const component = fc
    .record({
      price: amount,
      vat: optional(fc.integer({ min: 0, max: 1000 }).map((value) => value / 10)),
      step_size: fc.nat(10_000),
    })
    .map((fields) => said({ type: 'ENERGY', ...fields }));
  const element = fc
    .record({ component, restrictions: optional(restrictions) })
    .map(({ component: one, restrictions: asked }) =>
      said({
        price_components: [one],
        restrictions: asked && Object.keys(asked).length > 0 ? asked : undefined,
      }),
    );
  const membership = fc
    .record({
      tier: text,
      site_groups: optional(fc.uniqueArray(text, { minLength: 1, maxLength: 3 })),
      included_kwh_per_month: amount,
      discount_per_kwh: optional(amount),
    })
    .map(said);
  const ours = fc
    .record({
      idle_grace_seconds: optional(fc.integer({ min: 1, max: 9999 })),
      idle_max_price: optional(limit),
      memberships: optional(fc.array(membership, { minLength: 1, maxLength: 3 })),
      energy_cost: optional(
        fc.record({
          elements: fc.constant([{ price_per_kwh: 0.2 }]),
          currency: fc.constant('USD'),
        }),
      ),
    })
    .map((fields) => said({ ...fields, holidays: ['2026-12-25'] }));
  const tariff = fc
    .record({
      country_code: optional(fc.constant('DE')),
      id: text,
      type: optional(fc.constantFrom('REGULAR', 'AD_HOC_PAYMENT', 'nonsense')),
      tariff_alt_text: optional(fc.jsonValue()),
      tariff_alt_url: optional(fc.webUrl()),
      energy_mix: optional(fc.jsonValue()),
      max_price: optional(limit),
      elements: fc.array(element, { minLength: 1, maxLength: 4 }),
      start_date_time: optional(fc.constantFrom('2026-01-01T00:00:00', '2026-01-01T00:00:00.5Z')),
      last_updated: optional(fc.constant('2026-01-01T00:00:00Z')),
      tallywatt: ours,
    })
    // Read from a text, as a tariff is: no text says -0.
    .map((fields) => JSON.parse(JSON.stringify({ currency: 'EUR', ...fields })) as object)
    .map(said);

  it('gives the same tariff, and the same words', () => {
    fc.assert(
      fc.property(tariff, (json) => {
        const once = parsed(json);
        const { json: exported } = exportTariff(once);
        expect(parsed(JSON.parse(JSON.stringify(exported)))).toEqual(once);
        expect(exported).toEqual(json);
      }),
    );
  });
});

// What JSON has no word for is left out, and null says as little.
function said(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}
