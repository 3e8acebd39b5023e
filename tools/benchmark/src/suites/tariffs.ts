import { rational, addRational, multiplyRational, toMinor } from '@tallywatt/money';
import { parseTariff, rate, type OcpiTariff } from '@tallywatt/tariffs';
import type { Benchmark, Measurement } from '../contest';
import { sessionSizeBenchmarks } from './session-sizes';

// A session of 60 readings, 2.6 kB as JSON, priced by a tariff with a day and a night price.

const readings = 60;
const startMs = Date.parse('2026-11-20T19:30:00.000Z');
const stepMs = 180_000;
const variants = 64;

type WireSession = Readonly<{
  startMs: number;
  stopMs: number;
  meterStartWh: number;
  meterStopWh: number;
  readings: readonly Readonly<{ atMs: number; wh: number }>[];
}>;

/** Sessions differ, so that no result can be the one before. */
const sessionText = (variant: number): string => {
  const whAt = (index: number): number => 1_000_000 + index * (311 + variant);
  const points = Array.from({ length: readings }, (_, index) => ({
    atMs: startMs + (index + 1) * stepMs,
    wh: whAt(index + 1),
  }));
  return JSON.stringify({
    startMs,
    stopMs: startMs + (readings + 1) * stepMs,
    meterStartWh: whAt(0),
    meterStopWh: whAt(readings + 1),
    readings: points,
  });
};

const element = (price: number, restrictions?: object) => ({
  price_components: [{ type: 'ENERGY', price, vat: 19, step_size: 1 }],
  ...(restrictions === undefined ? {} : { restrictions }),
});

const tariffOf = (elements: readonly object[]): OcpiTariff => {
  const parsed = parseTariff({
    country_code: 'DE',
    party_id: 'TLY',
    id: 'benchmark',
    currency: 'EUR',
    elements,
    last_updated: '2026-01-01T00:00:00Z',
  });
  if (!parsed.ok) throw new Error('the tariff of the benchmark cannot be read');
  return parsed.tariff;
};

const flat = tariffOf([element(0.45)]);
const dayAndNight = tariffOf([
  element(0.49, { start_time: '07:00', end_time: '21:00' }),
  element(0.35),
]);
/** A price that asks about the power cuts the session at each of its readings. */
const byPower = tariffOf([element(0.49, { max_power: 6.4 }), element(0.45)]);

const priced = (text: string, tariff: OcpiTariff): bigint => {
  const wire = JSON.parse(text) as WireSession;
  const result = rate({
    tariff,
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    session: {
      startMs: wire.startMs,
      stopMs: wire.stopMs,
      endMs: wire.stopMs,
      meterStartMilliWh: BigInt(wire.meterStartWh) * 1_000n,
      meterStopMilliWh: BigInt(wire.meterStopWh) * 1_000n,
      readings: wire.readings.map(({ atMs, wh }) => ({
        atMs,
        registerMilliWh: BigInt(wh) * 1_000n,
      })),
    },
  });
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.report.totals.exclTaxMinor;
};

/** Energy of each reading, summed up and priced: no segments, no lines, no tax. */
const floorBigInt = (text: string): bigint => {
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

/** The same with the exact fractions of libs/money, as one would with a decimal library. */
const floorRational = (text: string): bigint => {
  const wire = JSON.parse(text) as WireSession;
  const price = rational(45n, 100_000n);
  let before = BigInt(wire.meterStartWh);
  let sum = rational(0n, 1n);
  for (const { wh } of [...wire.readings, { wh: wire.meterStopWh }]) {
    const now = BigInt(wh);
    sum = addRational(sum, multiplyRational(rational(now - before, 1n), price));
    before = now;
  }
  return toMinor(sum, 'EUR', 'half-away-from-zero');
};

/** What each session costs, by hand: kWh times price, rounded half away from zero. */
const expectedFlat = (variant: number): bigint => {
  const wh = BigInt((readings + 1) * (311 + variant));
  return (wh * 45n + 500n) / 1_000n;
};

/** 21:00 in Berlin is the instant of the tenth reading; each line is rounded on its own. */
const expectedDayAndNight = (variant: number): bigint => {
  const wh = BigInt(311 + variant);
  return (10n * wh * 49n + 500n) / 1_000n + (51n * wh * 35n + 500n) / 1_000n;
};

/** Readings every three minutes: twenty times their Wh is the power in W. */
const expectedByPower = (variant: number): bigint => {
  const wh = BigInt(311 + variant);
  return (61n * wh * (wh * 20n < 6_400n ? 49n : 45n) + 500n) / 1_000n;
};

const contest = (
  sessions: number,
  price: (text: string) => bigint,
  expected: (variant: number) => bigint,
): (() => Promise<Measurement>) => {
  const texts = Array.from({ length: variants }, (_, variant) => sessionText(variant));
  return async () => {
    const faults: string[] = [];
    texts.forEach((text, variant) => {
      const found = price(text);
      const wanted = expected(variant);
      if (found !== wanted) {
        faults.push(`session ${variant} costs ${wanted} cents, priced ${found}`);
      }
    });
    let sum = 0n;
    const startedMs = performance.now();
    for (let index = 0; index < sessions; index += 1) {
      sum += price(texts[index % variants] as string);
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    if (sum <= 0n) faults.push('nothing was priced');
    return { perSecond: { sessions: sessions / seconds }, faults };
  };
};

/** Sessions priced by one core; JSON is part of it on all sides. */
export const tariffBenchmarks = (quick: boolean): Benchmark[] => {
  const sessions = quick ? 4_000 : 12_000;
  return [
    {
      id: 'pricing',
      title: 'Pricing a session of 60 readings, one core',
      about: `${sessions} sessions each run, parsed from JSON; the price is checked for each kind`,
      contenders: [
        {
          name: 'rate, flat tariff',
          role: 'ours',
          about: 'parsed, rated, itemised with tax, periods and explanations',
          run: contest(sessions, (text) => priced(text, flat), expectedFlat),
        },
        {
          name: 'rate, day and night price',
          role: 'ours',
          about: 'the same, with a boundary of the local clock interpolated',
          run: contest(sessions, (text) => priced(text, dayAndNight), expectedDayAndNight),
        },
        {
          name: 'rate, price by power',
          role: 'ours',
          about: 'the same, cut into 61 segments, one for each reading',
          run: contest(sessions, (text) => priced(text, byPower), expectedByPower),
        },
        {
          name: 'JSON.parse and BigInt',
          role: 'limit',
          about: 'parsed, energy summed reading by reading, one multiplication, one rounding',
          run: contest(sessions, floorBigInt, expectedFlat),
        },
        {
          name: 'exact fractions',
          role: 'reference',
          about: 'parsed, each reading priced in exact fractions, one rounding',
          run: contest(sessions, floorRational, expectedFlat),
        },
      ],
    },
    ...sessionSizeBenchmarks(quick),
  ];
};
