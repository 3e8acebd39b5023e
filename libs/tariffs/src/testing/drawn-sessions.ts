import type { Rational } from '@tallywatt/money';
import {
  addRational,
  decimalFromString,
  decimalToRational,
  rational,
  zeroRational,
} from '@tallywatt/money';
import fc from 'fast-check';
import type { MeterPoint, OccupancySpan, OcpiTariff, RatingInput, RatingReport } from '../index';
import { parseTariff, rate } from '../index';

// Tariffs and sessions for properties, and what reads a report exactly.

/** A tariff of prices in EUR. */
export const tariffOf = (json: object): OcpiTariff => {
  const parsed = parseTariff({ id: 'T', currency: 'EUR', ...json });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.tariff;
};
export const reportOf = (input: RatingInput): RatingReport => {
  const result = rate(input);
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.report;
};
export const component = (type: string, price: number, step = 0, vat = 19): object => ({
  type,
  price,
  vat,
  step_size: step,
});

/** What it costs depends on energy and charging time alone. */
export const linear = tariffOf({
  elements: [{ price_components: [component('ENERGY', 0.37), component('TIME', 1.3)] }],
});
/** Whatever restrictions can ask, it asks. */
export const restless = tariffOf({
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

/** Sessions of up to twelve readings over a change of the clock, with states of every kind. */
export const sessions: fc.Arbitrary<Drawn> = fc
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

export const inputOf = (tariff: OcpiTariff, session: RatingInput['session']): RatingInput => ({
  tariff,
  timeZone: 'Europe/Berlin',
  session,
});

/** An exact text of a report. */
export const fromText = (text: string): Rational => {
  const [numerator = '', denominator] = text.split('/');
  return denominator === undefined
    ? decimalToRational(decimalFromString(numerator))
    : rational(BigInt(numerator), BigInt(denominator));
};
export const total = (texts: readonly string[]): Rational =>
  texts.reduce((sum, text) => addRational(sum, fromText(text)), zeroRational);
