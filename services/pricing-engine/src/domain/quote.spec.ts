import { cdr, component, session, tariff, timeZone } from '../testing/example-quote';
import { quotePrice } from '../testing/quote-price';

const quote = (more: object = {}) => quotePrice({ tariff, timeZone, session, ...more });

describe('a quote', () => {
  it('answers every dimension, and zero where there is nothing', () => {
    const answer = quote();
    expect(answer).toMatchObject({
      currency: 'EUR',
      energy: { exclTax: { exact: expect.any(String), amountMinor: expect.any(String) } },
      flat: {
        exclTax: { exact: '0.5', amountMinor: '50' },
        inclTax: { exact: '0.535', amountMinor: '54' },
      },
      parking: { exclTax: { exact: '2', amountMinor: '200' } },
      reservation: {
        exclTax: { exact: '0', amountMinor: '0' },
        inclTax: { exact: '0', amountMinor: '0' },
      },
      billed: { energyWh: '10000', timeSeconds: '5400', parkingSeconds: '1800' },
      tariff: { id: 'AC', contentHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      timeZoneDataVersion: expect.any(String),
      marks: ['stop-register-from-last-reading'],
    });
    // 18:00 in Berlin is between two readings: 8000.125 Wh an hour until 16:30 UTC.
    expect(answer).toMatchObject({
      lines: [
        { dimension: 'FLAT', fromBoundary: 'measured' },
        {
          dimension: 'ENERGY',
          quantity: '4.0000625',
          toBoundary: 'interpolated',
          unitPrice: '0.4',
        },
        { dimension: 'ENERGY', quantity: '5.9999375', tariffElementIndex: 0, amountMinor: '360' },
        { dimension: 'TIME', taxRatePercent: '19' },
        { dimension: 'PARKING_TIME', amountMinor: '0' },
        { dimension: 'PARKING_TIME', amountMinor: '200' },
      ],
    });
  });

  it('prices a CDR as it stands, under names of its own', () =>
    expect(quote({ session: undefined, cdr })).toMatchObject({
      // 4 x 0.40 + 6 x 0.60 + 1.5 x 1.00 + 0.50 + 20 min x 6.00.
      total: { exclTax: { exact: '9.2', amountMinor: '920' } },
      billed: { energyWh: '10000', timeSeconds: '5400', parkingSeconds: '1800' },
      marks: [],
    }));

  it.each([
    ['2026-06-01T15:29:59.999Z', { refused: 'tariff-not-in-force', faults: [{ path: '$.at' }] }],
    ['2026-06-01T15:30:00Z', { currency: 'EUR' }],
  ])('asks whether the tariff is in force at %s', (at, expected) => {
    const later = { ...tariff, start_date_time: '2026-06-01T15:30:00Z' };
    expect(quote({ tariff: later, at })).toMatchObject(expected);
    const early = { ...session, start: '2026-06-01T15:29:00Z' };
    expect(quote({ tariff: later, session: early })).toMatchObject({
      faults: [{ path: '$.session.start' }],
    });
    expect(quote({ tariff: later, session: early, at })).toMatchObject(expected);
  });

  it('takes the currency of the tariff, and refuses another one', () =>
    expect(quote({ currency: 'SEK' })).toMatchObject({
      refused: 'currency-mismatch',
      faults: [{ path: '$.currency' }],
    }));

  it('takes off a discount', () =>
    expect(quote({ entitlement: { tier: 'gold', discountPercent: '12.5' } })).toMatchObject({
      discount: { exclTax: { amountMinor: '-90' } },
    }));
});

describe('a tariff that states no vat', () => {
  const untaxed = {
    currency: 'EUR',
    elements: [{ price_components: [component('ENERGY', 0.3), component('TIME', 1, { vat: 19 })] }],
    min_price: { excl_vat: 1, incl_vat: 50 },
  };

  it('has a price without tax, and none with it', () =>
    expect(quote({ tariff: untaxed })).toMatchObject({
      total: {
        exclTax: { exact: '4.5', amountMinor: '450' },
        inclTax: { exact: null, amountMinor: null },
      },
      energy: { exclTax: { exact: '3' }, inclTax: { exact: null } },
      time: { exclTax: { exact: '1.5' }, inclTax: { exact: '1.785' } },
      lines: [{ taxRatePercent: null }, { taxRatePercent: '19' }],
      taxes: [
        { ratePercent: null, taxableMinor: '300', taxMinor: null },
        { ratePercent: '19', taxableMinor: '150', taxMinor: '29' },
      ],
      tariff: { id: null },
      marks: ['stop-register-from-last-reading', 'tax-rate-unknown'],
    }));

  it('is untaxed where the location is', () =>
    expect(
      quote({ tariff: { ...untaxed, min_price: undefined }, taxRatePercent: 0 }),
    ).toMatchObject({
      total: { inclTax: { exact: '4.785' } },
    }));

  it('has no price at a location that is taxed', () =>
    expect(quote({ tariff: untaxed, taxRatePercent: 19 })).toMatchObject({
      refused: 'tax-rate-unknown',
      faults: [{ path: '$.tariff.elements' }],
    }));
});
