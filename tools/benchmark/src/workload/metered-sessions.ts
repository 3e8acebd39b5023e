import { parseTariff, rate, type OcpiTariff, type RatingReport } from '@tallywatt/tariffs';
import { parseInstant } from '@tallywatt/time';

/** A session as JSON brings it, and what it costs in cents by hand. */
export type MeteredSession = Readonly<{ text: string; cents: bigint }>;

/** Sessions of one shape and the tariff that prices them. */
export type MeteredSessions = Readonly<{
  sessions: readonly MeteredSession[];
  tariff: OcpiTariff;
  /** How many periods each report has. */
  periods: number;
}>;

type WireSession = Readonly<{
  start: string;
  stop: string;
  end: string;
  meterStartWh: number;
  meterStopWh: number;
  readings: readonly Readonly<{ at: string; wh: number }>[];
}>;

const startMs = Date.parse('2026-11-20T19:30:00.000Z');
/** Sessions differ, so that no result can be the one before. */
const variants = 64;
const timeZone = 'Europe/Berlin';

/** A session whose register rises by one of `steps` in each interval, idle for a while after. */
const sessionText = (steps: readonly number[], stepMs: number, idleMs: number): string => {
  const at = (index: number): string => new Date(startMs + index * stepMs).toISOString();
  const registers = steps.reduce((sums, wh) => [...sums, (sums.at(-1) ?? 0) + wh], [1_000_000]);
  const wire: WireSession = {
    start: at(0),
    stop: at(steps.length),
    end: new Date(startMs + steps.length * stepMs + idleMs).toISOString(),
    meterStartWh: registers[0] ?? 0,
    meterStopWh: registers.at(-1) ?? 0,
    readings: registers.slice(1, -1).map((wh, index) => ({ at: at(index + 1), wh })),
  };
  return JSON.stringify(wire);
};

const tariffOf = (elements: readonly object[], more: object = {}): OcpiTariff => {
  const parsed = parseTariff({ id: 'benchmark', currency: 'EUR', elements, ...more });
  if (!parsed.ok) throw new Error('the tariff of the benchmark cannot be read');
  return parsed.tariff;
};

const component = (type: string, price: number) => ({ type, price, vat: 19, step_size: 1 });

/** The session read from JSON, as a service reads it, and rated. The tariff is read once. */
export const ratedFromJson = (text: string, tariff: OcpiTariff): RatingReport => {
  const wire = JSON.parse(text) as WireSession;
  const result = rate({
    tariff,
    timeZone,
    currency: 'EUR',
    session: {
      startMs: parseInstant(wire.start),
      stopMs: parseInstant(wire.stop),
      endMs: parseInstant(wire.end),
      meterStartMilliWh: BigInt(wire.meterStartWh) * 1_000n,
      meterStopMilliWh: BigInt(wire.meterStopWh) * 1_000n,
      readings: wire.readings.map(({ at, wh }) => ({
        atMs: parseInstant(at),
        registerMilliWh: BigInt(wh) * 1_000n,
      })),
    },
  });
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.report;
};

/** The limit: the same JSON, energy summed reading by reading, one multiplication, one rounding. */
export const summedFromJson = (text: string): bigint => {
  const wire = JSON.parse(text) as WireSession;
  let before = BigInt(wire.meterStartWh);
  let sum = 0n;
  for (const { wh } of wire.readings) {
    const now = BigInt(wh);
    sum += (now - before) * 45n;
    before = now;
  }
  sum += (BigInt(wire.meterStopWh) - before) * 45n;
  return (sum + 500n) / 1_000n;
};

const rounded = (numerator: bigint, denominator: bigint): bigint =>
  (2n * numerator + denominator) / (2n * denominator);

const each = (sessionOf: (variant: number) => MeteredSession): MeteredSession[] =>
  Array.from({ length: variants }, (_, variant) => sessionOf(variant));

/**
 * Four readings in two and a half hours, then an hour idle: day price, night price from 21:05 on
 * the wall, ten minutes of grace, idle time; five lines with the session fee.
 */
export const shortSessions = (): MeteredSessions => ({
  periods: 4,
  tariff: tariffOf(
    [
      {
        price_components: [component('ENERGY', 0.49)],
        restrictions: { start_time: '07:00', end_time: '21:05' },
      },
      {
        price_components: [
          component('FLAT', 0.5),
          component('ENERGY', 0.35),
          component('PARKING_TIME', 6),
        ],
      },
    ],
    { tallywatt: { idle_grace_seconds: 600 } },
  ),
  sessions: each((variant) => {
    const wh = 3_000 + variant;
    const text = sessionText(
      Array.from({ length: 5 }, () => wh),
      1_800_000,
      3_600_000,
    );
    // 35 of 150 minutes are day: 7/6 of one interval's energy, and 23/6 at night.
    const energy = rounded(BigInt(wh) * 7n * 49n, 6_000n) + rounded(BigInt(wh) * 23n * 35n, 6_000n);
    return { text, cents: 50n + energy + 500n };
  }),
});

/** One interval strong, one weak, and a price that asks about the power: a line for each. */
export const alternatingSessions = (intervals: number): MeteredSessions => ({
  periods: intervals,
  tariff: tariffOf([
    { price_components: [component('ENERGY', 0.49)], restrictions: { max_power: 10 } },
    { price_components: [component('ENERGY', 0.45)] },
  ]),
  sessions: each((variant) => {
    const steps = Array.from({ length: intervals }, (_, index) =>
      index % 2 === 0 ? 300 + variant : 50 + variant,
    );
    const cents = steps.reduce(
      (sum, wh, index) => sum + rounded(BigInt(wh) * (index % 2 === 0 ? 45n : 49n), 1_000n),
      0n,
    );
    return { text: sessionText(steps, 60_000, 0), cents };
  }),
});

/** Cut at each reading and priced alike: many segments, one line. */
export const evenSessions = (intervals: number): MeteredSessions => ({
  periods: 1,
  tariff: tariffOf([
    { price_components: [component('ENERGY', 0.49)], restrictions: { max_power: 10 } },
    { price_components: [component('ENERGY', 0.45)] },
  ]),
  sessions: each((variant) => {
    const steps = Array.from({ length: intervals }, () => 300 + variant);
    const cents = rounded(BigInt(intervals * (300 + variant)) * 45n, 1_000n);
    return { text: sessionText(steps, 60_000, 0), cents };
  }),
});
