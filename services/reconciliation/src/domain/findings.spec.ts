import type { ReconciliationEvent } from '@tallywatt/contracts';
import {
  example as s,
  paidPayout,
  refundedAfter,
  settledSession,
  subjectOf,
} from '../testing/example-sessions';
import { decide, eventIdOf, noVerdict, type Overdue, type Verdict } from './findings';
import { match } from './match';
import type { SubjectFact } from './subject';

const at = '2026-11-21T10:00:00.000Z';
const payouts = new Map([
  ['po-1', paidPayout(1147n)],
  ['po-2', paidPayout(-500n)],
]);
const settled = settledSession(s);
const capturedTooMuch = settled.map((fact) =>
  fact.type === 'PaymentCaptured' ? s.captured(1191n) : fact,
);

const judge = (
  facts: readonly SubjectFact[],
  before: Verdict = noVerdict,
  overdue: readonly Overdue[] = [],
) => {
  const subject = subjectOf(facts);
  return decide(subject, match(subject, payouts), overdue, before, at);
};
const typesOf = (events: readonly ReconciliationEvent[]) => events.map(({ type }) => type);
const foundIds = (events: readonly ReconciliationEvent[]) =>
  events.flatMap((event) => (event.type === 'DiscrepancyFound' ? [event.findingId] : []));

describe('a difference', () => {
  const first = judge(capturedTooMuch);

  it('is found, with what was expected and what was there', () =>
    expect(first.events[0]).toEqual({
      type: 'DiscrepancyFound',
      cpoId: 'default',
      subjectId: 's-1',
      findingId: first.verdict.open[0]?.findingId,
      kind: 'captured-differs',
      detail: 'captured and receivable together are more than was billed',
      expected: { amountMinor: 1190n, currency: 'EUR' },
      actual: { amountMinor: 1191n, currency: 'EUR' },
      foundAt: at,
    }));
  it('is found once', () =>
    expect(judge(capturedTooMuch, first.verdict)).toEqual({ events: [], verdict: first.verdict }));
  it('is resolved under the id it was found with, and then the subject agrees', () => {
    const { events, verdict } = judge(settled, first.verdict);
    expect(typesOf(events)).toEqual([
      ...first.verdict.open.map(() => 'DiscrepancyResolved'),
      'SubjectReconciled',
    ]);
    expect(events[0]).toMatchObject({ findingId: foundIds(first.events)[0], resolvedAt: at });
    expect(verdict.open).toEqual([]);
  });
  it('that returns is another finding', () => {
    const again = judge(capturedTooMuch, judge(settled, first.verdict).verdict);
    expect(foundIds(again.events)).toHaveLength(foundIds(first.events).length);
    for (const id of foundIds(again.events)) expect(foundIds(first.events)).not.toContain(id);
  });
  it('on two accounts is two findings, each resolved by itself', () => {
    const entry = s.chargeBooked(1190n, 40n);
    const wrongFee = settled.map((fact) =>
      'entryId' in fact && fact.entryId === entry.entryId ? entry : fact,
    );
    const two = judge(wrongFee);
    expect(new Set(foundIds(two.events)).size).toBe(2);
    const feesRight = {
      ...s.cdrBooked(0n),
      entryId: 'fee',
      postingRule: 'processor.fee',
      documentId: entry.documentId,
      lines: [
        { account: 'expenses:fees:processing', side: 'debit', amountMinor: 3n },
        { account: 'assets:suspense', side: 'credit', amountMinor: 3n },
      ],
    };
    const one = judge([...wrongFee, feesRight], two.verdict);
    expect(typesOf(one.events)).toEqual(['DiscrepancyResolved']);
    expect(one.verdict.open).toMatchObject([{ about: 'assets:processor:stripe:pending' }]);
  });
  it('of currencies has no amounts', () => {
    const { events } = judge([
      ...settled,
      { ...s.held(5000n), amount: { amountMinor: 1n, currency: 'USD' } },
    ]);
    expect(events[0]).toMatchObject({ kind: 'currency-differs', detail: 'amounts in EUR, USD' });
    expect(events[0]).not.toHaveProperty('expected');
  });
});

describe('a silence', () => {
  const due = [s.started(), s.closed()];
  const overdue: Overdue[] = [{ awaited: 'cdr', sinceAt: '2026-11-20T16:00:00.000Z' }];

  it('is found once and resolved when the hop speaks', () => {
    const found = judge(due, noVerdict, overdue);
    expect(found.events).toMatchObject([
      { kind: 'cdr-missing', detail: 'nothing heard since 2026-11-20T16:00:00.000Z' },
    ]);
    const later: Overdue[] = [{ awaited: 'cdr', sinceAt: '2026-11-20T18:00:00.000Z' }];
    expect(judge(due, found.verdict, later).events).toEqual([]);
    expect(typesOf(judge([...due, s.cdr(300n)], found.verdict).events)).toEqual([
      'DiscrepancyResolved',
    ]);
  });
});

describe('agreement', () => {
  const first = judge(settled);
  const requested = [...settled, s.refund('Requested', 500n)];
  const voidedRefund = [...requested, s.refund('Failed', 500n)];

  it('is said with all amounts', () =>
    expect(first.events).toEqual([
      {
        type: 'SubjectReconciled',
        cpoId: 'default',
        subjectId: 's-1',
        outcome: 'settled',
        billed: { amountMinor: 1190n, currency: 'EUR' },
        captured: { amountMinor: 1190n, currency: 'EUR' },
        refunded: { amountMinor: 0n, currency: 'EUR' },
        fees: { amountMinor: 43n, currency: 'EUR' },
        paidOut: { amountMinor: 1147n, currency: 'EUR' },
        receivable: { amountMinor: 0n, currency: 'EUR' },
      },
    ]));
  it('is said once', () => expect(judge(settled, first.verdict).events).toEqual([]));
  it('is not said again after an interruption that changed nothing', () => {
    const waiting = judge(requested, first.verdict);
    expect(waiting.events).toEqual([]);
    expect(judge(voidedRefund, waiting.verdict).events).toEqual([]);
  });
  it('is said again when a refund changes the amounts', () => {
    const refunded = judge([...settled, ...refundedAfter(s, 500n)], first.verdict);
    expect(refunded.events).toMatchObject([
      {
        type: 'SubjectReconciled',
        refunded: { amountMinor: 500n },
        paidOut: { amountMinor: 647n },
      },
    ]);
    const back = judge(settled, refunded.verdict);
    expect(back.events).toEqual(first.events);
    // The same words later are another event, or the log would take it for a repetition.
    const ids = [first, back].map(({ verdict }) =>
      eventIdOf(first.events[0]!, subjectOf(settled), verdict),
    );
    expect(new Set(ids).size).toBe(2);
  });
});
