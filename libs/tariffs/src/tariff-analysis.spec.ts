import * as fc from 'fast-check';
import { analyseTariff, parseTariff, rate } from './index';

const priced = (type: string, price = 1) => ({ type, price, vat: 19, step_size: 1 });
const element = (restrictions: object = {}, ...types: string[]) => ({
  price_components: (types.length === 0 ? ['ENERGY'] : types).map((type) => priced(type)),
  restrictions,
});
const parsed = (elements: readonly object[], more: object = {}) => {
  const result = parseTariff({ id: 'T1', currency: 'EUR', elements, ...more });
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.tariff;
};
const said = (elements: readonly object[], more: object = {}): string[] =>
  analyseTariff(parsed(elements, more)).map(({ path, message }) => `${path} ${message}`);
const free = (where: string, dimension = 'ENERGY'): string =>
  `$.elements ${dimension} is free ${where}: no element with it applies; ` +
  'a price of 0 would say so';
const never = (index: number, why: string): string =>
  `$.elements[${index}].price_components[0] never applies: ${why}`;

describe('a tariff without a hole', () => {
  it.each([
    ['a default last', [element({ start_time: '22:00', end_time: '06:00' }), element()]],
    [
      'windows that meet',
      [
        element({ start_time: '06:00', end_time: '22:00' }),
        element({ start_time: '22:00', end_time: '06:00' }),
      ],
    ],
    [
      'weekdays that make a week',
      [
        element({ day_of_week: ['SATURDAY', 'SUNDAY'] }),
        element({ day_of_week: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'] }),
      ],
    ],
    ['energies that meet', [element({ max_kwh: 10 }), element({ min_kwh: 10 })]],
    [
      'two axes that complete each other',
      [
        element({ max_power: 22, end_time: '12:00' }),
        element({ min_power: 22 }),
        element({ start_time: '12:00' }),
      ],
    ],
    ['a fee for some', [element(), element({ day_of_week: ['SUNDAY'] }, 'FLAT')]],
    ['a fee of a reservation', [element(), element({ reservation: 'RESERVATION' }, 'FLAT')]],
  ])('is not warned of: %s', (_what, elements) => expect(said(elements)).toEqual([]));
});

describe('a stretch without a price', () => {
  it.each([
    [
      'of a weekday and a time',
      [
        element({ day_of_week: ['SUNDAY'], end_time: '22:00' }),
        element({
          day_of_week: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'],
        }),
      ],
      [free('on Sundays, from 22:00 to 24:00')],
    ],
    [
      'of two times',
      [element({ start_time: '08:00', end_time: '20:00' })],
      [free('from 00:00 to 08:00 and from 20:00 to 24:00')],
    ],
    ['of energy', [element({ max_kwh: 10.5 })], [free('from 10.5 kWh on')]],
    [
      'between two energies',
      [element({ max_kwh: 10 }), element({ min_kwh: 20 })],
      [free('from 10 to 20 kWh')],
    ],
    [
      'of duration and power',
      [element({ min_duration: 1800 }), element({ min_power: 11 })],
      [free('from 0 to 1800 s after the start, below 11 kW')],
    ],
    ['of current', [element({ max_current: 32 })], [free('from 32 A on')]],
    [
      'of dates',
      [element({ start_date: '2026-02-01', end_date: '2027-01-01' })],
      [free('before 2026-02-01 and from 2027-01-01 on')],
    ],
    [
      'of one dimension only',
      [element({}, 'ENERGY'), element({ max_duration: 60 }, 'TIME')],
      [free('from 60 s after the start on', 'TIME')],
    ],
  ])('is told with a witness: %s', (_what, elements, warnings) =>
    expect(said(elements)).toEqual(warnings),
  );

  it('is told for holidays, seasons and idle time', () => {
    const tallywatt = { holidays: ['2026-12-25', '2026-12-26'] };
    expect(said([element({ tallywatt: { holiday: 'never' } })], { tallywatt })).toEqual([
      free('on holidays'),
    ]);
    const winter = { season_start: '11-01', season_end: '03-01' };
    expect(said([element({ tallywatt: winter })])).toEqual([
      free('from 03-01 to 11-01 of each year'),
    ]);
    const long = element({ tallywatt: { min_idle_seconds: 1800 } }, 'PARKING_TIME');
    expect(said([long])).toEqual([free('from 0 to 1800 s of idle time', 'PARKING_TIME')]);
  });

  it('lies in the time in which the tariff is valid', () => {
    const elements = [element({ start_date: '2026-01-01', end_date: '2027-01-01' })];
    const valid = (end: string) => ({
      start_date_time: '2026-01-01T00:00:00Z',
      end_date_time: end,
    });
    expect(said(elements, valid('2026-12-01T00:00:00Z'))).toEqual([]);
    // A session that starts on the last evening is priced by this tariff to its end.
    expect(said(elements, valid('2026-12-31T23:00:00Z'))).toEqual([free('from 2027-01-01 on')]);
  });

  it('gives an example when the days have no simple name', () => {
    const elements = [element({ day_of_week: ['SUNDAY'] }), element({ start_date: '2026-02-01' })];
    const [warning] = said(elements, { start_date_time: '2026-01-05T00:00:00Z' });
    expect(warning).toContain('ENERGY is free on Mondays and Tuesdays');
    const mixed = [
      element({ day_of_week: ['SUNDAY'], start_date: '2026-02-01' }),
      element({ day_of_week: ['MONDAY'], end_date: '2026-02-01' }),
    ];
    expect(said(mixed)[0]).toMatch(/free for example on \w+day \d{4}-\d\d-\d\d:/);
  });

  it('is counted when there are many', () => {
    const hours = Array.from({ length: 9 }, (_, index) =>
      element({ min_kwh: index * 2, max_kwh: index * 2 + 1, min_power: index + 1 }),
    );
    const warnings = said(hours);
    expect(warnings).toHaveLength(6);
    expect(warnings.at(-1)).toMatch(/ENERGY is free in \d+ more stretches/);
  });
});

describe('an element that never applies', () => {
  it.each([
    [
      'a default before it',
      [element(), element({ max_kwh: 5 })],
      [never(1, 'element 0 before it always prices ENERGY first')],
    ],
    [
      'the same restrictions before it',
      [element({ max_kwh: 5 }), element({ max_kwh: 5 }), element()],
      [never(1, 'element 0 before it asks for the same and prices ENERGY first')],
    ],
    [
      'a wider one before it',
      [
        element({ start_time: '20:00', end_time: '08:00' }),
        element({ start_time: '22:00', end_time: '06:00', day_of_week: ['MONDAY'] }),
        element(),
      ],
      [never(1, 'element 0 before it always prices ENERGY first')],
    ],
    [
      'two before it together',
      [
        element({ max_kwh: 10 }),
        element({ min_kwh: 5, max_kwh: 20 }),
        element({ min_kwh: 2, max_kwh: 15, max_power: 50 }),
        element(),
      ],
      [never(2, 'elements 0, 1 before it always price ENERGY first')],
    ],
    [
      'an empty range',
      [element({ min_kwh: 5, max_kwh: 5 }), element()],
      [never(0, 'its restrictions never all hold at once')],
    ],
    [
      'a weekday that its dates do not have',
      [
        element({ start_date: '2026-11-21', end_date: '2026-11-22', day_of_week: ['SUNDAY'] }),
        element(),
      ],
      [never(0, 'its restrictions never all hold at once')],
    ],
    [
      'dates that no calendar has',
      [element({ start_date: '2026-02-29', end_date: '2026-03-01' }), element()],
      [never(0, 'its restrictions never all hold at once')],
    ],
    [
      'a reservation that a wider one covers',
      [
        element(),
        element({ reservation: 'RESERVATION' }, 'TIME'),
        element({ reservation: 'RESERVATION_EXPIRES' }, 'TIME'),
      ],
      [never(2, 'element 1 before it always prices TIME of a reservation first')],
    ],
  ])('is told with what comes before it: %s', (_what, elements, warnings) =>
    expect(said(elements)).toEqual(warnings),
  );

  it('is told in the cost of energy, and where no cost is known', () => {
    const energy_cost = {
      elements: [
        { price_per_kwh: 0.3, restrictions: { start_time: '08:00' } },
        { price_per_kwh: 0.2, restrictions: { start_time: '09:00', end_time: '10:00' } },
      ],
    };
    expect(said([element()], { tallywatt: { energy_cost } })).toEqual([
      '$.tallywatt.energy_cost.elements[1] never applies: ' +
        'element 0 before it always prices energy cost first',
      '$.tallywatt.energy_cost.elements the cost of energy is unknown from 00:00 to 08:00',
    ]);
  });
});

describe('a tariff of too many combinations', () => {
  it('is told that it was not looked at, soon', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      element({
        min_kwh: i,
        max_kwh: 100 - i,
        min_power: i,
        max_power: 100 - i,
        min_current: i,
        max_current: 100 - i,
        min_duration: i * 7,
        max_duration: 1000 - i * 3,
        start_time: `${String(i % 12).padStart(2, '0')}:0${i % 10}`,
        end_time: `${12 + (i % 12)}:0${i % 9}`,
      }),
    );
    expect(said(many).join()).toContain('in too many ways');
  });

  it('is so for the largest that can be published as well', () => {
    const all = (text: (index: number) => string) =>
      Array.from({ length: 2000 }, (_, i) => text(i));
    const date = (index: number) => new Date(Date.UTC(2026, 0, 1 + index)).toISOString();
    const starts = all((index) => date(index).slice(0, 10));
    const seasons = all((index) => date(index % 365).slice(5, 10));
    const large = starts.map((start_date, index) =>
      element({
        start_date,
        day_of_week: ['MONDAY'],
        tallywatt: {
          season_start: seasons[index],
          season_end: seasons[(index + 7) % 365],
        },
      }),
    );
    expect(said(large).join()).toContain('in too many ways');
  });
});

describe('what is said', () => {
  const sometimes = <Value>(value: fc.Arbitrary<Value>) =>
    fc.option(value, { nil: undefined, freq: 2 });
  const hour = fc.constantFrom('00:00', '06:00', '12:00', '18:00');
  const restrictions = fc
    .record({
      start_time: sometimes(hour),
      end_time: sometimes(hour),
      day_of_week: sometimes(fc.constantFrom(['MONDAY'], ['TUESDAY', 'MONDAY'], ['SUNDAY'])),
      start_date: sometimes(fc.constantFrom('2026-06-01', '2026-06-02')),
      end_date: sometimes(fc.constantFrom('2026-06-02', '2026-06-03')),
      min_kwh: sometimes(fc.constantFrom(0, 2, 5)),
      max_kwh: sometimes(fc.constantFrom(2, 5, 9)),
      min_duration: sometimes(fc.constantFrom(0, 3600)),
      max_duration: sometimes(fc.constantFrom(3600, 7200)),
      min_power: sometimes(fc.constantFrom(0, 3)),
      max_power: sometimes(fc.constantFrom(3, 6)),
    })
    .filter(({ start_time: s, end_time: e }) => s === undefined || s !== e || s === '00:00');

  it('agrees with what sessions are priced with', () => {
    fc.assert(
      fc.property(
        fc.array(restrictions, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 72 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 12 }),
        (list, startHour, hours, kwh) => {
          const tariff = parsed(list.map((one) => element(one)));
          const warnings = analyseTariff(tariff);
          const hasGap = warnings.some(({ message }) => message.startsWith('ENERGY is free'));
          const unreachable = warnings.flatMap(({ path, message }) =>
            message.startsWith('never applies') ? [Number(/\d+/.exec(path)?.[0])] : [],
          );
          const startMs = Date.UTC(2026, 4, 31) + startHour * 3_600_000;
          const stopMs = startMs + hours * 3_600_000;
          const result = rate({
            tariff,
            timeZone: 'UTC',
            session: {
              startMs,
              stopMs,
              endMs: stopMs,
              meterStartMilliWh: 0n,
              meterStopMilliWh: BigInt(kwh) * 1_000_000n,
              readings: [],
            },
          });
          if (!result.ok) throw new Error(result.detail);
          const used = result.report.periods.map(({ elementIndexes }) => elementIndexes.ENERGY);
          expect(unreachable.filter((index) => used.includes(index))).toEqual([]);
          if (used.includes(undefined)) expect([list, hasGap]).toEqual([list, true]);
        },
      ),
      { numRuns: 400 },
    );
  });
});
