import fc from 'fast-check';
import { cdr, session, tariff, timeZone } from '../testing/example-quote';
import { quotePrice, type RefusedQuote } from '../testing/quote-price';

const pathsOf = (answer: unknown): string[] =>
  (answer as RefusedQuote).faults.map(({ path }) => path);

const quote = (more: object = {}) => quotePrice({ tariff, timeZone, session, ...more });

describe('what is wrong with a quote', () => {
  it('is listed whole, by path, with what was expected and found', () => {
    const answer = quotePrice({
      tariff: {
        currency: 'EURO',
        elements: [{ price_components: [{ type: 'ENERGY', price: '0.3' }] }],
      },
      timeZone: 'Europe/Atlantis',
      currency: 'EURO',
      at: 'now',
      taxRatePercent: 101,
      entitlement: { discountPercent: -1, freeKwh: 3 },
      session: {
        start: '2026-06-01T08:00:00',
        end: 7,
        readings: [
          { at: '2026-06-01T08:00:00Z', registerWh: 1.5 },
          { at: '2026-02-30T08:00:00Z', registerWh: '1.2345', powerKw: -1, currentA: 'many' },
          'reading',
          { registerWh: -4 },
        ],
        states: [
          { from: '2026-06-01T08:00:00Z', to: '2026-06-01T07:00:00Z', state: 'charging' },
          { from: null, to: '2026-06-01T07:00:00Z', state: 'sleeping' },
        ],
      },
      cdr: {
        start_date_time: '1950-01-01T00:00:00Z',
        charging_periods: [
          {
            start_date_time: '2026',
            dimensions: [{ type: 'ENERGIE' }, { type: 'TIME', volume: -1 }],
          },
        ],
      },
    });
    expect(pathsOf(answer)).toEqual([
      '$.tariff.currency',
      '$.tariff.elements[0].price_components[0].price',
      '$.tariff.elements[0].price_components[0].step_size',
      '$.timeZone',
      '$.currency',
      '$.taxRatePercent',
      '$.at',
      '$.entitlement.freeKwh',
      '$.entitlement.discountPercent',
      '$.session.start',
      '$.session.end',
      '$.session.readings[0].registerWh',
      '$.session.readings[1].at',
      '$.session.readings[1].registerWh',
      '$.session.readings[1].powerKw',
      '$.session.readings[1].currentA',
      '$.session.readings[2]',
      '$.session.readings[3].at',
      '$.session.readings[3].registerWh',
      '$.session.states[0].to',
      '$.session.states[1].from',
      '$.session.states[1].state',
      '$.cdr.start_date_time',
      '$.cdr.end_date_time',
      '$.cdr.charging_periods[0].start_date_time',
      '$.cdr.charging_periods[0].dimensions[0].type',
      '$.cdr.charging_periods[0].dimensions[0].volume',
      '$.cdr.charging_periods[0].dimensions[1].volume',
      '$.session',
    ]);
    expect((answer as RefusedQuote).faults[11]?.message).toBe(
      'expected an integer or a decimal text of Wh, 0 or more and to the mWh, found 1.5',
    );
  });

  it.each([
    [null, ['$']],
    [[], ['$']],
    [{}, ['$.tariff', '$.timeZone', '$.session']],
    [
      { tariff, timeZone, session: { ...session, end: session.start.replace('15', '14') } },
      ['$.session.end'],
    ],
    [{ tariff, timeZone, session: { ...session, end: '2028-06-01T15:30:00Z' } }, ['$.session.end']],
    [{ tariff, timeZone, cdr: { ...cdr, charging_periods: [] } }, ['$.cdr.charging_periods']],
    [
      { tariff, timeZone, cdr: { ...cdr, end_date_time: '2026-06-01T16:30:00Z' } },
      ['$.cdr.charging_periods[2].start_date_time'],
    ],
  ])('is found in example %#', (body, paths) => expect(pathsOf(quotePrice(body))).toEqual(paths));

  it('is no reason to refuse where nobody reads it, but said', () =>
    expect(quote({ session: { ...session, vehicle: 'red' }, colour: 'blue' })).toMatchObject({
      warnings: [{ path: '$.colour' }, { path: '$.session.vehicle' }],
    }));
});

// A body somebody could send: a good one with some places changed to anything JSON can say.

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const placesIn = (value: Json, path: readonly (string | number)[] = []): (string | number)[][] =>
  value === null || typeof value !== 'object'
    ? [[...path]]
    : [
        [...path],
        ...Object.entries(value).flatMap(([name, item]) =>
          placesIn(item, [...path, Array.isArray(value) ? Number(name) : name]),
        ),
      ];

const changed = (value: Json, path: readonly (string | number)[], replacement: Json): Json => {
  const [name, ...rest] = path;
  if (name === undefined) return replacement;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === name ? changed(item, rest, replacement) : item));
  }
  const inner = value[name];
  return {
    ...value,
    [name]: inner === undefined ? replacement : changed(inner, rest, replacement),
  };
};

const bodies = [
  {
    tariff,
    timeZone,
    session,
    currency: 'EUR',
    at: '2026-06-01T15:30:00Z',
    entitlement: { discountPercent: 5 },
  },
  { tariff, timeZone, cdr, taxRatePercent: '7.7' },
].map((body) => JSON.parse(JSON.stringify(body)) as Json);

const likely = fc.constantFrom<Json>(
  ...[
    '2026-06-01T15:30:00Z',
    '2026-10-25T00:30:00.0001Z',
    '2999-12-31T23:59:59Z',
    '1970-01-01T00:00:00Z',
  ],
  ...[
    '99999999999999999999.5',
    '-1',
    '1e9',
    'Asia/Kathmandu',
    'Antarctica/Troll',
    'JPY',
    'KWD',
    'FLAT',
  ],
  ...[
    'TIME',
    'RESERVATION',
    'reserved',
    'idle',
    'suspended-evse',
    '00:00',
    '23:59',
    '__proto__',
    'constructor',
  ],
  ...[
    0,
    -0,
    -1,
    1e-7,
    1e21,
    9_007_199_254_740_991,
    0.1,
    5e-324,
    1.7976931348623157e308,
    null,
    [],
    {},
  ],
);
const replacements = fc.oneof(
  likely,
  fc.jsonValue().map((value) => value as Json),
);

const damaged = fc.constantFrom(...bodies).chain((body) =>
  fc
    .array(fc.tuple(fc.constantFrom(...placesIn(body)), replacements), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) => changes.reduce((sum, [path, to]) => changed(sum, path, to), body)),
);

describe('whatever is sent', () => {
  const isAnswered = (body: unknown): boolean => {
    const answer = quotePrice(body);
    return 'refused' in answer
      ? Array.isArray(answer.faults) && answer.faults.length > 0
      : JSON.stringify(answer).includes('"total"');
  };

  it('is priced or refused with its faults, never thrown back', () =>
    fc.assert(fc.property(fc.oneof(damaged, fc.jsonValue()), isAnswered), { numRuns: 3000 }));

  it('is refused when it is nested deeper than the stack', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(
      pathsOf(quotePrice({ tariff: { ...tariff, energy_mix: deep }, timeZone, session })),
    ).toEqual(['$.tariff']);
    expect(pathsOf(quotePrice({ tariff, timeZone, session: deep, cdr: undefined }))).toEqual([
      '$.session',
    ]);
  });
});
