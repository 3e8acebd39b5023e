import fc from 'fast-check';
import { quote, state, whole, type Registers } from '../testing/quoted-morning';

const energyOnly = {
  elements: [{ price_components: [{ type: 'ENERGY', price: 1, step_size: 0, vat: 0 }] }],
};
const times = {
  elements: [
    {
      price_components: [
        { type: 'TIME', price: 1, step_size: 0, vat: 0 },
        { type: 'PARKING_TIME', price: 10, step_size: 0, vat: 0 },
      ],
    },
  ],
};
describe('the meter of a quoted session', () => {
  it('may have a start and a stop and nothing between', () =>
    expect(
      quote(energyOnly, [
        ['08:00:00', 1000],
        ['10:00:00', 11_000],
      ]),
    ).toMatchObject({
      total: { exclTax: { exact: '10' } },
      marks: [],
    }));

  it('is read to the milliwatt-hour, from texts and from integers alike', () => {
    const registers: Registers = [
      ['08:00:00', '1000.001'],
      ['10:00:00', '1002.5000'],
    ];
    expect(quote(energyOnly, registers)).toMatchObject({ billed: { energyWh: '2.499' } });
  });

  it('starts and stops with the registers nearest to its ends, inside of them', () =>
    expect(
      quote(energyOnly, [
        ['07:59:59.999', 900],
        ['08:00:00.120', 1000],
        ['09:59:59.5', 11_000],
        ['10:00:00.001', 12_000],
      ]),
    ).toMatchObject({
      billed: { energyWh: '10000' },
      marks: [
        'readings-outside-session',
        'start-register-from-first-reading',
        'stop-register-from-last-reading',
      ],
    }));

  it('keeps the larger of two values for one instant, also at the ends', () =>
    expect(
      quote(energyOnly, [
        ['08:00:00', 900],
        ['08:00:00', 1000],
        ['10:00:00', 11_000],
        ['10:00:00', 10_000],
      ]),
    ).toMatchObject({ billed: { energyWh: '10000' }, marks: ['two-values-at-one-instant'] }));

  it('adds what comes after a reset, and says so', () =>
    expect(
      quote(energyOnly, [
        ['08:00:00', 4000],
        ['08:30:00', 5000],
        ['09:00:00', 100],
        ['10:00:00', 2600],
      ]),
    ).toMatchObject({ billed: { energyWh: '3500' }, marks: ['meter-reset'] }));

  it('counts what came before a reset that comes after the last energy', () =>
    expect(
      quote(times, [
        ['08:00:00', 0],
        ['09:00:00', 5000],
        ['09:30:00', 100],
        ['10:00:00', 100],
      ]),
    ).toMatchObject({
      metered: { energyWh: '5000', timeSeconds: '3600', parkingSeconds: '3600' },
      marks: ['meter-reset'],
    }));

  it.each<[string, Registers, string]>([
    ['no reading', [], 'meter-unusable'],
    ['one reading', [['08:00:00', 1000]], 'meter-unusable'],
    [
      'one instant',
      [
        ['08:00:00', 1000],
        ['08:00:00', 2000],
      ],
      'meter-unusable',
    ],
    [
      'readings outside only',
      [
        ['07:00:00', 0],
        ['11:00:00', 1000],
      ],
      'meter-unusable',
    ],
    [
      'a fall at the end',
      [
        ['08:00:00', 0],
        ['09:00:00', 5000],
        ['10:00:00', 100],
      ],
      'meter-ran-backwards',
    ],
    [
      'a register that falls and comes back',
      [
        ['08:00:00', 0],
        ['08:30:00', 5000],
        ['09:00:00', 0],
        ['10:00:00', 6000],
      ],
      'meter-unusable',
    ],
  ])('is refused with %s', (_, registers, refused) =>
    expect(quote(energyOnly, registers)).toMatchObject({
      refused,
      faults: [{ path: '$.session.readings' }],
    }),
  );

  it('gives one price for any order and repetition of its readings', () => {
    const registers: Registers = [
      ['08:00:00', 1000, { powerKw: 3 }],
      ['08:20:00', 2500],
      ['08:20:00', 2400],
      ['09:00:00', 6000, { powerKw: 11, currentA: 16 }],
      ['10:00:00', '11000.5'],
    ];
    const tariff = {
      elements: [
        {
          price_components: [{ type: 'ENERGY', price: 0.2, step_size: 1, vat: 0 }],
          restrictions: { max_power: 4.4 },
        },
        ...energyOnly.elements,
      ],
    };
    const expected = quote(tariff, registers);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...registers, ...registers].map((_, index) => index)),
        (order) => {
          const drawn = order.map((index) => registers[index % registers.length] ?? registers[0]);
          const missing = registers.filter((one) => !drawn.includes(one));
          expect(quote(tariff, [...drawn, ...missing] as Registers)).toEqual(expected);
        },
      ),
    );
  });

  it('has the average power until the next reading where a reading reports none', () => {
    const tariff = {
      elements: [
        {
          price_components: [{ type: 'ENERGY', price: 0.2, step_size: 1, vat: 0 }],
          restrictions: { max_power: 4 },
        },
        ...energyOnly.elements,
      ],
    };
    // 3 kWh at the reported 3 kW, then 5 kWh in an hour.
    const registers: Registers = [
      ['08:00:00', 0, { powerKw: 3 }],
      ['09:00:00', 3000],
      ['10:00:00', 8000],
    ];
    expect(quote(tariff, registers)).toMatchObject({ total: { exclTax: { exact: '5.6' } } });
  });
});

describe('what the vehicle did', () => {
  it('is charging until the last energy and idle from there when nobody says', () =>
    expect(quote(times, [...whole.slice(0, 2), ['10:00:00', 6000]])).toMatchObject({
      billed: { timeSeconds: '3600', parkingSeconds: '3600' },
    }));

  it('is idle all along when there was no energy', () =>
    expect(
      quote(times, [
        ['08:00:00', 1000],
        ['10:00:00', 1000],
      ]),
    ).toMatchObject({
      billed: { timeSeconds: '0', parkingSeconds: '7200' },
    }));

  it('is what the states say, also after the last energy', () => {
    const states = [
      state('08:00:00', '08:30:00', 'charging'),
      state('08:30:00', '09:00:00', 'suspended-ev'),
      state('09:00:00', '10:00:00', 'suspended-evse'),
    ];
    const registers: Registers = [
      ['08:00:00', 1000],
      ['08:30:00', 6000],
      ['10:00:00', 6000],
    ];
    expect(quote(times, registers, { states })).toMatchObject({
      billed: { timeSeconds: '5400', parkingSeconds: '1800' },
      marks: [],
    });
  });

  it('is idle in a gap of the states after the last energy, and charging in one before', () => {
    const states = [state('09:30:00', '09:45:00', 'charging')];
    expect(quote(times, [...whole.slice(0, 2), ['10:00:00', 6000]], { states })).toMatchObject({
      billed: { timeSeconds: '4500', parkingSeconds: '2700' },
    });
  });

  it('counts no second twice when states overlap or leave the session', () => {
    const states = [
      state('07:00:00', '09:00:00', 'charging'),
      state('08:30:00', '09:30:00', 'idle'),
      state('09:30:00', '11:00:00', 'charging'),
    ];
    expect(quote(times, whole, { states })).toMatchObject({
      billed: { timeSeconds: '3600', parkingSeconds: '3600' },
      marks: ['states-outside-session', 'states-overlap'],
    });
  });
});
