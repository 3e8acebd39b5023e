import { hasParkingTime, parseTariff } from './index';

const energy = { type: 'ENERGY', price: 0.25, vat: 19, step_size: 1 };
const tariff = (change: object = {}): object => ({
  id: 'T1',
  currency: 'EUR',
  elements: [{ price_components: [energy] }],
  ...change,
});
const restricted = (restrictions: object): object =>
  tariff({ elements: [{ price_components: [energy], restrictions }] });

const faultsOf = (json: unknown): Record<string, string> => {
  const parsed = parseTariff(json);
  return parsed.ok ? {} : Object.fromEntries(parsed.faults.map((f) => [f.path, f.message]));
};
const warningsOf = (json: unknown): string[] => {
  const parsed = parseTariff(json);
  return parsed.ok ? parsed.warnings.map((w) => `${w.path} ${w.message}`) : ['not parsed'];
};

describe('a tariff', () => {
  it('is read exactly as written', () => {
    const parsed = parseTariff(tariff({ tallywatt: { idle_grace_seconds: 600 } }));
    expect(parsed).toMatchObject({
      ok: true,
      warnings: [],
      tariff: {
        idleGraceSeconds: 600n,
        elements: [{ priceComponents: [{ price: { unscaled: 25n, scale: 2 }, stepSize: 1n }] }],
      },
    });
  });

  it('knows every restriction of the standard', () => {
    const parsed = parseTariff(
      restricted({
        start_time: '22:00',
        end_time: '06:00',
        start_date: '2026-01-01',
        end_date: '2027-01-01',
        min_kwh: 0.0005,
        max_kwh: 20,
        min_current: 6,
        max_current: 32.5,
        min_power: 1.4,
        max_power: 22,
        min_duration: 60,
        max_duration: 3600,
        day_of_week: ['MONDAY'],
      }),
    );
    expect(parsed.ok && parsed.tariff.elements[0]?.restrictions).toEqual({
      startTime: '22:00',
      endTime: '06:00',
      startDate: '2026-01-01',
      endDate: '2027-01-01',
      minEnergyMilliWh: 500n,
      maxEnergyMilliWh: 20_000_000n,
      minCurrentMilliA: 6000n,
      maxCurrentMilliA: 32_500n,
      minPowerMilliW: 1_400_000n,
      maxPowerMilliW: 22_000_000n,
      minDurationSeconds: 60n,
      maxDurationSeconds: 3600n,
      dayOfWeek: ['MONDAY'],
    });
  });

  it('takes an empty day_of_week as no restriction and 00:00-00:00 as the whole day', () => {
    const parsed = parseTariff(
      restricted({ day_of_week: [], start_time: '00:00', end_time: '00:00' }),
    );
    expect(parsed.ok && parsed.tariff.elements[0]?.restrictions).toEqual({
      startTime: '00:00',
      endTime: '00:00',
    });
  });

  it('says whether a session stays open after its stop', () => {
    const parking = { type: 'PARKING_TIME', price: 1, step_size: 1 };
    const withParking = parseTariff(tariff({ elements: [{ price_components: [parking] }] }));
    const without = parseTariff(tariff());
    expect(withParking.ok && hasParkingTime(withParking.tariff)).toBe(true);
    expect(without.ok && hasParkingTime(without.tariff)).toBe(false);
  });
});

describe('a malformed tariff', () => {
  it.each([undefined, null, 5, 'x', []])('%j is no tariff at all', (json) =>
    expect(Object.keys(faultsOf(json))).toEqual(['$']),
  );

  it('is told every fault at once, each with its path', () =>
    expect(
      faultsOf({
        id: '',
        currency: 'EURO',
        elements: [
          {
            price_components: [
              { ...energy, price: '0.25' },
              { ...energy, step_size: 1.5 },
            ],
          },
          { price_components: [], restrictions: { start_time: '25:00', weekday: ['MONDAY'] } },
          { price_components: [{ ...energy, type: 'COFFEE', vat: 190 }] },
        ],
        max_price: { incl_vat: -1 },
        end_date_time: 'tomorrow',
        tallywatt: { idle_grace_seconds: -1, idle_max: 3 },
      }),
    ).toEqual({
      '$.id': 'expected 1 to 36 characters, found 0',
      '$.currency': 'expected 1 to 3 characters, found 4',
      '$.elements[0].price_components[0].price': 'expected a number, found "0.25"',
      '$.elements[0].price_components[1].step_size':
        'expected a whole number of 0 or more, found 1.5',
      '$.elements[1].price_components': 'expected at least one price component',
      '$.elements[1].restrictions.start_time': 'expected HH:MM, found "25:00"',
      '$.elements[1].restrictions.weekday': 'is not a field of OCPI 2.2.1 here',
      '$.elements[2].price_components[0].type':
        'expected one of ENERGY, TIME, PARKING_TIME, FLAT, found "COFFEE"',
      '$.elements[2].price_components[0].vat': 'expected a percentage up to 100, found 190',
      '$.max_price.excl_vat': 'expected a number, found nothing',
      '$.max_price.incl_vat': 'expected 0 or more, found -1',
      '$.end_date_time':
        '"tomorrowZ" is not an RFC 3339 instant: expected 2026-11-21T10:00:00Z or an offset',
      '$.tallywatt.idle_max': 'is not a field of the extension here',
      '$.tallywatt.idle_grace_seconds': 'expected a whole number of 0 or more, found -1',
    }));

  it.each([
    ['an unknown currency', tariff({ currency: 'XXX' }), '$.currency'],
    ['no elements', tariff({ elements: [] }), '$.elements'],
    [
      'two components of one dimension',
      tariff({ elements: [{ price_components: [energy, energy] }] }),
      '$.elements[0].price_components[1].type',
    ],
    [
      'a window of no length',
      restricted({ start_time: '08:00', end_time: '08:00' }),
      '$.elements[0].restrictions.end_time',
    ],
    ['energy in a reservation', restricted({ reservation: 'RESERVATION' }), '$.elements[0]'],
    [
      'more precision than a meter has',
      restricted({ min_kwh: 0.0000001 }),
      '$.elements[0].restrictions.min_kwh',
    ],
  ])('is refused for %s', (_what, json, path) =>
    expect(Object.keys(faultsOf(json))).toEqual([path]),
  );
});

describe('a surprising tariff', () => {
  it.each([
    [
      'a minimum above the maximum',
      tariff({ min_price: { excl_vat: 5 }, max_price: { excl_vat: 4 } }),
      'max_price wins',
    ],
    [
      'a missing vat',
      tariff({ elements: [{ price_components: [{ ...energy, vat: undefined }] }] }),
      'cannot be priced',
    ],
    ['a field nobody reads', tariff({ max_prize: 5 }), '$.max_prize is not a field'],
  ])('is published with a warning for %s', (_what, json, part) =>
    expect(warningsOf(json).join('\n')).toContain(part),
  );
});
