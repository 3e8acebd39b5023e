import { decimalFromString } from '@tallywatt/money';
import fc from 'fast-check';
import type { RatingReport, RatingResult } from './index';
import { parseTariff, rate } from './index';

const startMs = Date.UTC(2026, 10, 20, 10);
const hourMs = 3_600_000;

type Session = Readonly<{ milliWh: bigint; hours?: number; discountPercent?: string }>;

const resultOf = (
  tariff: object,
  { milliWh, hours = 1, discountPercent }: Session,
): RatingResult => {
  const parsed = parseTariff({ id: 'T', currency: 'EUR', ...tariff });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const stopMs = startMs + hours * hourMs;
  const session = { startMs, stopMs, endMs: stopMs, meterStartMilliWh: 0n };
  return rate({
    tariff: parsed.tariff,
    timeZone: 'Europe/Berlin',
    session: { ...session, meterStopMilliWh: milliWh, readings: [] },
    ...(discountPercent === undefined
      ? {}
      : {
          entitlement: { tier: 'gold', discountPercent: decimalFromString(discountPercent) },
        }),
  });
};

const priced = (tariff: object, session: Session): RatingReport => {
  const result = resultOf(tariff, session);
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.report;
};

const component = (type: string, price: number, vat: number) => ({
  type,
  price,
  vat,
  step_size: 0,
});
const element = (...components: object[]) => ({ elements: [{ price_components: components }] });

const minorOf = ({ totals: { exclTaxMinor, taxMinor, inclTaxMinor } }: RatingReport): bigint[] => [
  exclTaxMinor,
  taxMinor,
  inclTaxMinor,
];
const taxesOf = ({ taxes }: RatingReport) =>
  taxes.map(({ ratePercent, taxableMinor, taxMinor }) => [
    ratePercent.unscaled,
    taxableMinor,
    taxMinor,
  ]);

describe('a discount on lines that were each rounded', () => {
  // 0.334 + 0.334 is 0.33 + 0.33 on the lines, and 0.67 together; 0.335 twice is 0.68, and 0.67.
  const rounding = (price: number) =>
    element(component('ENERGY', price, 19), component('TIME', price, 19));

  it.each([0.334, 0.335, 0.004])('of everything leaves nothing at %d', (price) =>
    expect(
      minorOf(priced(rounding(price), { milliWh: 1_000_000n, discountPercent: '100' })),
    ).toEqual([0n, 0n, 0n]),
  );

  it('of nearly everything never leaves less than nothing', () =>
    expect(
      minorOf(priced(rounding(0.334), { milliWh: 1_000_000n, discountPercent: '99.99' })),
    ).toEqual([0n, 0n, 0n]));

  it('is rounded by itself otherwise', () =>
    expect(
      minorOf(priced(rounding(0.334), { milliWh: 1_000_000n, discountPercent: '50' })),
    ).toEqual([33n, 6n, 39n]));

  it('leaves no rate below zero, whatever the prices', () =>
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 9_999 }), { minLength: 3, maxLength: 3 }),
        fc.nat({ max: 1000 }),
        ([energy = 0, time = 0, flat = 0], perMille) => {
          const tariff = element(
            component('ENERGY', energy / 1000, 19),
            component('TIME', time / 1000, 19),
            component('FLAT', flat / 1000, 7),
          );
          const discountPercent = `${perMille / 10}`;
          for (const tax of priced(tariff, { milliWh: 1_000_000n, discountPercent }).taxes) {
            expect(tax.taxableMinor >= 0n && tax.taxMinor >= 0n).toBe(true);
          }
        },
      ),
    ));
});

describe('a price limit', () => {
  it('that names no price with tax lets the tax follow, whatever the other limit names', () =>
    expect(
      minorOf(
        priced(
          {
            ...element(component('ENERGY', 0.4, 19)),
            min_price: { excl_vat: 1 },
            max_price: { excl_vat: 10, incl_vat: 15 },
          },
          { milliWh: 1_000_000n },
        ),
      ),
    ).toEqual([100n, 19n, 119n]));

  it('on the price with tax takes nothing from a rate that has no tax', () =>
    expect(
      taxesOf(
        priced(
          {
            ...element(component('ENERGY', 10, 0), component('TIME', 5, 19)),
            max_price: { excl_vat: 15.5, incl_vat: 15.5 },
          },
          { milliWh: 1_000_000n },
        ),
      ),
    ).toEqual([
      [0n, 1000n, 0n],
      [19n, 500n, 50n],
    ]));

  it('on the price with tax takes from the next rate what the largest does not have', () =>
    expect(
      taxesOf(
        priced(
          {
            ...element(component('ENERGY', 10, 1), component('TIME', 5, 19)),
            max_price: { excl_vat: 15.2, incl_vat: 15.2 },
          },
          { milliWh: 1_000_000n },
        ),
      ),
    ).toEqual([
      [1n, 1000n, 0n],
      [19n, 500n, 20n],
    ]));

  it('is due for a session that took nothing, which no component charges for', () => {
    const { lines, taxes, totals } = priced(
      { ...element(component('ENERGY', 0.4, 19)), min_price: { excl_vat: 1, incl_vat: 1.19 } },
      { milliWh: 0n },
    );
    expect(lines.map(({ dimension, amountMinor }) => [dimension, amountMinor])).toEqual([
      ['ADJUSTMENT', 100n],
    ]);
    expect(taxes).toHaveLength(1);
    expect(totals).toMatchObject({ exclTaxMinor: 100n, taxMinor: 19n, inclTaxExact: '1.19' });
  });

  it('is refused for such a session when the tariff has several tax rates', () =>
    expect(
      resultOf(
        {
          ...element(component('ENERGY', 0.4, 19), component('PARKING_TIME', 1, 7)),
          min_price: { excl_vat: 1 },
        },
        { milliWh: 0n },
      ),
    ).toMatchObject({ ok: false, reason: 'tax-rate-unknown' }));

  it('of zero leaves such a session without lines', () =>
    expect(
      priced(
        { ...element(component('ENERGY', 0.4, 19)), min_price: { excl_vat: 0 } },
        { milliWh: 0n },
      ).lines,
    ).toEqual([]));

  it('with tax below the one without is no tariff', () => {
    const limits = {
      min_price: { excl_vat: 1, incl_vat: 0.5 },
      max_price: { excl_vat: 10, incl_vat: 9.99 },
    };
    const parsed = parseTariff({
      id: 'T',
      currency: 'EUR',
      ...element(component('ENERGY', 1, 19)),
      ...limits,
    });
    expect(parsed.ok ? [] : parsed.faults.map(({ path }) => path)).toEqual([
      '$.min_price.incl_vat',
      '$.max_price.incl_vat',
    ]);
  });
});
