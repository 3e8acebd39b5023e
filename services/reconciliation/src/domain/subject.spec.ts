import fc from 'fast-check';
import { amountsFromText, amountsToText } from '../outbound/amount-text';
import {
  example as s,
  exampleNames,
  paidPayout,
  refundedAfter,
  settledSession,
  subjectOf,
} from '../testing/example-sessions';
import { match } from './match';
import { emptySubject, evolve, type Subject, type SubjectFact } from './subject';

type Recorded = Readonly<{ fact: SubjectFact; recordedAt: string }>;

/** The stream that a fact is in, whose order holds: the key of its record. */
const streamOf = (fact: SubjectFact): string => {
  if ('balanceTransactionId' in fact && fact.type.startsWith('Balance')) {
    return `settlement ${fact.balanceTransactionId}`;
  }
  if ('payoutId' in fact) return `settlement ${fact.payoutId}`;
  if (fact.type.startsWith('Session')) return 'session';
  if (fact.type.startsWith('Cdr')) return 'cdr';
  return fact.type.startsWith('Journal') ? 'journal' : 'payment';
};

const recorded = (facts: readonly SubjectFact[]): readonly Recorded[] =>
  facts.map((fact, index) => ({
    fact,
    recordedAt: `2026-11-20T16:00:${String(index).padStart(2, '0')}.000Z`,
  }));

const histories: readonly (readonly Recorded[])[] = [
  [...settledSession(s), ...refundedAfter(s, 500n), s.payoutCreated('po-9', 1147n, [])],
  [
    s.started(5000n),
    s.quarantined(),
    s.released(),
    s.quarantined(),
    s.released(),
    s.closed(),
    s.withheld(),
    { ...s.cdr(1190n), currency: 'CHF' },
    s.receivable(310n, 'price-above-hold'),
    s.receivable(880n, 'capture-failed'),
    s.refund('Requested', 3n),
    s.refund('Refunded', 3n),
    s.refund('Failed', 3n),
    s.chargeMoved(1190n, 43n),
    s.available(1147n),
    s.payoutCreated('po-1', 1147n, [s.payoutMember(1147n)]),
    s.payoutFailed('po-1', 1147n),
    s.payoutCreated('po-2', 1147n, [s.payoutMember(1147n)]),
    s.cdrBooked(1190n),
    s.reversed(s.cdrBooked(1190n)),
  ],
].map(recorded);

const fold = (facts: readonly Recorded[]): Subject =>
  facts.reduce(
    (subject, { fact, recordedAt }) => evolve(subject, fact, recordedAt),
    emptySubject(exampleNames.cpoId, exampleNames.sessionId),
  );

/**
 * What at-least-once delivery may do to a history: each stream keeps its order but may be read again
 * from an earlier place; between streams there is no order.
 */
const deliveryOf = (history: readonly Recorded[]): fc.Arbitrary<readonly Recorded[]> => {
  const streams = new Map<string, Recorded[]>();
  for (const entry of history) {
    const stream = streamOf(entry.fact);
    streams.set(stream, [...(streams.get(stream) ?? []), entry]);
  }
  const rereads = [...streams.values()].map((stream) =>
    fc
      .array(fc.nat({ max: stream.length }), { maxLength: 2 })
      .map((ends) => [...ends.flatMap((end) => stream.slice(0, end)), ...stream]),
  );
  return fc.tuple(...rereads).chain((queues) => {
    const turns = queues.flatMap((queue, index) => queue.map(() => index));
    return fc.shuffledSubarray(turns, { minLength: turns.length }).map((order) => {
      const left = queues.map((queue) => [...queue]);
      return order.flatMap((index) => left[index]?.shift() ?? []);
    });
  });
};

const payouts = new Map([
  ['po-1', { ...paidPayout(1147n), failed: true }],
  ['po-2', paidPayout(1147n)],
]);

describe('the facts of a session', () => {
  it.each(histories.map((history, index) => [index, history] as const))(
    'make the same subject in any order of topics, delivered any number of times (history %i)',
    (_, history) =>
      fc.assert(
        fc.property(deliveryOf(history), (delivered) => {
          const subject = fold(delivered);
          expect(subject).toEqual(fold(history));
          expect(match(subject, payouts)).toEqual(match(fold(history), payouts));
        }),
        { numRuns: 200 },
      ),
  );

  it('come back from a row as they went in', () => {
    for (const history of histories) {
      const subject = fold(history);
      expect(amountsFromText(amountsToText(subject))).toEqual(subject);
    }
  });

  it('keep the currency of the CDR, and note the other', () =>
    expect(subjectOf([s.started(), { ...s.cdr(1n), currency: 'CHF' }])).toMatchObject({
      currency: 'CHF',
      currencies: ['CHF', 'EUR'],
    }));

  it('leave the entries of payouts to the payouts', () =>
    expect(subjectOf([s.payoutBooked('po-1', 'payout.paid')]).entries).toEqual({}));

  it('keep the place of the last fact, whatever came late', () => {
    const subject = fold([
      { fact: s.closed(), recordedAt: '2026-11-20T16:00:05.000Z' },
      { fact: s.cdr(1n), recordedAt: '2026-11-20T16:00:01.000Z' },
    ]);
    expect(subject.lastFactAt).toBe('2026-11-20T16:00:05.000Z');
  });
});
