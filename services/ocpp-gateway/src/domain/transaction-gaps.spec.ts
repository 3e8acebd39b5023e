import fc from 'fast-check';
import { gapEvents, gapsAfter, type GapSight, told, type TransactionGap } from './transaction-gaps';

const now = '2026-11-22T10:00:00.000Z';
const later = '2026-11-22T10:10:00.000Z';
const name = { cpoId: 'default', sessionId: 'S-1' };
const gap = (first: number, last: number): Omit<TransactionGap, 'isTold'> => ({
  first,
  last,
  noticedAt: now,
  missing: [{ first, last }],
  isGivenUp: false,
});
const numbers = (first: number, last: number) => ({
  ...name,
  firstMissingSeqNo: first,
  lastMissingSeqNo: last,
});

/** A transaction of which is told what is noticed, step by step. */
const heardOf = (sight: Omit<GapSight, 'now' | 'isGapGivenUp'> & Partial<GapSight>) => {
  const full = { isGapGivenUp: false, now, ...sight };
  const step = gapsAfter(full);
  const how = { hasEnded: false, now: full.now };
  return { gaps: told(step.gaps), events: gapEvents(name, full.gaps, step, how) };
};

describe('the numbers of a transaction’s events (row 13)', () => {
  it('leave no gap where they follow each other', () =>
    expect(heardOf({ gaps: [], nextSeqNo: 3, heard: [3, 4, 5] })).toEqual({
      gaps: [],
      events: [],
    }));

  it('leave none that is known while the first event has not come', () =>
    expect(heardOf({ gaps: [], heard: [4, 9] })).toEqual({ gaps: [], events: [] }));

  it('leave one when a later one comes, and it is noticed once', () => {
    const first = heardOf({ gaps: [], nextSeqNo: 3, heard: [6] });
    expect(first.events).toEqual([
      { type: 'TransactionGapNoticed', ...numbers(3, 5), noticedAt: now },
    ]);
    const again = heardOf({ gaps: first.gaps, nextSeqNo: 3, heard: [6, 7], now: later });
    expect(again).toEqual({ gaps: [{ ...gap(3, 5), isTold: true }], events: [] });
    const another = heardOf({ gaps: first.gaps, nextSeqNo: 3, heard: [6, 9], now: later });
    expect(another.events).toEqual([
      { type: 'TransactionGapNoticed', ...numbers(7, 8), noticedAt: later },
    ]);
  });

  it('heal it with the last that was missing', () => {
    const { gaps } = heardOf({ gaps: [], nextSeqNo: 3, heard: [6] });
    const middle = heardOf({ gaps, nextSeqNo: 3, heard: [4, 6] });
    expect(middle.events).toEqual([]);
    const next = heardOf({ gaps: middle.gaps, nextSeqNo: 3, heard: [3, 4, 6] });
    expect(next.events).toEqual([]);
    expect(next.gaps).toMatchObject([{ missing: [{ first: 5, last: 5 }] }]);
    expect(heardOf({ gaps: next.gaps, nextSeqNo: 5, heard: [5, 6], now: later })).toEqual({
      gaps: [],
      events: [{ type: 'TransactionGapHealed', ...numbers(3, 5), healedAt: later }],
    });
  });

  it('are given up, with how many never came, and healed all the same when they come one day', () => {
    const { gaps } = heardOf({ gaps: [], nextSeqNo: 3, heard: [4, 8] });
    const up = heardOf({ gaps, nextSeqNo: 3, heard: [4, 8], isGapGivenUp: true, now: later });
    expect(up.events).toEqual([
      {
        type: 'TransactionGapGivenUp',
        ...numbers(3, 3),
        missingCount: 1,
        hasEnded: false,
        givenUpAt: later,
      },
      {
        type: 'TransactionGapGivenUp',
        ...numbers(5, 7),
        missingCount: 3,
        hasEnded: false,
        givenUpAt: later,
      },
    ]);
    const again = heardOf({ gaps: up.gaps, nextSeqNo: 9, heard: [9], isGapGivenUp: true });
    expect(again.events).toEqual([]);
    const late = heardOf({ gaps: up.gaps, nextSeqNo: 9, heard: [3], now: later });
    expect(late.events).toEqual([
      { type: 'TransactionGapHealed', ...numbers(3, 3), healedAt: later },
    ]);
  });

  it('are told of when there is a session, with since when', () => {
    const step = gapsAfter({ gaps: [], nextSeqNo: 1, heard: [2], isGapGivenUp: false, now });
    const up = gapsAfter({
      gaps: step.gaps,
      nextSeqNo: 1,
      heard: [2],
      isGapGivenUp: true,
      now: later,
    });
    expect(gapEvents(name, step.gaps, up, { hasEnded: true, now: later })).toMatchObject([
      { type: 'TransactionGapNoticed', noticedAt: now },
      { type: 'TransactionGapGivenUp', hasEnded: true, givenUpAt: later },
    ]);
  });

  it('heal every gap once all have come, in whatever order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 8 }), (order) => {
        let gaps: TransactionGap[] = [];
        let nextSeqNo = 1;
        const held = new Set<number>();
        const noticed: number[] = [];
        const healed: number[] = [];
        for (const seqNo of order) {
          held.add(seqNo);
          const step = heardOf({ gaps, nextSeqNo, heard: [...held] });
          gaps = step.gaps;
          for (const event of step.events) {
            const list = event.type === 'TransactionGapNoticed' ? noticed : healed;
            list.push(event.firstMissingSeqNo);
          }
          while (held.delete(nextSeqNo)) nextSeqNo += 1;
        }
        expect(gaps).toEqual([]);
        expect(healed.sort()).toEqual(noticed.sort());
      }),
    );
  });
});
