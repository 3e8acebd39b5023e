import type { Rational } from '@tallywatt/money';
import { decimalFromString, decimalToRational, multiplyRational, rational } from '@tallywatt/money';
import fc from 'fast-check';
import type { RatedSession, RatingReport } from './index';
import { parseTariff, rate } from './index';

// Arithmetic runs on doubles while they are exact and on bigint beyond: a price must not depend on
// which of the two it was.

const element = (price: number, restrictions: object) => ({
  price_components: [
    { type: 'ENERGY', price, vat: 19, step_size: 0 },
    { type: 'TIME', price: 1.3, vat: 7, step_size: 60 },
  ],
  restrictions,
});
const parsed = parseTariff({
  id: 'T',
  currency: 'EUR',
  elements: [
    element(0.4999, { start_time: '16:00', end_time: '19:20' }),
    element(0.37, { max_duration: 20_000 }),
    element(0.1301, {}),
  ],
});
if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
const { tariff } = parsed;

const reportOf = (session: RatedSession): RatingReport => {
  const result = rate({ tariff, timeZone: 'Europe/Berlin', session });
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.report;
};

const startMs = Date.UTC(2026, 9, 24, 12);

/** A session whose registers are `first` and, from there, `scale` times what was taken. */
const sessionOf = (
  steps: readonly (readonly [number, bigint])[],
  first: bigint,
  scale: bigint,
): RatedSession => {
  let atMs = startMs;
  let taken = 0n;
  const readings = steps.map(([milliseconds, milliWh]) => {
    atMs += milliseconds;
    taken += milliWh;
    return { atMs, registerMilliWh: first + taken * scale };
  });
  return {
    startMs,
    stopMs: atMs,
    endMs: atMs,
    meterStartMilliWh: first,
    meterStopMilliWh: first + taken * scale,
    readings: readings.slice(0, -1),
  };
};

const steps = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 9_000_000 }), fc.bigInt(0n, 4_000_000n)),
  { minLength: 1, maxLength: 10 },
);

const fromText = (text: string): Rational => {
  const [numerator = '', denominator] = text.split('/');
  return denominator === undefined
    ? decimalToRational(decimalFromString(numerator))
    : rational(BigInt(numerator), BigInt(denominator));
};

describe('a session of any size', () => {
  it('costs the same whatever its register started at', () =>
    fc.assert(
      fc.property(steps, fc.bigInt(2n ** 53n - 9n, 2n ** 80n), (drawn, first) =>
        expect(reportOf(sessionOf(drawn, first, 1n))).toEqual(reportOf(sessionOf(drawn, 0n, 1n))),
      ),
    ));

  it('has exact energy and amounts in proportion to what was taken, far beyond a double', () =>
    fc.assert(
      fc.property(steps, fc.bigInt(1n, 10n ** 12n), (drawn, factor) => {
        const small = reportOf(sessionOf(drawn, 0n, 1n));
        const large = reportOf(sessionOf(drawn, 0n, factor));
        const times = (text: string): Rational =>
          multiplyRational(fromText(text), rational(factor, 1));
        expect(large.periods.map((period) => fromText(period.energyMilliWhExact))).toEqual(
          small.periods.map((period) => times(period.energyMilliWhExact)),
        );
        const energy = (report: RatingReport) =>
          report.lines.filter(({ dimension }) => dimension === 'ENERGY');
        expect(energy(large).map(({ amountExact }) => fromText(amountExact))).toEqual(
          energy(small).map(({ amountExact }) => times(amountExact)),
        );
      }),
    ));
});
