import type { TariffAssigned, TariffAssignmentEvent } from '@tallywatt/contracts';
import { specification } from '@tallywatt/testing';
import fc from 'fast-check';
import { assignmentWarnings, expiredWarnings } from './assignment-warnings';
import {
  standing,
  tariffAssignment,
  type AssignmentCommand,
  type AssignmentReason,
  type AssignmentState,
  type AssignmentTerms,
} from './tariff-assignment';

const now = '2026-11-21T10:00:00.000Z';
const asked = { cpoId: 'default', assignmentId: 'depots', now, by: 'operator-1' };
const terms: AssignmentTerms = {
  tariffId: 'hpc',
  priority: 0,
  driverGroups: [],
  chargePointIds: [],
  evseGroups: [],
  locationIds: [],
  siteGroups: ['depots'],
  weeklyWindows: [{ weekdays: ['SUNDAY'], startTime: '08:00', endTime: '12:00' }],
};
const assign = (changes: Partial<AssignmentTerms> = {}): AssignmentCommand => ({
  type: 'AssignTariff',
  ...asked,
  terms: { ...terms, ...changes },
});
const unassign: AssignmentCommand = { type: 'UnassignTariff', ...asked };
const assigned = (revision: bigint, changes: Partial<TariffAssigned> = {}): TariffAssigned => ({
  type: 'TariffAssigned',
  cpoId: 'default',
  assignmentId: 'depots',
  revision,
  ...terms,
  assignedAt: now,
  assignedBy: 'operator-1',
  ...changes,
});
const unassigned = (revision: bigint, tariffId = 'hpc'): TariffAssignmentEvent => ({
  type: 'TariffUnassigned',
  cpoId: 'default',
  tariffId,
  assignmentId: 'depots',
  revision,
  unassignedAt: now,
  unassignedBy: 'operator-1',
});

const { given } = specification<
  AssignmentCommand,
  AssignmentState,
  TariffAssignmentEvent,
  AssignmentReason
>(tariffAssignment);

describe('an assignment that was never made', () => {
  it('is made as revision 1', () => given().when(assign()).then(assigned(1n)));
  it('cannot be ended', () => given().when(unassign).thenRefused('assignment-unknown'));
});

describe('an assignment that stands', () => {
  it('says the same only once', () =>
    given(assigned(1n)).when(assign()).thenIgnored('assignment-unchanged'));

  it.each<Partial<AssignmentTerms>>([
    { tariffId: 'ac' },
    { priority: 1 },
    { siteGroups: [] },
    { weeklyWindows: [] },
    { validFrom: now },
  ])('is revised when it says something else: %j', (changes) =>
    given(assigned(1n)).when(assign(changes)).then(assigned(2n, changes)),
  );

  it('is revised when a bound is taken away', () =>
    given(assigned(1n, { validUntil: now }))
      .when(assign())
      .then(assigned(2n)));

  it('ends', () => given(assigned(1n)).when(unassign).then(unassigned(2n)));
});

describe('an assignment that has ended', () => {
  it('ends only once', () =>
    given(assigned(1n), unassigned(2n)).when(unassign).thenIgnored('assignment-already-ended'));

  it('stands again, as another revision, when it is said again', () =>
    given(assigned(1n), unassigned(2n)).when(assign()).then(assigned(3n)));
});

describe('what was said of an assignment under several tariffs', () => {
  it('makes one state, whatever order the streams came in', () => {
    const said = [
      assigned(1n),
      assigned(2n, { tariffId: 'ac' }),
      unassigned(3n, 'ac'),
      assigned(4n, { tariffId: 'dc' }),
    ];
    const stateOf = (events: readonly TariffAssignmentEvent[]): AssignmentState =>
      events.reduce(tariffAssignment.evolve, tariffAssignment.initial as AssignmentState);
    fc.assert(
      fc.property(fc.shuffledSubarray([...said, ...said], { minLength: 8 }), (shuffled) => {
        expect(stateOf(shuffled)).toEqual(stateOf(said));
        expect(standing(stateOf(shuffled))?.tariffId).toBe('dc');
      }),
    );
  });
});

describe('what a person may not have meant', () => {
  const other = assigned(1n, { assignmentId: 'other', assignedAt: '2026-11-20T10:00:00.000Z' });

  it('is nothing where one of the two asks more', () =>
    expect(assignmentWarnings(assigned(1n, { evseGroups: ['hpc'] }), [other])).toEqual([]));

  it('is a tie, with the name of the other and who wins', () => {
    const [warning, ...rest] = assignmentWarnings(assigned(1n), [other, assigned(1n)]);
    expect(rest).toEqual([]);
    expect(warning).toMatchObject({ path: '$.priority' });
    expect(warning?.message).toContain('assignment other of tariff hpc');
    expect(warning?.message).toContain('this one wins');
    expect(assignmentWarnings(other, [assigned(1n)])[0]?.message).toContain('that one wins');
  });

  it('is to ask nothing at all', () =>
    expect(
      assignmentWarnings(assigned(1n, { siteGroups: [], weeklyWindows: [] }), [other]),
    ).toMatchObject([{ path: '$' }]));

  it.each<[readonly (string | undefined)[], number]>([
    [['2026-11-21T10:00:00.000Z'], 1],
    [['2026-11-21T10:00:00.001Z'], 0],
    [['2026-01-01T00:00:00.000Z', undefined], 0],
    [[], 0],
  ])('is a tariff of which all versions are over: %j', (ends, warnings) => {
    const versions = ends.map((validUntil, index) => ({
      reference: {
        tariffId: 'hpc',
        version: BigInt(index + 1),
        contentHash: 'hash',
        billsParkingTime: false,
      },
      currency: 'EUR',
      ...(validUntil === undefined ? {} : { validUntil }),
    }));
    expect(expiredWarnings('hpc', { versions }, now)).toHaveLength(warnings);
  });

  it('is none for a driver group of a home network', () =>
    expect(
      assignmentWarnings(assigned(1n, { driverGroups: ['tier:member', 'roaming:NLABC'] }), []),
    ).toEqual([]));
});
