import { claimedInstant, FrameFault, int32, milliWhOf } from './frame';

describe('a claimed instant', () => {
  it.each([
    ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T12:00:00.1234+02:00', '2026-11-20T10:00:00.123Z'],
    ['2026-11-20 12:00:00+0200', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20t12:00:00+02', '2026-11-20T10:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
  ])('%s is %s', (text, instant) => expect(claimedInstant('timestamp', text)).toBe(instant));

  it.each(['2026-02-30T10:00:00Z', '2026-11-20T10:00:00', 'yesterday'])('%s is none', (text) =>
    expect(() => claimedInstant('timestamp', text)).toThrow(FrameFault),
  );
});

describe('whole numbers of a frame', () => {
  it('fit their fields or are named', () => {
    expect(int32('connectorId', -(2 ** 31))).toBe(-(2 ** 31));
    expect(() => int32('connectorId', 2 ** 31)).toThrow('connectorId: 2147483648');
    expect(milliWhOf('meterStop', -1)).toBe(-1_000n);
    expect(() => milliWhOf('meterStop', 1e300)).toThrow('meterStop: 1e+300');
    // The energy of a session is a difference of two registers, and has 64 bits.
    expect(milliWhOf('meterStop', 4e15) - milliWhOf('meterStart', -4e15)).toBeLessThan(2n ** 63n);
    expect(() => milliWhOf('meterStop', Number.MAX_SAFE_INTEGER)).toThrow('meterStop');
  });
});
