import type { Decimal, Rational } from '@tallywatt/money';
import {
  addRational,
  compareRational,
  decimalToRational,
  multiplyRational,
  rational,
} from '@tallywatt/money';
import fc from 'fast-check';
import { meteredEnergy } from './rate';
import {
  component,
  fromText,
  inputOf,
  linear,
  reportOf,
  restless,
  sessions,
  tariffOf,
  total,
} from './testing/drawn-sessions';

const percent = (value: Decimal): Rational =>
  multiplyRational(decimalToRational(value), rational(1n, 100n));

describe('every rated session', () => {
  it('has periods that sum to the metered energy', () =>
    fc.assert(
      fc.property(sessions, ({ session }) => {
        const report = reportOf(inputOf(restless, session));
        const metered = session.meterStopMilliWh - session.meterStartMilliWh;
        expect(report.energyMilliWh).toBe(metered);
        expect(total(report.periods.map((period) => period.energyMilliWhExact))).toEqual(
          rational(metered, 1n),
        );
      }),
    ));

  it('took what is said of its energy alone, without a tariff', () =>
    fc.assert(
      fc.property(sessions, ({ session }) => {
        const { energyMilliWh } = reportOf(inputOf(restless, session));
        expect(meteredEnergy(session)).toEqual({ ok: true, energyMilliWh });
      }),
    ));

  it('has totals that are the sum of its lines and its taxes', () =>
    fc.assert(
      fc.property(sessions, ({ session }) => {
        const { lines, taxes, totals } = reportOf(inputOf(restless, session));
        const sum = (values: bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
        expect(sum(lines.map((line) => line.amountMinor))).toBe(totals.exclTaxMinor);
        expect(sum(taxes.map((tax) => tax.taxableMinor))).toBe(totals.exclTaxMinor);
        expect(sum(taxes.map((tax) => tax.taxMinor))).toBe(totals.taxMinor);
        expect(totals.exclTaxMinor + totals.taxMinor).toBe(totals.inclTaxMinor);
        expect(total(lines.map((line) => line.amountExact))).toEqual(fromText(totals.exclTaxExact));
        expect(totals.exclTaxMinor <= 1900n && totals.inclTaxMinor <= 2200n).toBe(true);
        expect(totals.exclTaxMinor >= 100n).toBe(true);
      }),
    ));

  it('taxes each rate on the sum of its lines when no limit is reached', () =>
    fc.assert(
      fc.property(sessions, ({ session }) => {
        const { lines, taxes } = reportOf(inputOf(linear, session));
        for (const { ratePercent, taxableMinor, taxMinor } of taxes) {
          const own = lines.filter((line) => line.taxRatePercent.unscaled === ratePercent.unscaled);
          expect(own.reduce((sum, line) => sum + line.amountMinor, 0n)).toBe(taxableMinor);
          const exact = multiplyRational(rational(taxableMinor, 1n), percent(ratePercent));
          const error = addRational(exact, rational(-taxMinor, 1n));
          expect(compareRational(error, rational(1n, 2n))).toBeLessThanOrEqual(0);
          expect(compareRational(error, rational(-1n, 2n))).toBeGreaterThanOrEqual(0);
        }
      }),
    ));

  it('shows each line as quantity times unit price', () =>
    fc.assert(
      fc.property(sessions, ({ session }) => {
        for (const line of reportOf(inputOf(restless, session)).lines) {
          if (line.dimension === 'ADJUSTMENT') continue;
          expect(
            multiplyRational(fromText(line.quantityExact), decimalToRational(line.unitPrice)),
          ).toEqual(fromText(line.amountExact));
        }
      }),
    ));

  it('counts no second twice and loses none', () =>
    fc.assert(
      fc.property(sessions, ({ session }) => {
        const { periods } = reportOf(inputOf(restless, session));
        let atMs = session.startMs;
        for (const period of periods) {
          expect(period.fromMs).toBe(atMs);
          expect('TIME' in period.elementIndexes && 'PARKING_TIME' in period.elementIndexes).toBe(
            false,
          );
          atMs = period.toMs;
        }
        expect(atMs).toBe(session.endMs);
      }),
    ));

  it('costs the same when one more cut is put anywhere by a rule of equal price', () =>
    fc.assert(
      fc.property(sessions, fc.integer({ min: 1, max: 40_000 }), ({ session }, seconds) => {
        const price = [component('ENERGY', 0.37), component('TIME', 1.3)];
        const cut = tariffOf({
          elements: [
            { price_components: price, restrictions: { max_duration: seconds } },
            { price_components: price },
          ],
        });
        expect(reportOf(inputOf(cut, session)).totals.exclTaxExact).toBe(
          reportOf(inputOf(linear, session)).totals.exclTaxExact,
        );
      }),
    ));
});
