import { encodeEvent, type CdrIssued, type CreditCdrIssued } from '@tallywatt/contracts';
import { cdrContentHashes } from './cdr-content-hashes';
import { postingFor } from './posting-rules';
import {
  allDecided,
  closed,
  component,
  corrected,
  decided,
  flatEnergy,
  given,
  identity,
  issue,
  reading,
  started,
  stopped,
  tariffOf,
} from './testing/charging-story';

const priced = [{ price_components: [component('ENERGY', 0.5)] }];
const dayCost = { price_per_kwh: 0.31, restrictions: { start_time: '07:00', end_time: '16:00' } };
const costing = (energy_cost: object) => issue(tariffOf(priced, { energy_cost }));
const withCost = costing({ elements: [dayCost, { price_per_kwh: 0.19 }] });

// 15:30 to 16:40 at the location, 5 of 12 kWh by 16:00
const boundary = reading('2026-06-01T14:00:00.000Z', 1_005_000_000n);
const history = [started(), boundary, stopped, closed()];
const cdr = decided(withCost, ...history) as CdrIssued;

describe('the CDR of a session whose tariff states what energy costs', () => {
  it('says what the energy cost in each period, and what is left of the price', () => {
    // 5 x 0.31 + 7 x 0.19 = 1.55 + 1.33 = 2.88; 12 x 0.50 - 2.88 = 3.12
    expect(cdr.energyCost).toEqual({
      currency: 'EUR',
      costExact: '2.88',
      costMinor: 288n,
      marginExact: '3.12',
      marginMinor: 312n,
      unknownEnergyKwh: '0',
      periods: [
        {
          fromAt: '2026-06-01T13:30:00.000Z',
          toAt: '2026-06-01T14:00:00.000Z',
          fromBoundary: 'measured',
          toBoundary: 'interpolated',
          energyKwh: '5',
          elementIndex: 0,
          pricePerKwh: { unscaled: 31n, scale: 2 },
          costExact: '1.55',
        },
        {
          fromAt: '2026-06-01T14:00:00.000Z',
          toAt: '2026-06-01T14:40:00.000Z',
          fromBoundary: 'interpolated',
          toBoundary: 'measured',
          energyKwh: '7',
          elementIndex: 1,
          pricePerKwh: { unscaled: 19n, scale: 2 },
          costExact: '1.33',
        },
      ],
    });
    expect(() => encodeEvent(cdr)).not.toThrow();
  });

  it('bills what it would without it, and books the same', () => {
    const { energyCost: _, ...without } = cdr;
    expect(without).toEqual(decided(flatEnergy, ...history));
    expect(postingFor(cdr, { taxJurisdiction: 'de', isPosted: () => false })).toEqual(
      postingFor(without, { taxJurisdiction: 'de', isPosted: () => false }),
    );
  });

  it('names no sum and no margin where some energy has no known cost', () => {
    const { energyCost } = decided(costing({ elements: [dayCost] }), ...history) as CdrIssued;
    expect(energyCost).toMatchObject({
      unknownEnergyKwh: '7',
      periods: [{ costExact: '1.55' }, { energyKwh: '7' }],
    });
    expect(energyCost).not.toHaveProperty('costMinor');
    expect(energyCost).not.toHaveProperty('marginMinor');
    expect(energyCost?.periods[1]).not.toHaveProperty('costExact');
  });

  it('names no margin over two currencies', () => {
    const inKronor = costing({ currency: 'SEK', elements: [{ price_per_kwh: 2 }] });
    const { energyCost } = decided(inKronor, ...history) as CdrIssued;
    expect(energyCost).toMatchObject({ currency: 'SEK', costMinor: 2400n });
    expect(energyCost).not.toHaveProperty('marginMinor');
  });

  it('is credited with its cost, to the exact negative', () => {
    const [credit, second] = allDecided(withCost, ...history, cdr, corrected(1_010_000_000n)) as [
      CreditCdrIssued,
      CdrIssued,
    ];
    expect(credit.energyCost).toMatchObject({
      costExact: '-2.88',
      costMinor: -288n,
      marginExact: '-3.12',
      marginMinor: -312n,
      unknownEnergyKwh: '0',
      periods: [
        { energyKwh: '-5', pricePerKwh: { unscaled: 31n, scale: 2 }, costExact: '-1.55' },
        { energyKwh: '-7', costExact: '-1.33' },
      ],
    });
    // 5 x 0.31 + 5 x 0.19 = 2.50; 5.00 - 2.50
    expect(second.energyCost).toMatchObject({ costMinor: 250n, marginMinor: 250n });
  });

  it('keeps the cost that was known when a late reading bills nothing else', () =>
    given(started(), stopped, closed(), decided(withCost, started(), stopped, closed()), boundary)
      .when(withCost)
      .thenIgnored('cdr-already-issued'));

  it('may lie in the log as it was written before CDRs said what energy costs', () => {
    const { energyCost: _, ...before } = cdr;
    expect(cdrContentHashes(cdr)).toEqual([
      encodeEvent(cdr).contentHash,
      encodeEvent(before).contentHash,
    ]);
  });
});

describe('the CDR of any other session', () => {
  it('has no word of it, and one content hash', () => {
    const plain = decided(flatEnergy, ...history);
    expect(plain).not.toHaveProperty('energyCost');
    expect(cdrContentHashes(plain)).toEqual([encodeEvent(plain).contentHash]);
    const withheld = decided(flatEnergy, started(), closed());
    expect(withheld).toMatchObject({ type: 'CdrWithheld', ...identity });
    expect(cdrContentHashes(withheld)).toEqual([encodeEvent(withheld).contentHash]);
  });
});
