import { expectedTotalMinor, type Delivery } from './expected-price';

const at = (time: string): number => Date.parse(`2025-06-03T${time}+02:00`);
const delivery = (more: Partial<Delivery>): Delivery => ({
  tariff: 'flat',
  isMember: false,
  readings: [
    { atMs: at('10:00:00'), wh: 1_000n },
    { atMs: at('11:00:00'), wh: 21_000n },
  ],
  availableAtMs: at('11:01:00'),
  ...more,
});

// Each number is worked out by hand beside it; the demonstration has some of them too.
describe('the expected price', () => {
  it('of 20 kWh flat: 9.00 + 0.50, 19 % is 1.805, rounded 1.81', () => {
    expect(expectedTotalMinor(delivery({}))).toBe(1_131n);
  });

  it('of no energy is the session fee: 0.50, 19 % is 0.095, rounded 0.10', () => {
    const atMs = at('10:00:00');
    const readings = [
      { atMs, wh: 7n },
      { atMs: at('10:12:00'), wh: 7n },
    ];
    expect(expectedTotalMinor(delivery({ readings }))).toBe(60n);
  });

  it('for a member: 9.50 less 0.95 is 8.55, 19 % is 1.6245, rounded 1.62', () => {
    expect(expectedTotalMinor(delivery({ isMember: true }))).toBe(1_017n);
  });

  it('across 21:00 between two readings: 3 of 9 kWh before', () => {
    // 20:50 to 21:20 is 30 minutes for 9000 Wh: 3000 x 0.49 = 1.47, 6000 x 0.35 = 2.10;
    // 3.57, 19 % is 0.6783, rounded 0.68.
    const readings = [
      { atMs: at('20:50:00'), wh: 0n },
      { atMs: at('21:20:00'), wh: 9_000n },
    ];
    expect(expectedTotalMinor(delivery({ tariff: 'dayNight', readings }))).toBe(425n);
  });

  it('across 7:00 with a reading on it, for a member', () => {
    // 1000 Wh x 0.35 = 0.35, 2000 Wh x 0.49 = 0.98; ten percent of 1.33 is 0.133, rounded 0.13;
    // 1.20, 19 % is 0.228, rounded 0.23.
    const readings = [
      { atMs: at('06:50:00'), wh: 0n },
      { atMs: at('07:00:00'), wh: 1_000n },
      { atMs: at('07:10:00'), wh: 3_000n },
    ];
    const member = delivery({ tariff: 'dayNight', isMember: true, readings });
    expect(expectedTotalMinor(member)).toBe(143n);
  });

  it('of 40 idle minutes after 10 kWh: 4.50 + 30 min x 6.00/h, 19 % is 1.425, rounded 1.43', () => {
    const readings = [
      { atMs: at('12:00:00'), wh: 0n },
      { atMs: at('12:30:00'), wh: 10_000n },
    ];
    const idle = (time: string) =>
      expectedTotalMinor(delivery({ tariff: 'idle', readings, availableAtMs: at(time) }));
    expect(idle('13:10:00')).toBe(893n);
    // Within the grace: 4.50, 19 % is 0.855, rounded 0.86.
    expect(idle('12:40:00')).toBe(536n);
  });

  it('of a free tariff is nothing', () => {
    expect(expectedTotalMinor(delivery({ tariff: 'free' }))).toBe(0n);
  });

  it('is refused where Berlin is not two hours ahead', () => {
    const readings = [
      { atMs: Date.parse('2025-12-01T10:00:00Z'), wh: 0n },
      { atMs: Date.parse('2025-12-01T11:00:00Z'), wh: 1n },
    ];
    expect(() => expectedTotalMinor(delivery({ tariff: 'dayNight', readings }))).toThrow(
      'not in the summer of 2025',
    );
  });
});
