import { Temporal } from 'temporal-polyfill';
import {
  isTimeZone,
  localParts,
  localWallClockBoundaries,
  parseInstant,
  resolveLocal,
  timeZoneDataVersion,
  zoneOffsetTransitions,
} from './index';

const quarterMs = 900_000;
const dayMs = 86_400_000;

// Half-hour jumps, midnight jumps, a skipped calendar day, double changes in one year, no change.
const zoneYears: readonly (readonly [string, number])[] = [
  ['Europe/Berlin', 2026],
  ['America/New_York', 2026],
  ['Australia/Lord_Howe', 2026],
  ['America/St_Johns', 2010],
  ['America/Sao_Paulo', 2018],
  ['Asia/Beirut', 2026],
  ['Africa/Casablanca', 2026],
  ['Pacific/Apia', 2011],
  ['Asia/Kathmandu', 1986],
  ['UTC', 2026],
];

const temporalAt = (epochMs: number, zone: string) =>
  Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone);

const temporalTransitions = (zone: string, year: number): number[] => {
  const found: number[] = [];
  let at = Temporal.ZonedDateTime.from(`${year}-01-01T00:00[UTC]`).withTimeZone(zone);
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    if (next === null || next.epochMilliseconds >= Date.UTC(year + 1, 0, 1)) return found;
    if (next.offsetNanoseconds !== next.subtract({ nanoseconds: 1 }).offsetNanoseconds) {
      found.push(next.epochMilliseconds);
    }
    at = next;
  }
};

const quartersAround = (atMs: number): number[] =>
  Array.from({ length: 4 * 52 }, (_, index) => atMs - dayMs + (index - 8) * quarterMs);

describe.each(zoneYears)('%s in %d, judged by Temporal', (zone, year) => {
  const changes = temporalTransitions(zone, year);
  const moments = changes.length > 0 ? changes : [Date.UTC(year, 2, 1)];

  it('changes its offset at the same instants', () =>
    expect(
      zoneOffsetTransitions(Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1), zone).map(
        (change) => change.atMs,
      ),
    ).toEqual(changes));

  it('shows the same wall clock on every quarter hour around each change', () => {
    for (const atMs of moments.flatMap(quartersAround)) {
      const judge = temporalAt(atMs, zone);
      expect(localParts(atMs, zone)).toEqual({
        date: judge.toPlainDate().toString(),
        time: judge.toPlainTime().toString({ smallestUnit: 'second' }),
        weekday: judge.toLocaleString('en', { weekday: 'long' }).toUpperCase(),
        secondsOfDay: judge.hour * 3600 + judge.minute * 60 + judge.second,
      });
    }
  });

  it('resolves every quarter hour of the wall clock around each change alike', () => {
    for (const atMs of moments) {
      const noon = temporalAt(atMs, zone).toPlainDateTime();
      for (let quarter = -12; quarter <= 12; quarter += 1) {
        const local = noon.add({ minutes: 15 * quarter });
        const text = local.toString({ smallestUnit: 'second' });
        for (const disambiguation of ['earlier', 'later'] as const) {
          const judge = local.toZonedDateTime(zone, { disambiguation }).epochMilliseconds;
          expect([text, parseInstant(resolveLocal(text, zone, disambiguation))]).toEqual([
            text,
            judge,
          ]);
        }
      }
    }
  });

  it('finds every instant at which a wall-clock comparison changes, and no stranger', () => {
    const wallTimes = ['00:00', '00:30', '02:00', '02:30', '03:00', '23:45'];
    for (const atMs of moments) {
      const quarters = quartersAround(atMs);
      const fromMs = quarters[0] ?? 0;
      const toMs = quarters.at(-1) ?? 0;
      const boundaries = localWallClockBoundaries(fromMs, toMs, zone, wallTimes);
      const reading = (quarterMs_: number): string => {
        const judge = temporalAt(quarterMs_, zone);
        const time = judge.toPlainTime().toString({ smallestUnit: 'minute' });
        return [judge.toPlainDate(), ...wallTimes.map((wall) => time >= wall)].join();
      };
      for (const quarter of quarters.slice(1, -1)) {
        const changed = reading(quarter) !== reading(quarter - 60_000);
        if (changed) expect([zone, boundaries.includes(quarter)]).toEqual([zone, true]);
      }
      for (const boundary of boundaries) {
        const time = temporalAt(boundary, zone).toPlainTime().toString({ smallestUnit: 'minute' });
        expect(wallTimes.includes(time) || changes.includes(boundary)).toBe(true);
      }
    }
  });
});

describe('boundaries on the two odd nights of Berlin', () => {
  const inBerlin = (fromText: string, toText: string, ...wallTimes: string[]): string[] =>
    localWallClockBoundaries(
      parseInstant(fromText),
      parseInstant(toText),
      'Europe/Berlin',
      wallTimes,
    ).map((ms) => new Date(ms).toISOString().slice(11, 16));

  it('act twice inside the repeated hour, and at the jump back between', () =>
    expect(inBerlin('2026-10-24T22:00:00Z', '2026-10-25T04:00:00Z', '02:30')).toEqual([
      '00:30',
      '01:00',
      '01:30',
    ]));

  it('act at the jump when the hour is skipped', () =>
    expect(inBerlin('2026-03-28T22:00:00Z', '2026-03-29T04:00:00Z', '02:30')).toEqual(['01:00']));

  it('are strictly inside the interval', () =>
    expect(inBerlin('2026-06-01T04:00:00Z', '2026-06-02T04:00:00Z', '06:00')).toEqual([]));

  it('need a time of day', () =>
    expect(() => inBerlin('2026-06-01T04:00:00Z', '2026-06-02T04:00:00Z', '24:00')).toThrow(
      '"24:00" is not a time of day',
    ));
});

describe('zones', () => {
  it('are IANA names only', () => {
    for (const zone of ['Europe/Berlin', 'UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires']) {
      expect([zone, isTimeZone(zone)]).toEqual([zone, true]);
    }
    for (const zone of ['', '+01:00', 'Mars/Olympus', 'local', 'Europe/Berlin ', 'x'.repeat(99)]) {
      expect([zone, isTimeZone(zone)]).toEqual([zone, false]);
    }
    expect(() => localParts(0, 'Mars/Olympus')).toThrow('"Mars/Olympus" is not an IANA time zone');
  });

  it('say which data they come from', () => expect(timeZoneDataVersion()).toMatch(/^\d{4}[a-z]/));
});

describe('a local time that is skipped or repeated', () => {
  it('can be rejected', () => {
    expect(() => resolveLocal('2026-03-29T02:30', 'Europe/Berlin', 'reject')).toThrow('skipped');
    expect(() => resolveLocal('2026-10-25T02:30', 'Europe/Berlin', 'reject')).toThrow('repeated');
    expect(resolveLocal('2026-10-25T03:30', 'Europe/Berlin', 'reject')).toBe(
      '2026-10-25T02:30:00.000Z',
    );
  });
});
