import {
  booked,
  correctedSession,
  correctedTo,
  driver,
  givenBack,
  uncollected,
} from '../testing/corrected-session';
import { example as s, paidPayout } from '../testing/example-sessions';
import { isEntry, isType, matchOf, settled, without } from '../testing/settled-session';
import type { SubjectFact } from './subject';

const payouts = { 'po-1': paidPayout(1147n), 'po-2': paidPayout(-290n) };
const pending = 'assets:processor:stripe:pending';
const reduced = (amountMinor: bigint): SubjectFact => ({
  type: 'ReceivableReduced',
  cpoId: 'default',
  paymentId: 'payment-s-1',
  sessionId: 's-1',
  cdrId: 'cdr-2',
  amount: { amountMinor, currency: 'EUR' },
});

describe('a session whose CDR was corrected', () => {
  it('is settled when what it costs less has gone back', () =>
    expect(matchOf(correctedSession, payouts)).toEqual({
      status: 'reconciled',
      outcome: 'settled',
      awaited: [],
      discrepancies: [],
      amounts: {
        billedMinor: 900n,
        capturedMinor: 1190n,
        refundedMinor: 290n,
        feesMinor: 43n,
        paidOutMinor: 857n,
        receivableMinor: 0n,
      },
    }));

  it('is settled when all of it has gone back: its hold was used, and is not to be let go', () => {
    const free = [...settled, ...correctedTo(0n), ...givenBack(1190n)];
    const paidOut = { 'po-1': paidPayout(1147n), 'po-2': paidPayout(-1190n) };
    expect(matchOf(free, paidOut)).toMatchObject({
      status: 'reconciled',
      outcome: 'nothing-due',
      awaited: [],
      amounts: { billedMinor: 0n, capturedMinor: 1190n, refundedMinor: 1190n },
    });
  });

  it('needs no entry where a correction moves no debt', () =>
    expect(matchOf([...correctedSession, reduced(0n)], payouts).status).toBe('reconciled'));

  it('waits for the money to go back again when its refund bounced', () => {
    const back = { ...s.refundMoved(-290n, 'r2'), correctedCdrId: 'cdr-2' };
    const bounced: SubjectFact[] = [
      ...correctedSession,
      s.refund('Failed', 290n),
      { ...back, reportingCategory: 'refund_failure', sourceId: 're-r1-s-1' },
      booked('payment.refunded', back.balanceTransactionId, pending, driver, 290n),
    ];
    const result = matchOf(bounced, payouts);
    expect(result).toMatchObject({ status: 'open', discrepancies: [] });
    expect(result.awaited).toContain('refund');
  });

  it('waits for the CDR in place of the credited one', () => {
    const between = without(
      (fact) => fact.type === 'CdrIssued' && fact.cdrId === 'cdr-2',
      correctedSession,
    );
    expect(matchOf(between, payouts)).toMatchObject({ status: 'open', awaited: ['cdr'] });
  });

  it('waits for the money to go back', () =>
    expect(matchOf([...settled, ...correctedTo(900n)], payouts)).toMatchObject({
      status: 'open',
      awaited: ['refund'],
      discrepancies: [],
    }));

  it('waits for the debt when it costs more', () => {
    const dearer = [...settled, ...correctedTo(1500n)];
    expect(matchOf(dearer, payouts)).toMatchObject({ status: 'open', awaited: ['payment'] });
    const owed = [
      ...dearer,
      { ...s.receivable(310n, 'price-corrected'), cdrId: 'cdr-2' },
      booked('receivable.opened', 'cdr-2/price-corrected', uncollected, driver, 310n),
    ];
    expect(matchOf(owed, payouts)).toMatchObject({
      status: 'reconciled',
      outcome: 'receivable-open',
      amounts: { billedMinor: 1500n, receivableMinor: 310n },
    });
  });

  it.each<[name: string, drop: (fact: SubjectFact) => boolean]>([
    ['its credit', isEntry('cdr.credited')],
    ['its refund', isEntry('payment.refunded')],
  ])('waits for the books to take %s', (_, drop) =>
    expect(matchOf(without(drop, correctedSession), payouts).awaited).toEqual(['journal']),
  );

  it('differs when the refund is booked as a goodwill', () => {
    const wrong = correctedSession.map((fact) =>
      isEntry('payment.refunded')(fact) ? s.refundBooked(290n) : fact,
    );
    expect(matchOf(wrong, payouts).discrepancies).toMatchObject([
      { kind: 'journal-differs', about: driver },
    ]);
  });

  it('comes to the same in whatever order its topics arrive', () => {
    const topics = ['Session', 'C', 'Payment', 'Balance', 'Payout', 'Journal'];
    const topicOf = ({ type }: SubjectFact) => topics.findIndex((name) => type.startsWith(name));
    const byTopic = correctedSession.toSorted((one, other) => topicOf(other) - topicOf(one));
    expect(matchOf(byTopic, payouts)).toEqual(matchOf(correctedSession, payouts));
  });
});

describe('a debt of a session whose CDR was corrected', () => {
  const owing = [
    s.started(),
    s.closed(),
    s.cdr(1190n),
    s.cdrBooked(1190n),
    s.receivable(1190n, 'no-payment-route'),
    s.receivableBooked(1190n, 'no-payment-route'),
  ];

  it('shrinks, in the books too', () => {
    const less = [...owing, ...correctedTo(900n), reduced(290n)];
    expect(matchOf(less).awaited).toEqual(['journal']);
    const whole = [...less, booked('receivable.reduced', 'cdr-2', driver, uncollected, 290n)];
    expect(matchOf(whole)).toMatchObject({
      status: 'reconciled',
      outcome: 'receivable-open',
      amounts: { billedMinor: 900n, receivableMinor: 900n },
    });
  });
});

describe('a correction that cannot be priced', () => {
  const withheld = [...settled, s.withheld()];

  it('leaves the CDR standing and waits for a person', () =>
    expect(matchOf(withheld)).toMatchObject({
      status: 'open',
      awaited: ['review'],
      amounts: { billedMinor: 1190n },
    }));

  it('is over when its CDR is corrected after all, and not by what a person says alone', () => {
    // In another order of topics the release would be older than what withheld the correction.
    expect(matchOf([...withheld, s.released()]).awaited).toEqual(['review']);
    expect(matchOf([s.released(), ...withheld]).awaited).toEqual(['review']);
    const after = [...withheld, ...correctedTo(900n), ...givenBack(290n)];
    expect(matchOf(after, payouts).status).toBe('reconciled');
    expect(after.some(isType('CreditCdrIssued'))).toBe(true);
  });
});
