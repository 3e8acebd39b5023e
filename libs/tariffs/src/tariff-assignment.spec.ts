import { instantFromEpochMs } from '@tallywatt/time';
import fc from 'fast-check';
import type { SessionStart, TariffAssignment } from './index';
import { areTied, assignmentMismatch, byPrecedence } from './tariff-assignment';
import {
  assignment,
  drawnAssignments,
  drawnWindow,
  sessionStart,
} from './testing/drawn-assignments';

const noon = '2026-06-01T12:00:00.000Z';
const night = { weekdays: [], startTime: '22:00', endTime: '06:00' };

describe('an assignment holds a start', () => {
  it.each<[string, Partial<TariffAssignment>, Partial<SessionStart>, string | undefined]>([
    ['when it asks nothing', {}, {}, undefined],
    ['from its first instant', { validFrom: noon }, {}, undefined],
    ['not before', { validFrom: '2026-06-01T12:00:00.001Z' }, {}, 'outside-validity'],
    ['not from its end on', { validUntil: noon }, {}, 'outside-validity'],
    ['for a group of the driver', { driverGroups: ['tier:x', 'tier:retail'] }, {}, undefined],
    ['for no other group', { driverGroups: ['tier:member'] }, {}, 'driver-group-differs'],
    ['at its charge point', { chargePointIds: ['CP-1'] }, {}, undefined],
    ['at no other', { chargePointIds: ['CP-2'] }, {}, 'charge-point-differs'],
    ['at an EVSE of its group', { evseGroups: ['ac', 'hpc'] }, {}, undefined],
    ['at no other EVSE', { evseGroups: ['ac'] }, {}, 'evse-group-differs'],
    [
      'not while the EVSE is unknown',
      { evseGroups: ['hpc'] },
      { evseGroups: [] },
      'evse-group-differs',
    ],
    ['at its location', { locationIds: ['L-1'] }, {}, undefined],
    ['at no other location', { locationIds: ['L-2'] }, {}, 'location-differs'],
    ['at a site of its group', { siteGroups: ['city', 'depots'] }, {}, undefined],
    ['at no other site', { siteGroups: ['city'] }, {}, 'site-group-differs'],
    [
      'only when all that it asks holds',
      { siteGroups: ['depots'], evseGroups: ['hpc'], driverGroups: ['tier:member'] },
      {},
      'driver-group-differs',
    ],
  ])('%s', (_, asked, given, expected) =>
    expect(assignmentMismatch(assignment(asked), sessionStart(given))).toBe(expected),
  );

  // Berlin is two hours ahead in summer; 1 June 2026 is a Monday.
  it.each([
    ['2026-06-01T19:59:59.999Z', [night], false],
    ['2026-06-01T20:00:00.000Z', [night], true],
    ['2026-06-02T03:59:59.999Z', [night], true],
    ['2026-06-02T04:00:00.000Z', [night], false],
    // The weekday is that of the moment, not of the evening before.
    ['2026-06-01T20:30:00.000Z', [{ ...night, weekdays: ['MONDAY'] }], true],
    ['2026-06-01T22:30:00.000Z', [{ ...night, weekdays: ['MONDAY'] }], false],
    ['2026-05-31T22:30:00.000Z', [{ ...night, weekdays: ['MONDAY'] }], true],
    ['2026-06-06T12:00:00.000Z', [{ weekdays: ['SATURDAY', 'SUNDAY'] }], true],
    ['2026-06-05T12:00:00.000Z', [{ weekdays: ['SATURDAY', 'SUNDAY'] }], false],
    ['2026-06-01T21:59:59.999Z', [{ weekdays: [], startTime: '20:00', endTime: '00:00' }], true],
    ['2026-06-01T22:00:00.000Z', [{ weekdays: [], startTime: '20:00', endTime: '00:00' }], false],
    ['2026-06-01T03:00:00.000Z', [{ weekdays: [], startTime: '00:00', endTime: '00:00' }], true],
  ])('at %s inside %j: %p', (at, weeklyWindows, isInside) =>
    expect(assignmentMismatch(assignment({ weeklyWindows }), sessionStart({ at }))).toBe(
      isInside ? undefined : 'outside-weekly-windows',
    ),
  );

  it('at no time of a week where the time zone is unknown', () => {
    const { timeZone: _, ...unzoned } = sessionStart();
    const always = assignment({ weeklyWindows: [{ weekdays: [] }] });
    expect(assignmentMismatch(always, unzoned)).toBe('time-zone-unknown');
  });
});

describe('of two assignments', () => {
  const everything: readonly Partial<TariffAssignment>[] = [
    { driverGroups: ['tier:member'] },
    { chargePointIds: ['CP-1'] },
    { evseGroups: ['hpc'] },
    { locationIds: ['L-1'] },
    { siteGroups: ['depots'] },
    { weeklyWindows: [night] },
    {},
  ];

  it('the more specific comes first: whom, where from near to far, when', () => {
    const assignments = everything.map((asked, index) =>
      // Each is assigned later than the one before, which only counts where nothing else does.
      assignment({ ...asked, assignmentId: `a-${index}`, assignedAt: `2026-05-0${index + 1}` }),
    );
    expect([...assignments].reverse().sort(byPrecedence)).toEqual(assignments);
  });

  it('what asks one thing more of the same comes first', () => {
    const site = assignment({ locationIds: ['L-1'], assignedAt: noon });
    const siteAtNight = assignment({ locationIds: ['L-1'], weeklyWindows: [night] });
    expect([site, siteAtNight].sort(byPrecedence)[0]).toBe(siteAtNight);
  });

  it('the higher priority comes before the more specific', () => {
    const general = assignment({ priority: 1 });
    const special = assignment({ driverGroups: ['tier:member'], chargePointIds: ['CP-1'] });
    expect([special, general].sort(byPrecedence)[0]).toBe(general);
  });

  it('the one assigned later comes first where nothing else decides', () => {
    const before = assignment({ locationIds: ['L-1'] });
    const after = assignment({ locationIds: ['L-2', 'L-1'], assignedAt: noon });
    expect([before, after].sort(byPrecedence)[0]).toBe(after);
  });

  it('one order, whatever order they came in', () =>
    fc.assert(
      fc.property(
        drawnAssignments.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([all, shuffled]) =>
          expect([...shuffled].sort(byPrecedence)).toEqual([...all].sort(byPrecedence)),
      ),
    ));
});

describe('a tie', () => {
  const tied = (one: Partial<TariffAssignment>, other: Partial<TariffAssignment>): boolean =>
    areTied(assignment(one), assignment({ assignmentId: 'b', ...other }));

  it.each<[Partial<TariffAssignment>, Partial<TariffAssignment>, boolean]>([
    [{}, {}, true],
    [{}, { assignmentId: 'a' }, false],
    [{}, { priority: 1 }, false],
    [{}, { locationIds: ['L-1'] }, false],
    [{ locationIds: ['L-1', 'L-2'] }, { locationIds: ['L-2'] }, true],
    [{ locationIds: ['L-1'] }, { locationIds: ['L-2'] }, false],
    // One driver may be in groups of two kinds, but not in two of one kind.
    [{ driverGroups: ['tier:retail'] }, { driverGroups: ['token-type:AD_HOC_USER'] }, true],
    [{ driverGroups: ['tier:member'] }, { driverGroups: ['tier:gold', 'group:fleet-1'] }, true],
    [{ driverGroups: ['tier:member'] }, { driverGroups: ['tier:gold', 'tier:member'] }, true],
    [{ driverGroups: ['tier:member'] }, { driverGroups: ['tier:gold'] }, false],
    [{ validUntil: noon }, { validFrom: noon }, false],
    [{ validUntil: noon }, { validFrom: '2026-06-01T11:59:59.999Z' }, true],
    [{ weeklyWindows: [night] }, { weeklyWindows: [{ ...night, startTime: '05:00' }] }, true],
    [
      { weeklyWindows: [night] },
      { weeklyWindows: [{ weekdays: [], startTime: '06:00', endTime: '22:00' }] },
      false,
    ],
    [
      { weeklyWindows: [{ weekdays: ['MONDAY'] }] },
      { weeklyWindows: [{ weekdays: ['SUNDAY', 'TUESDAY'] }] },
      false,
    ],
  ])('of %j and %j: %p', (one, other, expected) => {
    expect(tied(one, other)).toBe(expected);
    expect(areTied(assignment({ assignmentId: 'b', ...other }), assignment(one))).toBe(expected);
  });

  it('is found wherever the windows of two hold one instant', () => {
    const windows = fc.array(drawnWindow, { minLength: 1, maxLength: 2 });
    const instant = fc
      .integer({ min: 0, max: 7 * 48 })
      .map((half) => instantFromEpochMs(Date.UTC(2026, 5, 1) + half * 1_800_000));
    let met = 0;
    fc.assert(
      fc.property(windows, windows, instant, (ones, others, at) => {
        const one = assignment({ weeklyWindows: ones });
        const other = assignment({ assignmentId: 'b', weeklyWindows: others });
        const start = sessionStart({ at });
        if (assignmentMismatch(one, start) !== undefined) return;
        if (assignmentMismatch(other, start) !== undefined) return;
        met += 1;
        expect(areTied(one, other)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(met).toBeGreaterThan(50);
  });
});
