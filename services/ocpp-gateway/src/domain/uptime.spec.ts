import * as fc from 'fast-check';
import { type StatusChange, uptimeOf, uptimePercent } from './uptime';

const how = { graceMs: 5, lookedAtMs: 100 };
const period = { fromMs: 0, toMs: 100 };
const said = (atMs: number, status: string, ordinal = 0): StatusChange => ({
  atMs,
  status,
  ordinal: BigInt(ordinal),
});
const always = [{ fromMs: -10, toMs: 100 }];
const available = [said(-10, 'Available')];
const facts = (other: object = {}) => ({
  connections: always,
  statuses: available,
  stationStatuses: [],
  ...other,
});
const none = { up: 0, faulted: 0, unavailable: 0, 'no-connection': 0, excluded: 0, unknown: 0 };

describe('the uptime of a connector', () => {
  it('is the whole time while it is there and well', () =>
    expect(uptimeOf(period, facts(), how)).toEqual({ ...none, up: 100 }));

  it('lacks the time of a fault, and of one of its charge point', () => {
    const statuses = [...available, said(10, 'Faulted'), said(30, 'Charging')];
    const stationStatuses = [said(50, 'Unavailable'), said(60, 'Available')];
    expect(uptimeOf(period, facts({ statuses, stationStatuses }), how)).toEqual({
      ...none,
      up: 70,
      faulted: 20,
      unavailable: 10,
    });
  });

  it('does not lack outage that is excluded, and gains nothing where it was up', () => {
    const statuses = [...available, said(10, 'Faulted'), said(30, 'Charging')];
    const exclusions = [
      { fromMs: 20, toMs: 40 },
      { fromMs: 25, toMs: 28 },
    ];
    const uptime = uptimeOf(period, facts({ statuses, exclusions }), how);
    expect(uptime).toEqual({ ...none, up: 80, faulted: 10, excluded: 10 });
    expect(uptimePercent(uptime)).toBe('90.000');
  });

  it('lacks all of a pause that is longer than the grace, and nothing of a shorter one', () => {
    const connections = [
      { fromMs: -10, toMs: 20 },
      { fromMs: 25, toMs: 40 },
      { fromMs: 46, toMs: 90 },
    ];
    expect(uptimeOf(period, facts({ connections }), how)).toEqual({
      ...none,
      up: 84,
      'no-connection': 16,
    });
  });

  it('is not known before the first connection, or the first word', () => {
    const connections = [{ fromMs: 30, toMs: 100 }];
    expect(uptimeOf(period, facts({ connections, statuses: [said(40, 'Charging')] }), how)).toEqual(
      { ...none, up: 60, unknown: 40 },
    );
    expect(uptimePercent({ ...none, unknown: 100 })).toBeUndefined();
  });

  it('is told in percent of what is known, rounded down', () => {
    expect(uptimePercent({ ...none, up: 100 })).toBe('100.000');
    expect(uptimePercent({ ...none, up: 2, faulted: 1, unknown: 5 })).toBe('66.666');
    expect(uptimePercent({ ...none, faulted: 1 })).toBe('0.000');
    // 97 %: 262 h 48 min of outage in the minutes of a year.
    expect(uptimePercent({ ...none, up: 509_832, faulted: 15_768 })).toBe('97.000');
  });

  const time = fc.integer({ min: -50, max: 150 });
  const spans = fc.array(
    fc.tuple(time, time).map(([a, b]) => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) })),
  );
  const changes = fc
    .array(fc.tuple(time, fc.constantFrom('Available', 'Charging', 'Faulted', 'Unavailable')))
    .map((list) => list.map(([atMs, status], n) => said(atMs, status, n)));

  it('has parts that are the period together, in whatever order the facts come', () =>
    fc.assert(
      fc.property(spans, changes, changes, (connections, statuses, stationStatuses) => {
        const uptime = uptimeOf(period, { connections, statuses, stationStatuses }, how);
        const parts = Object.values(uptime);
        expect(parts.every((ms) => ms >= 0)).toBe(true);
        expect(parts.reduce((sum, ms) => sum + ms, 0)).toBe(100);
        const turned = {
          connections: connections.toReversed(),
          statuses: statuses.toReversed(),
          stationStatuses: stationStatuses.toReversed(),
        };
        expect(uptimeOf(period, turned, how)).toEqual(uptime);
      }),
    ));

  it('of a period is that of its halves together', () =>
    fc.assert(
      fc.property(spans, changes, fc.integer({ min: 1, max: 99 }), (connections, statuses, cut) => {
        const all = { connections, statuses, stationStatuses: [] };
        const whole = uptimeOf(period, all, how);
        const first = uptimeOf({ fromMs: 0, toMs: cut }, all, how);
        const second = uptimeOf({ fromMs: cut, toMs: 100 }, all, how);
        for (const part of ['up', 'faulted', 'unavailable', 'no-connection', 'unknown'] as const) {
          expect(first[part] + second[part]).toBe(whole[part]);
        }
      }),
    ));
});
