import { decimalFromString } from '@tallywatt/money';
import type { OcpiTariff, RatingInput, RatingReport } from './index';
import { meteredEnergy, parseTariff, rate } from './index';

const tariffOf = (json: object): OcpiTariff => {
  const parsed = parseTariff({ id: 'T', currency: 'EUR', ...json });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.tariff;
};
const component = (type: string, price: number, step = 0, vat = 19): object => ({
  type,
  price,
  vat,
  step_size: step,
});
const inputOf = (tariff: OcpiTariff, session: RatingInput['session']): RatingInput => ({
  tariff,
  timeZone: 'Europe/Berlin',
  session,
});
const reportOf = (input: RatingInput): RatingReport => {
  const result = rate(input);
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.report;
};

const linear = tariffOf({ elements: [{ price_components: [component('ENERGY', 0.37)] }] });
const baseMs = Date.UTC(2026, 9, 23, 6);

describe('what cannot be priced', () => {
  const session = {
    startMs: baseMs,
    stopMs: baseMs + 3_600_000,
    endMs: baseMs + 3_600_000,
    meterStartMilliWh: 5_000n,
    meterStopMilliWh: 9_000n,
    readings: [],
  };
  const input = inputOf(linear, session);

  it.each([
    ['currency-mismatch', { ...input, currency: 'CHF' }],
    ['time-zone-unknown', { ...input, timeZone: '' }],
    ['session-times-unusable', { ...input, session: { ...session, stopMs: session.startMs - 1 } }],
    ['session-times-unusable', { ...input, session: { ...session, endMs: session.startMs } }],
    ['session-times-unusable', { ...input, session: { ...session, startMs: NaN } }],
    ['meter-unusable', { ...input, session: { ...session, meterStartMilliWh: -1n } }],
    ['meter-ran-backwards', { ...input, session: { ...session, meterStopMilliWh: 0n } }],
    [
      'meter-unusable',
      { ...input, session: { ...session, stopMs: session.startMs, endMs: session.startMs } },
    ],
    [
      'discount-unusable',
      { ...input, entitlement: { tier: 'gold', discountPercent: decimalFromString('101') } },
    ],
  ] as const)('is refused as %s', (reason, given) => {
    const result = rate(given);
    expect(result.ok ? 'priced' : result.reason).toBe(reason);
    expect(result.ok || result.detail).not.toBe('');
    // What the tariff, the place or the terms are refused for says nothing of the meter.
    const metered = meteredEnergy(given.session);
    const isOfSession = /^(meter|session)-/.test(reason);
    expect(metered.ok ? 'metered' : metered.reason).toBe(isOfSession ? reason : 'metered');
  });

  it('is not the same as a session without energy, which costs its fee', () => {
    const fee = tariffOf({
      elements: [{ price_components: [component('FLAT', 0.5), component('ENERGY', 0.4)] }],
    });
    const still = { ...session, meterStopMilliWh: 5_000n, stopMs: baseMs, endMs: baseMs };
    const { lines } = reportOf(inputOf(fee, still));
    expect(lines.map((line) => [line.dimension, line.amountMinor])).toEqual([['FLAT', 50n]]);
  });
});

describe('limits that no tax rate can meet', () => {
  it('give way in the tax, so both totals still hold', () => {
    const capped = tariffOf({
      elements: [{ price_components: [component('ENERGY', 1, 0, 20)] }],
      max_price: { excl_vat: 10, incl_vat: 11 },
    });
    const session = {
      startMs: baseMs,
      stopMs: baseMs + 3_600_000,
      endMs: baseMs + 3_600_000,
      meterStartMilliWh: 0n,
      meterStopMilliWh: 30_000_000n,
      readings: [],
    };
    const { totals, taxes } = reportOf(inputOf(capped, session));
    expect([totals.exclTaxMinor, totals.taxMinor, totals.inclTaxMinor]).toEqual([
      1000n,
      100n,
      1100n,
    ]);
    expect(taxes).toEqual([
      { ratePercent: { unscaled: 20n, scale: 0 }, taxableMinor: 1000n, taxMinor: 100n },
    ]);
  });
});
