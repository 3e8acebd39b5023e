import { instantFromEpochMs, normalizeInstant, parseInstant } from './index';

describe('instants', () => {
  it.each([
    ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00.000Z'],
    ['2026-11-21t10:00:00.5z', '2026-11-21T10:00:00.500Z'],
    ['2026-11-21T10:00:00.123456789Z', '2026-11-21T10:00:00.123Z'],
    ['2026-11-21T10:00:00+05:45', '2026-11-21T04:15:00.000Z'],
    ['2026-11-21T10:00:00-03:30', '2026-11-21T13:30:00.000Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59.000Z'],
  ])('%s is written %s', (text, normal) => expect(normalizeInstant(text)).toBe(normal));

  it.each([
    '',
    '0001-01-01T00:00:00Z',
    '2026-11-21',
    '2026-11-21T10:00:00',
    '2026-11-21 10:00:00Z',
    '2026-02-30T10:00:00Z',
    '2025-02-29T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T10:60:00Z',
    '2016-12-31T23:59:60Z',
    '2026-11-21T10:00:00+24:00',
    '2026-11-21T10:00:00+01:60',
    '2026-11-21T10:00:00Z ',
  ])('refuses %j', (text) =>
    expect(() => parseInstant(text)).toThrow('is not an RFC 3339 instant'),
  );

  it.each([
    '0001-01-01T00:00:00.000Z',
    '0099-12-28T23:59:59.999Z',
    '2026-00-10T10:00:00.000Z',
    '2026-11-00T10:00:00.000Z',
    '2026-11-31T10:00:00.000Z',
    '2025-02-29T10:00:00.000Z',
    '2026-11-21T24:00:00.000Z',
    '2026-11-21T10:00:60.000Z',
  ])('refuses %s, although it looks as we write it', (text) =>
    expect(() => normalizeInstant(text)).toThrow('is not an RFC 3339 instant'),
  );

  it('leaves every day of a leap year as it is written', () => {
    for (let day = 0; day < 366; day += 1) {
      const text = new Date(Date.UTC(2024, 0, 1 + day, 23, 59, 59, 999)).toISOString();
      expect(normalizeInstant(text)).toBe(text);
      expect(instantFromEpochMs(parseInstant(text))).toBe(text);
    }
  });

  it('refuses what no four-digit year can write', () => {
    expect(() => instantFromEpochMs(0.5)).toThrow('whole millisecond');
    expect(() => instantFromEpochMs(NaN)).toThrow('whole millisecond');
    expect(() => instantFromEpochMs(253_402_300_800_000)).toThrow('0000 to 9999');
    expect(instantFromEpochMs(253_402_300_799_999)).toBe('9999-12-31T23:59:59.999Z');
  });
});
