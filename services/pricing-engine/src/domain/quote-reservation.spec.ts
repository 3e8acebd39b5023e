import { atDay, quote, state, whole, type Registers } from '../testing/quoted-morning';

const reservations = {
  elements: [
    {
      price_components: [{ type: 'FLAT', price: 4, step_size: 1, vat: 0 }],
      restrictions: { reservation: 'RESERVATION_EXPIRES' },
    },
    {
      price_components: [{ type: 'TIME', price: 2, step_size: 0, vat: 0 }],
      restrictions: { reservation: 'RESERVATION' },
    },
    {
      price_components: [
        { type: 'FLAT', price: 0.5, step_size: 1, vat: 0 },
        { type: 'ENERGY', price: 0.25, step_size: 1, vat: 0 },
      ],
    },
  ],
};

describe('a reservation', () => {
  const states = [state('08:00:00', '08:30:00', 'reserved')];

  it.each([
    ['inside the session', '08:00:00'],
    ['before it', '08:30:00'],
  ])('%s is priced apart', (_, start) => {
    const registers: Registers = [
      [start, 1000],
      ['10:00:00', 11_000],
    ];
    expect(quote(reservations, registers, { start: atDay(start), states })).toMatchObject({
      reservation: { exclTax: { exact: '1', amountMinor: '100' } },
      flat: { exclTax: { exact: '0.5' } },
      energy: { exclTax: { exact: '2.5' } },
      total: { exclTax: { exact: '4' } },
    });
  });

  it('to the very end of a session has expired', () => {
    const unused = [state('08:00:00', '10:00:00', 'reserved')];
    const expected = {
      reservation: { exclTax: { exact: '8' } },
      total: { exclTax: { exact: '8' } },
    };
    expect(quote(reservations, [], { states: unused })).toMatchObject(expected);
    expect(
      quote(
        reservations,
        [
          ['08:00:00', 5],
          ['10:00:00', 5],
        ],
        { states: unused },
      ),
    ).toMatchObject(expected);
    expect(
      quote(
        reservations,
        [
          ['08:00:00', 5],
          ['10:00:00', 9],
        ],
        { states: unused },
      ),
    ).toMatchObject({
      refused: 'meter-unusable',
    });
  });

  it.each([
    ['begins inside', [state('08:10:00', '08:30:00', 'reserved')], '$.session.states[0].from'],
    [
      'overlaps charging',
      [state('08:00:00', '08:30:00', 'reserved'), state('08:20:00', '10:00:00', 'charging')],
      '$.session.states[1].from',
    ],
  ])('that %s is refused', (_, contradictory, path) =>
    expect(quote(reservations, whole, { states: contradictory })).toMatchObject({
      faults: [{ path }],
    }),
  );

  it('in which the register moved is refused', () => {
    const registers: Registers = [
      ['08:00:00', 0],
      ['08:20:00', 500],
      ['10:00:00', 5000],
    ];
    expect(quote(reservations, registers, { states })).toMatchObject({ refused: 'meter-unusable' });
  });
});
