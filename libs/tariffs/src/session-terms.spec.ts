import {
  addRational,
  compareRational,
  decimalFromString,
  decimalToRational,
} from '@tallywatt/money';
import type { Rational } from '@tallywatt/money';
import { rational, zeroRational } from '@tallywatt/money';
import * as fc from 'fast-check';
import type { Entitlement, RatingInput, RatingReport } from './index';
import { parseTariff, rate } from './index';

// Terms of memberships, fleet plans and idle limits, over sessions of every kind.

const startMs = Date.UTC(2026, 5, 1, 8);

const cents = (max: number) => fc.integer({ min: 0, max }).map((value) => value / 100);
const tariffOf = (json: object) => {
  const parsed = parseTariff({ id: 'T1', currency: 'EUR', ...json });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.tariff;
};

const component = (type: string, price: number, vat: number) => ({
  type,
  price,
  vat,
  step_size: 1,
});

const tariffs = fc
  .record({
    prices: fc.array(cents(99), { minLength: 4, maxLength: 4 }),
    vat: fc.constantFrom(19, 7),
    limit: fc.option(cents(900), { nil: undefined }),
    membership: fc.constantFrom<object>(
      { discount_percent: 12.5 },
      { discount_per_kwh: 0.17 },
      { unlimited: true },
      { unlimited: true, applies_to: ['ENERGY'] },
      { included_kwh_per_month: 5 },
    ),
  })
  .map(({ prices: [early = 0, late = 0, flat = 0, idle = 0], vat, limit, membership }) =>
    tariffOf({
      elements: [
        {
          price_components: [component('ENERGY', early, vat)],
          restrictions: { end_time: '10:30' },
        },
        {
          price_components: [
            component('ENERGY', late, 19),
            component('FLAT', flat, 19),
            component('TIME', 0.6, vat),
          ],
        },
        {
          price_components: [component('PARKING_TIME', idle * 10, vat)],
          restrictions: { tallywatt: { max_idle_seconds: 1000 } },
        },
        { price_components: [component('PARKING_TIME', idle * 20, 19)] },
      ],
      tallywatt: {
        idle_grace_seconds: 300,
        ...(limit === undefined ? {} : { idle_max_price: { excl_vat: limit } }),
        memberships: [{ tier: 'gold', ...membership }],
        fleets: [
          {
            plan: 'vans',
            monthly_fee: { excl_vat: 99 },
            included_kwh_per_month: 100,
            overage_price_per_kwh: 0.333,
          },
        ],
        energy_cost: {
          elements: [
            { price_per_kwh: 0.21, restrictions: { start_time: '09:45', end_time: '10:15' } },
            { price_per_kwh: 0.1 },
          ],
        },
      },
    }),
  );

const sessions = fc
  .record({
    minutes: fc.integer({ min: 1, max: 300 }),
    idleMinutes: fc.integer({ min: 0, max: 120 }),
    milliWh: fc.integer({ min: 0, max: 50_000_000 }),
  })
  .map(({ minutes, idleMinutes, milliWh }): RatingInput['session'] => ({
    startMs,
    stopMs: startMs + minutes * 60_000,
    endMs: startMs + (minutes + idleMinutes) * 60_000,
    meterStartMilliWh: 0n,
    meterStopMilliWh: BigInt(milliWh),
    readings: [],
  }));

const entitlements = fc.record({
  tier: fc.constantFrom('gold', 'vans', 'retail'),
  includedEnergyMilliWh: fc.option(fc.bigInt({ min: 0n, max: 60_000_000n }), { nil: undefined }),
});

const reportOf = (
  tariff: RatingInput['tariff'],
  session: RatingInput['session'],
  entitlement?: Entitlement,
): RatingReport => {
  const result = rate({ tariff, session, timeZone: 'Europe/Berlin', entitlement });
  if (!result.ok) throw new Error(result.detail);
  return result.report;
};

const value = (text: string): Rational => {
  const [numerator = '0', denominator] = text.split('/');
  return denominator === undefined
    ? decimalToRational(decimalFromString(numerator))
    : rational(BigInt(numerator), BigInt(denominator));
};
const sumOf = (texts: readonly string[]): Rational =>
  texts.map(value).reduce(addRational, zeroRational);
const minorOf = (report: RatingReport, ...dimensions: string[]): bigint =>
  report.lines
    .filter(({ dimension }) => dimensions.includes(dimension))
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0n);

const check = (
  property: (report: RatingReport, without: RatingReport, input: RatingInput) => void,
): void =>
  fc.assert(
    fc.property(tariffs, sessions, entitlements, (tariff, session, entitlement) => {
      const input = { tariff, session, timeZone: 'Europe/Berlin', entitlement };
      property(reportOf(tariff, session, entitlement), reportOf(tariff, session), input);
    }),
    { numRuns: 120 },
  );

describe('terms of a tier', () => {
  it('keep the total the sum of its lines, rounded and exact', () =>
    check(({ lines, totals }) => {
      expect(lines.reduce((sum, line) => sum + line.amountMinor, 0n)).toBe(totals.exclTaxMinor);
      const exact = sumOf(lines.map(({ amountExact }) => amountExact));
      expect(compareRational(exact, value(totals.exclTaxExact))).toBe(0);
    }));

  it('never take off more than is due, exactly and to the unit', () =>
    check((report) => {
      const exact = sumOf(
        report.lines
          .filter(({ dimension }) => ['ENERGY', 'TIME', 'FLAT', 'DISCOUNT'].includes(dimension))
          .map(({ amountExact }) => amountExact),
      );
      expect(compareRational(exact, zeroRational)).toBeGreaterThanOrEqual(0);
      expect(minorOf(report, 'ENERGY', 'TIME', 'FLAT', 'DISCOUNT')).toBeGreaterThanOrEqual(0n);
      expect(report.taxes.every(({ taxMinor }) => taxMinor >= 0n)).toBe(true);
    }));

  it('never make a session of a membership dearer, and leave idle time alone', () =>
    check((report, without, { entitlement }) => {
      expect(minorOf(report, 'PARKING_TIME')).toBe(minorOf(without, 'PARKING_TIME'));
      if (entitlement?.tier === 'vans') return;
      expect(report.totals.exclTaxMinor).toBeLessThanOrEqual(without.totals.exclTaxMinor);
    }));

  it('make energy free to the unit where as much is included as was used', () =>
    check((_report, _without, { tariff, session }) => {
      const entitlement = { tier: 'x', includedEnergyMilliWh: session.meterStopMilliWh };
      // Whole Wh are billed, and what a step adds is included as far as it was handed in.
      const stepless = {
        ...tariff,
        elements: tariff.elements.map((element) => ({
          ...element,
          priceComponents: element.priceComponents.map((one) => ({ ...one, stepSize: 0n })),
        })),
      };
      expect(minorOf(reportOf(stepless, session, entitlement), 'ENERGY', 'DISCOUNT')).toBe(0n);
    }));
});

describe('the limit of idle time', () => {
  it('is what idle time costs at most, exactly and to the unit', () =>
    check(({ lines }, _without, { tariff }) => {
      if (tariff.idleMaxPrice === undefined) return;
      const idle = lines.filter(({ dimension }) =>
        ['PARKING_TIME', 'ADJUSTMENT'].includes(dimension),
      );
      const most = decimalToRational(tariff.idleMaxPrice);
      expect(compareRational(sumOf(idle.map((line) => line.amountExact)), most)).not.toBe(1);
      const mostMinor =
        BigInt(Math.round(Number(tariff.idleMaxPrice.unscaled) * 100)) /
        10n ** BigInt(tariff.idleMaxPrice.scale);
      expect(idle.reduce((sum, line) => sum + line.amountMinor, 0n)).toBeLessThanOrEqual(mostMinor);
    }));
});

describe('the cost of energy', () => {
  it('covers the metered energy by its periods, and decides no price', () =>
    check((report, _without, { tariff, session, entitlement }) => {
      const { energyCost } = report;
      const kwh = sumOf(energyCost?.periods.map(({ energyKwhExact }) => energyKwhExact) ?? []);
      expect(compareRational(kwh, rational(session.meterStopMilliWh, 1_000_000n))).toBe(0);
      const cost = sumOf(energyCost?.periods.map(({ costExact = '0' }) => costExact) ?? []);
      expect(compareRational(cost, value(energyCost?.costExact ?? '-1'))).toBe(0);
      const { energyCost: _left, ...costless } = tariff;
      const { energyCost: _cost, ...price } = report;
      expect(reportOf(costless, session, entitlement)).toEqual(price);
    }));
});
