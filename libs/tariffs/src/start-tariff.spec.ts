import fc from 'fast-check';
import {
  standingAssignments,
  withAssigned,
  withUnassigned,
  type AssignmentHistory,
} from './assignment-history';
import { explainStartTariff, startTariff } from './start-tariff';
import {
  assignment,
  drawnAssignments,
  drawnStart,
  offerOf,
  sessionStart,
  version,
} from './testing/drawn-assignments';

const chosen = (offer: ReturnType<typeof offerOf>, start = sessionStart()) =>
  startTariff(offer, start)?.reference.tariffId;

describe('the tariff of a start', () => {
  it('is that of the charge point when nothing is assigned', () => {
    expect(startTariff(offerOf([]), sessionStart())).toEqual({
      reference: version('own').reference,
    });
  });

  it('is the assigned one, and names the assignment', () => {
    const site = assignment({ locationIds: ['L-1'] });
    expect(startTariff(offerOf([site]), sessionStart())).toEqual({
      reference: version('assigned').reference,
      assignment: site,
    });
  });

  it('is the next one where the first has no version in force', () => {
    const first = assignment({ tariffId: 'summer', priority: 1 });
    const offer = offerOf([first, assignment()], { summer: [] });
    expect(chosen(offer)).toBe('assigned');
    expect(chosen(offerOf([first], { summer: [] }))).toBe('own');
  });

  it('is the next one where the first is in another currency than the location', () => {
    const offer = offerOf([assignment()], { assigned: [version('assigned', { currency: 'CHF' })] });
    expect(chosen(offer)).toBe('own');
    expect(chosen(offer, sessionStart({ currency: 'CHF' }))).toBe('assigned');
  });

  it('is none where nothing is in force, not even the tariff of the charge point', () => {
    expect(chosen(offerOf([assignment()], { assigned: [], own: [] }))).toBeUndefined();
  });

  it('is told apart by whether a driver is a member', () => {
    const offer = offerOf([
      assignment({ assignmentId: 'm', tariffId: 'members', driverGroups: ['tier:member'] }),
      assignment({ assignmentId: 'r', tariffId: 'guests', driverGroups: ['tier:retail'] }),
      assignment({ assignmentId: 'x', tariffId: 'roaming', driverGroups: ['roaming:NLABC'] }),
    ]);
    const of = (...driverGroups: string[]) => chosen(offer, sessionStart({ driverGroups }));
    expect(of('tier:member', 'token-type:RFID')).toBe('members');
    expect(of('tier:retail', 'token-type:AD_HOC_USER')).toBe('guests');
    expect(of('roaming:NLABC')).toBe('roaming');
  });

  it('of another network is only what is assigned to that network', () => {
    const others = [
      assignment({ assignmentId: 'all', tariffId: 'everybody', priority: 9 }),
      assignment({ assignmentId: 'rfid', tariffId: 'cards', driverGroups: ['token-type:RFID'] }),
    ];
    const start = sessionStart({
      driverGroups: ['tier:roaming', 'token-type:RFID', 'roaming:NLABC'],
    });
    expect(chosen(offerOf(others), start)).toBeUndefined();
    expect(explainStartTariff(offerOf(others), start).map(({ verdict }) => verdict)).toEqual([
      'driver-group-differs',
      'driver-group-differs',
      'not-for-roaming',
    ]);
    const agreed = assignment({
      assignmentId: 'x',
      tariffId: 'partners',
      driverGroups: ['roaming:DEXYZ', 'roaming:NLABC'],
    });
    expect(chosen(offerOf([...others, agreed]), start)).toBe('partners');
  });

  it('is explained with every tariff that was looked at', () => {
    const offer = offerOf(
      [
        assignment({ assignmentId: 'dry', tariffId: 'dry', priority: 3 }),
        assignment({ assignmentId: 'francs', tariffId: 'francs', priority: 2 }),
        assignment({ assignmentId: 'members', driverGroups: ['tier:member'] }),
        assignment({ assignmentId: 'site', locationIds: ['L-1'] }),
        assignment({ assignmentId: 'all' }),
      ],
      { dry: [], francs: [version('francs', { currency: 'CHF' })] },
    );
    const told = explainStartTariff(offer, sessionStart()).map((candidate) => [
      candidate.assignment?.assignmentId ?? 'own',
      candidate.verdict,
    ]);
    expect(told).toEqual([
      ['dry', 'tariff-not-in-force'],
      ['francs', 'currency-differs'],
      ['members', 'driver-group-differs'],
      ['site', 'prices-the-start'],
      ['all', 'another-comes-first'],
      ['own', 'another-comes-first'],
    ]);
  });

  it('is the one that is explained', () =>
    fc.assert(
      fc.property(
        drawnAssignments,
        drawnStart,
        fc.subarray(['T-1', 'T-2', 'own']),
        (assignments, start, lapsed) => {
          const offer = offerOf(assignments, Object.fromEntries(lapsed.map((id) => [id, []])));
          const told = explainStartTariff(offer, start).filter(
            ({ verdict }) => verdict === 'prices-the-start',
          );
          const tariff = startTariff(offer, start);
          expect(told.map(({ reference, assignment: one }) => [reference, one])).toEqual(
            tariff === undefined ? [] : [[tariff.reference, tariff.assignment]],
          );
        },
      ),
    ));

  it('never is one of a driver group that the driver is not in', () =>
    fc.assert(
      fc.property(drawnAssignments, drawnStart, (assignments, start) => {
        const groups = startTariff(offerOf(assignments), start)?.assignment?.driverGroups ?? [];
        if (groups.length === 0) return;
        expect(groups.filter((group) => start.driverGroups.includes(group))).not.toHaveLength(0);
      }),
    ));
});

type Word = Readonly<{ id: string; say: (history: AssignmentHistory) => AssignmentHistory }>;

describe('what was said of assignments', () => {
  const words: fc.Arbitrary<Word[]> = drawnAssignments.map((drawn) =>
    drawn.flatMap((one, index): Word[] => {
      // Two neighbours are revisions of one assignment; the odd ones end it.
      const assignmentId = `a-${Math.floor(index / 3)}`;
      const revision = BigInt(index + 1);
      const assigned = { ...one, assignmentId, revision };
      return [
        index % 3 === 1
          ? {
              id: assignmentId,
              say: (history) => withUnassigned(history, { revision, unassignedAt: one.assignedAt }),
            }
          : { id: assignmentId, say: (history) => withAssigned(history, assigned) },
      ];
    }),
  );
  const standing = (said: readonly Word[]) => {
    const histories = new Map<string, AssignmentHistory>();
    for (const { id, say } of said) histories.set(id, say(histories.get(id) ?? {}));
    return standingAssignments(histories.values());
  };

  it('stands, whatever order it came in and however often', () =>
    fc.assert(
      fc.property(
        words.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
          ),
        ),
        ([all, shuffled]) => expect(standing(shuffled)).toEqual(standing(all)),
      ),
    ));

  it('ends for starts from the instant of its end on, not for those claimed from before', () => {
    const unassignedAt = '2026-06-01T12:00:00.000Z';
    const ended = withUnassigned({ assigned: assignment() }, { revision: 2n, unassignedAt });
    const assignments = standingAssignments([ended]);
    expect(chosen(offerOf(assignments), sessionStart({ at: unassignedAt }))).toBe('own');
    const before = sessionStart({ at: '2026-06-01T11:59:59.999Z' });
    expect(chosen(offerOf(assignments), before)).toBe('assigned');
    const again = withAssigned(ended, assignment({ revision: 3n }));
    expect(chosen(offerOf(standingAssignments([again])))).toBe('assigned');
  });
});
