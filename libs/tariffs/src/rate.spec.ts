import type { Decimal, Rational } from '@tallywatt/money';
import {
  addRational,
  compareRational,
  decimalFromString,
  decimalToRational,
  multiplyRational,
  rational,
  zeroRational,
} from '@tallywatt/money';
import fc from 'fast-check';
import type { MeterPoint, OccupancySpan, OcpiTariff, RatingInput, RatingReport } from './index';
import { parseTariff, rate } from './index';

const tariffOf = (json: object): OcpiTariff => {
  const parsed = parseTariff({ id: 'T', currency: 'EUR', ...json });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.tariff;
};
const reportOf = (input: RatingInput): RatingReport => {
  const result = rate(input);
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.report;
};
const component = (type: string, price: number, step = 0, vat = 19): object => ({
  type,
  price,
  vat,
  step_size: step,
});

const linear = tariffOf({
  elements: [{ price_components: [component('ENERGY', 0.37), component('TIME', 1.3)] }],
});
const restless = tariffOf({
  elements: [
    {
      price_components: [
        component('ENERGY', 0.61, 100),
        component('TIME', 2.4, 60, 7),
        component('PARKING_TIME', 6, 60),
      ],
      restrictions: { start_time: '16:00', end_time: '20:00', day_of_week: ['MONDAY', 'FRIDAY'] },
    },
    { price_components: [component('ENERGY', 0.29, 1, 7)], restrictions: { min_kwh: 7.5 } },
    {
      price_components: [
        component('FLAT', 0.5),
        component('ENERGY', 0.41, 1),
        component('TIME', 1.1, 300),
        component('PARKING_TIME', 4.2, 900),
      ],
      restrictions: { max_duration: 10_000 },
    },
    { price_components: [component('ENERGY', 0.13), component('PARKING_TIME', 0)] },
  ],
  max_price: { excl_vat: 19, incl_vat: 22 },
  min_price: { excl_vat: 1 },
  tallywatt: { idle_grace_seconds: 400 },
});

const states = ['charging', 'suspended-ev', 'suspended-evse', 'idle'] as const;
const baseMs = Date.UTC(2026, 9, 23, 6);

type Drawn = Readonly<{ session: RatingInput['session'] }>;

const sessions: fc.Arbitrary<Drawn> = fc
  .record({
    startMs: fc.integer({ min: 0, max: 4 * 86_400_000 }).map((ms) => baseMs + ms),
    steps: fc.array(fc.tuple(fc.integer({ min: 1, max: 3_600_000 }), fc.bigInt(0n, 4_000_000n)), {
      minLength: 1,
      maxLength: 12,
    }),
    idleMs: fc.integer({ min: 0, max: 7_200_000 }),
    first: fc.bigInt(0n, 10n ** 12n),
    spans: fc.array(fc.tuple(fc.nat(40_000_000), fc.nat(9_000_000), fc.constantFrom(...states)), {
      maxLength: 5,
    }),
    onClock: fc.boolean(),
  })
  .map(({ startMs, steps, idleMs, first, spans, onClock }) => {
    const readings: MeterPoint[] = [];
    let atMs = startMs;
    let register = first;
    for (const [milliseconds, milliWh] of steps) {
      atMs += milliseconds;
      register += milliWh;
      const context = onClock ? 'Sample.Clock' : 'Sample.Periodic';
      readings.push({ atMs, registerMilliWh: register, context });
    }
    const last = readings.pop();
    const stopMs = last?.atMs ?? startMs;
    return {
      session: {
        startMs,
        stopMs,
        endMs: stopMs + idleMs,
        meterStartMilliWh: first,
        meterStopMilliWh: last?.registerMilliWh ?? first,
        readings,
        states: spans.map(([after, length, state]): OccupancySpan => ({
          fromMs: startMs + after,
          toMs: startMs + after + length,
          state,
        })),
      },
    };
  });

const inputOf = (tariff: OcpiTariff, session: RatingInput['session']): RatingInput => ({
  tariff,
  timeZone: 'Europe/Berlin',
  session,
});

const fromText = (text: string): Rational => {
  const [numerator = '', denominator] = text.split('/');
  return denominator === undefined
    ? decimalToRational(decimalFromString(numerator))
    : rational(BigInt(numerator), BigInt(denominator));
};
const total = (texts: readonly string[]): Rational =>
  texts.reduce((sum, text) => addRational(sum, fromText(text)), zeroRational);
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

  it('costs the same whatever order its readings come in and however often', () =>
    fc.assert(
      fc.property(
        sessions.chain(({ session }) =>
          fc.record({
            session: fc.constant(session),
            shuffled: fc.shuffledSubarray([...session.readings, ...session.readings], {
              minLength: session.readings.length * 2,
            }),
            shuffledStates: fc.shuffledSubarray([...(session.states ?? [])], {
              minLength: session.states?.length ?? 0,
            }),
          }),
        ),
        ({ session, shuffled, shuffledStates }) => {
          const plain = reportOf(inputOf(restless, session));
          const mixed = { ...session, readings: shuffled, states: shuffledStates };
          expect(reportOf(inputOf(restless, mixed))).toEqual(plain);
        },
      ),
    ));

  it('costs the same on a linear tariff however it is cut in two', () =>
    fc.assert(
      fc.property(sessions, fc.double({ min: 0, max: 1, noNaN: true }), ({ session }, share) => {
        const { startMs, stopMs, readings } = session;
        const plain = { ...session, states: [], endMs: stopMs };
        const whole = reportOf(inputOf(linear, plain));
        const at = readings[Math.floor(share * readings.length)];
        if (at?.registerMilliWh === undefined || at.atMs === startMs) return;
        const first = {
          ...plain,
          stopMs: at.atMs,
          endMs: at.atMs,
          meterStopMilliWh: at.registerMilliWh,
        };
        const second = { ...plain, startMs: at.atMs, meterStartMilliWh: at.registerMilliWh };
        const parts = [first, second].map((part) => reportOf(inputOf(linear, part)));
        expect(total(parts.map((part) => part.totals.inclTaxExact))).toEqual(
          fromText(whole.totals.inclTaxExact),
        );
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
