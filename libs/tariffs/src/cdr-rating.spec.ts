import { decimalFromString, rational, roundQuotient } from '@tallywatt/money';
import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import type { CdrPeriod, CdrRatingInput, OcpiTariff, RatingInput } from './index';
import { parseTariff, rate, rateCdr } from './index';
import { caseNames, inputOf } from './testing/price-cases';

const tariffOf = (elements: readonly object[], more: object = {}): OcpiTariff => {
  const parsed = parseTariff({ id: 'T', currency: 'EUR', elements, ...more });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.tariff;
};
const component = (type: string, price: number, stepSize = 1, vat = 0): object => ({
  type,
  price,
  vat,
  step_size: stepSize,
});
const period = (at: string, volumes: Record<string, string>): CdrPeriod => ({
  fromMs: parseInstant(at),
  volumes: Object.fromEntries(
    Object.entries(volumes).map(([name, text]) => [name, decimalFromString(text)]),
  ),
});
const priced = (tariff: OcpiTariff, start: string, end: string, periods: CdrPeriod[]) =>
  rateCdr({
    tariff,
    timeZone: 'Europe/Amsterdam',
    cdr: { startMs: parseInstant(start), endMs: parseInstant(end), periods },
  });

const [nine, ten, eleven] = [
  '2019-03-04T09:00:00Z',
  '2019-03-04T10:00:00Z',
  '2019-03-04T11:00:00Z',
];

const hourly = tariffOf([{ price_components: [component('TIME', 1)] }]);

describe("a CDR's periods", () => {
  it('are not cut: what holds at their start prices them whole', () => {
    const tariff = tariffOf([
      { price_components: [component('ENERGY', 0.2)], restrictions: { end_time: '10:30' } },
      { price_components: [component('ENERGY', 1)] },
    ]);
    const one = [period(nine, { ENERGY: '10', TIME: '1' })];
    expect(priced(tariff, nine, ten, one)).toMatchObject({
      ok: true,
      report: { totals: { exclTaxExact: '2' }, lines: [{ tariffElementIndex: 0 }] },
    });
  });

  it('are judged with the energy and duration of those before them', () => {
    const tariff = tariffOf([
      { price_components: [component('ENERGY', 1)], restrictions: { min_kwh: 10 } },
      { price_components: [component('TIME', 6)], restrictions: { min_duration: 3600 } },
      { price_components: [component('ENERGY', 0.2), component('TIME', 1)] },
    ]);
    const two = [
      period(nine, { ENERGY: '10', TIME: '1' }),
      period(ten, { ENERGY: '1', TIME: '1' }),
    ];
    // 10 x 0.20 + 1 x 1.00, then 1 x 1.00 + 1 h x 6.00.
    expect(priced(tariff, nine, eleven, two)).toMatchObject({
      report: { totals: { exclTaxExact: '10' } },
    });
    const turned = priced(tariff, nine, eleven, [...two].reverse());
    expect(turned).toMatchObject({
      report: { totals: { exclTaxExact: '10' } },
      marks: [],
    });
  });

  it('are held against a minimum by their least and against a maximum by their most', () => {
    const tariff = tariffOf([
      { price_components: [component('ENERGY', 1)], restrictions: { min_current: 16 } },
      { price_components: [component('ENERGY', 2)], restrictions: { max_current: 32 } },
      { price_components: [component('ENERGY', 3)] },
    ]);
    const priceAt = (currents: Record<string, string>): unknown => {
      const result = priced(tariff, nine, ten, [period(nine, { ENERGY: '1', ...currents })]);
      return result.ok ? result.report.totals.exclTaxExact : result.reason;
    };
    expect(priceAt({ MIN_CURRENT: '16', MAX_CURRENT: '40' })).toBe('1');
    expect(priceAt({ MIN_CURRENT: '10', MAX_CURRENT: '31' })).toBe('2');
    expect(priceAt({ MIN_CURRENT: '10', MAX_CURRENT: '32' })).toBe('3');
    expect(priceAt({ CURRENT: '15.9' })).toBe('2');
    expect(priceAt({})).toBe('power-or-current-unknown');
  });

  it('last as long as their timestamps say where four decimals of an hour cannot', () => {
    const tariff = tariffOf([{ price_components: [component('TIME', 3.6)] }]);
    const end = '2019-03-04T11:46:40Z';
    const exact = priced(tariff, nine, end, [period(nine, { TIME: '2.7778' })]);
    expect(exact).toMatchObject({ report: { totals: { exclTaxExact: '10' } }, marks: [] });
    const other = priced(tariff, nine, end, [period(nine, { TIME: '2.5' })]);
    expect(other).toMatchObject({
      report: { totals: { exclTaxExact: '9' } },
      marks: ['time-volume-differs-from-timestamps'],
    });
  });

  it('may hold charging and idle time at once, less the grace of each idle stretch', () => {
    const tariff = tariffOf(
      [{ price_components: [component('TIME', 1), component('PARKING_TIME', 6)] }],
      { tallywatt: { idle_grace_seconds: 1800 } },
    );
    const both = [
      period(nine, { TIME: '0.5', PARKING_TIME: '0.5' }),
      period(ten, { PARKING_TIME: '1' }),
    ];
    // 0.5 h charging, 30 of the 90 idle minutes are grace.
    expect(priced(tariff, nine, eleven, both)).toMatchObject({
      report: {
        totals: { exclTaxExact: '6.5' },
        chargingSeconds: 1800n,
        parkingSeconds: 5400n,
        billedParkingSecondsExact: '5400',
      },
    });
  });

  it('are an expired reservation when they hold nothing else', () => {
    const tariff = tariffOf([
      {
        price_components: [component('FLAT', 4)],
        restrictions: { reservation: 'RESERVATION_EXPIRES' },
      },
      { price_components: [component('TIME', 2)], restrictions: { reservation: 'RESERVATION' } },
      { price_components: [component('FLAT', 0.5), component('ENERGY', 0.25)] },
    ]);
    const reserved = period(nine, { RESERVATION_TIME: '1' });
    expect(priced(tariff, nine, ten, [reserved])).toMatchObject({
      report: { totals: { exclTaxExact: '6' } },
    });
    const used = [reserved, period(ten, { ENERGY: '4', TIME: '1' })];
    expect(priced(tariff, nine, eleven, used)).toMatchObject({
      report: { totals: { exclTaxExact: '3.5' } },
    });
    const charged = [period(nine, { RESERVATION_TIME: '1', ENERGY: '4' })];
    expect(priced(tariff, nine, ten, charged)).toMatchObject({ reason: 'meter-unusable' });
  });

  it.each<[Partial<CdrRatingInput>, string]>([
    [{ timeZone: 'Mars/Olympus' }, 'time-zone-unknown'],
    [{ currency: 'SEK' }, 'currency-mismatch'],
    [
      { cdr: { startMs: 5, endMs: 9, periods: [{ fromMs: 4, volumes: {} }] } },
      'session-times-unusable',
    ],
    [{ tariff: { ...hourly, startAtMs: 6 } }, 'tariff-not-in-force'],
  ])('refuses %j', (change, reason) => {
    const cdr = { startMs: 5, endMs: 9, periods: [] };
    expect(rateCdr({ timeZone: 'UTC', cdr, tariff: hourly, ...change })).toMatchObject({ reason });
  });
});

// The periods of a rated session, written as a CDR writes them, cost what the session costs.

const hours = (milliseconds: number): string => {
  const { numerator, denominator } = rational(BigInt(milliseconds), 360n);
  const tenThousandths = roundQuotient(numerator, denominator, 'half-away-from-zero');
  return `${tenThousandths / 10_000n}.${(tenThousandths % 10_000n).toString().padStart(4, '0')}`;
};

const timeDimensions = {
  charging: 'TIME',
  parking: 'PARKING_TIME',
  reserved: 'RESERVATION_TIME',
  'reservation-expired': 'RESERVATION_TIME',
} as const;

const periodsOf = ({ session }: RatingInput, report: ReturnType<typeof reportOf>): CdrPeriod[] =>
  report.periods.map(({ fromMs, toMs, use, energyMilliWhExact }) => {
    const reading = session.readings.findLast(({ atMs }) => atMs <= fromMs) ?? session.readings[0];
    const held = reading?.atMs === undefined || fromMs >= session.stopMs ? undefined : reading;
    return period(instantFromEpochMs(fromMs), {
      ENERGY: (Number(energyMilliWhExact) / 1e6).toString(),
      [timeDimensions[use]]: hours(toMs - fromMs),
      ...(held?.currentMilliA !== undefined && { CURRENT: `${Number(held.currentMilliA) / 1e3}` }),
      ...(held?.powerMilliW !== undefined && { POWER: `${Number(held.powerMilliW) / 1e6}` }),
    });
  });

const reportOf = (input: RatingInput) => {
  const result = rate(input);
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.report;
};

const names = caseNames.filter((name) => name.startsWith('ocpi-'));

describe("OCPI's worked examples", () => {
  it.each(names)('%s costs the same as a CDR', (name) => {
    const input = inputOf(name);
    const report = reportOf(input);
    const { startMs, endMs } = input.session;
    const fromMs = report.periods[0]?.fromMs ?? startMs;
    const cdr = { startMs: fromMs, endMs, periods: periodsOf(input, report) };
    const result = rateCdr({ ...input, cdr });
    if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
    const { totals, lines, taxes, ...others } = result.report;
    expect(totals).toEqual(report.totals);
    expect(taxes).toEqual(report.taxes);
    expect(others).toMatchObject({
      billedEnergyWhExact: report.billedEnergyWhExact,
      billedChargingSecondsExact: report.billedChargingSecondsExact,
      billedParkingSecondsExact: report.billedParkingSecondsExact,
    });
    expect(lines.map(({ explanation: _, ...line }) => line)).toMatchObject(
      report.lines.map(({ explanation: _, fromBoundary: __, toBoundary: ___, ...line }) => line),
    );
    expect(result.marks).toEqual([]);
  });
});
