import {
  example as s,
  paidPayout,
  refundedAfter,
  settledSession,
  subjectOf,
} from '../testing/example-sessions';
import { match, type Match } from './match';
import type { PayoutState } from './payout';
import type { SubjectFact } from './subject';

type Payouts = Readonly<Record<string, PayoutState>>;
const paid: Payouts = { 'po-1': paidPayout(1147n), 'po-2': paidPayout(-500n) };

const matchOf = (facts: readonly SubjectFact[], payouts: Payouts = paid): Match =>
  match(subjectOf(facts), new Map(Object.entries(payouts)));

const settled = settledSession(s);
const isType = (type: string) => (fact: SubjectFact) => fact.type === type;
const without = (
  drop: (fact: SubjectFact) => boolean,
  from: readonly SubjectFact[] = settled,
): readonly SubjectFact[] => from.filter((fact) => !drop(fact));
const replaced = (type: string, ...by: SubjectFact[]): readonly SubjectFact[] =>
  settled.flatMap((fact) => (fact.type === type ? by : [fact]));
const isEntry = (rule: string) => (fact: SubjectFact) =>
  fact.type === 'JournalEntryPosted' && fact.postingRule === rule;

const kindsOf = ({ discrepancies }: Match) => discrepancies.map(({ kind }) => kind);

describe('a session of which every hop agrees', () => {
  it('is settled', () =>
    expect(matchOf(settled)).toEqual({
      status: 'reconciled',
      outcome: 'settled',
      awaited: [],
      discrepancies: [],
      amounts: {
        billedMinor: 1190n,
        capturedMinor: 1190n,
        refundedMinor: 0n,
        feesMinor: 43n,
        paidOutMinor: 1147n,
        receivableMinor: 0n,
      },
    }));

  it.each<[name: string, facts: readonly SubjectFact[], outcome: string, amounts: object]>([
    [
      'a declined card',
      [
        s.started(5000n),
        s.declined(),
        s.closed(),
        s.cdr(300n),
        s.receivable(300n, 'preauthorization-declined'),
        s.cdrBooked(300n),
        s.receivableBooked(300n, 'preauthorization-declined'),
      ],
      'receivable-open',
      { billedMinor: 300n, capturedMinor: 0n, receivableMinor: 300n },
    ],
    [
      'a session without a payment route',
      [
        s.started(),
        s.closed(),
        s.cdr(300n),
        s.receivable(300n, 'no-payment-route'),
        s.cdrBooked(300n),
        s.receivableBooked(300n, 'no-payment-route'),
      ],
      'receivable-open',
      { receivableMinor: 300n },
    ],
    [
      'a price above its hold',
      [
        ...replaced('CdrIssued', s.cdr(1500n)).filter((fact) => !isEntry('cdr.issued')(fact)),
        s.cdrBooked(1500n),
        s.receivable(310n, 'price-above-hold'),
        s.receivableBooked(310n, 'price-above-hold'),
      ],
      'receivable-open',
      { billedMinor: 1500n, capturedMinor: 1190n, receivableMinor: 310n, paidOutMinor: 1147n },
    ],
    [
      // 15.00 on a hold of 11.90 whose capture fails: 3.10 and 11.90 are owed, for two reasons.
      'a price above its hold whose capture failed',
      [
        s.started(1190n),
        s.held(1190n),
        s.closed(),
        s.cdr(1500n),
        s.captureFailed(1190n),
        s.receivable(310n, 'price-above-hold'),
        s.receivable(1190n, 'capture-failed'),
        s.cdrBooked(1500n),
        s.receivableBooked(310n, 'price-above-hold'),
        s.receivableBooked(1190n, 'capture-failed'),
      ],
      'receivable-open',
      { billedMinor: 1500n, capturedMinor: 0n, receivableMinor: 1500n },
    ],
    [
      'a price of nothing whose hold was let go',
      [s.started(5000n), s.held(5000n), s.closed(), s.cdr(0n), s.voided()],
      'nothing-due',
      { billedMinor: 0n },
    ],
    [
      'a price of nothing without a hold',
      [s.started(), s.closed(), s.cdr(0n)],
      'nothing-due',
      { billedMinor: 0n },
    ],
    [
      'a price of nothing whose hold was declined',
      [s.started(5000n), s.declined(), s.closed(), s.cdr(0n)],
      'nothing-due',
      { billedMinor: 0n },
    ],
    [
      'a refund of a part',
      [...settled, ...refundedAfter(s, 500n)],
      'settled',
      { refundedMinor: 500n, paidOutMinor: 647n },
    ],
    [
      'a refund that failed before it moved anything',
      [...settled, s.refund('Requested', 500n), s.refund('Failed', 500n)],
      'settled',
      { refundedMinor: 0n },
    ],
    [
      // Stripe's documentation shows a partial capture as the whole hold and its rest taken back.
      'a partial capture shown with a reversal',
      [
        s.started(5000n),
        s.held(5000n),
        s.closed(),
        s.cdr(1190n),
        s.captured(1190n),
        s.cdrBooked(1190n),
        s.chargeMoved(5000n, 43n),
        s.chargeBooked(5000n, 43n),
        s.holdRestMoved(3810n),
        s.holdRestBooked(3810n),
        s.available(4957n),
        s.settledBooked(4957n),
        s.available(-3810n, 'txn-rest'),
        s.settledBooked(-3810n, 'txn-rest'),
        s.payoutCreated('po-1', 1147n, [s.payoutMember(4957n), s.payoutMember(-3810n, 'txn-rest')]),
      ],
      'settled',
      { capturedMinor: 1190n, paidOutMinor: 1147n },
    ],
  ])('%s', (_, facts, outcome, amounts) => {
    const result = matchOf(facts);
    expect(result).toMatchObject({ status: 'reconciled', outcome, awaited: [] });
    expect(result.amounts).toMatchObject(amounts);
  });

  it('a refund of all of it', () => {
    const facts = [...settled, ...refundedAfter(s, 1190n)];
    const payouts = { ...paid, 'po-2': paidPayout(-1190n) };
    expect(matchOf(facts, payouts)).toMatchObject({
      status: 'reconciled',
      outcome: 'settled',
      amounts: { refundedMinor: 1190n, paidOutMinor: -43n },
    });
  });

  it('a refund that moved and bounced before it was called done', () => {
    const bounced = {
      ...s.refundMoved(-500n, 'back'),
      reportingCategory: 'refund_failure',
      sourceId: s.refundMoved(500n).sourceId,
    };
    const facts = [
      ...replaced(
        'PayoutCreated',
        s.payoutCreated('po-1', 1147n, [
          s.payoutMember(1147n),
          s.payoutMember(-500n, 'txn-r1'),
          s.payoutMember(500n, 'txn-back'),
        ]),
      ),
      s.refund('Requested', 500n),
      s.refundMoved(500n),
      s.refundBooked(500n),
      bounced,
      s.refundBooked(-500n, 'back'),
      ...['r1', 'back'].flatMap((id) => {
        const netMinor = id === 'r1' ? -500n : 500n;
        return [s.available(netMinor, `txn-${id}`), s.settledBooked(netMinor, `txn-${id}`)];
      }),
    ];
    expect(matchOf(facts).awaited).toEqual(['refund']);
    expect(matchOf([...facts, s.refund('Failed', 500n)])).toMatchObject({
      status: 'reconciled',
      outcome: 'settled',
      amounts: { refundedMinor: 0n },
    });
  });

  it('a payout that failed and was made again', () => {
    const again = s.payoutCreated('po-3', 1147n, [s.payoutMember(1147n)]);
    const payouts = { 'po-1': { ...paid['po-1']!, failed: true }, 'po-3': paidPayout(1147n) };
    for (const facts of [
      [...settled, again],
      [again, ...settled],
    ]) {
      expect(matchOf(facts, payouts)).toMatchObject({
        status: 'reconciled',
        amounts: { paidOutMinor: 1147n },
      });
    }
  });
});

describe('a session of which a hop has not spoken', () => {
  const due = [s.started(5000n), s.held(5000n), s.closed()];
  it.each<[awaited: string, why: string, facts: readonly SubjectFact[], payouts?: Payouts]>([
    ['session-close', 'while it runs', [s.started(5000n), s.held(5000n)]],
    ['session-close', 'while only its payment is known', [s.held(5000n), s.captured(1190n)]],
    ['cdr', 'without a price', due],
    ['cdr', 'with money but no price yet', [...due, s.captured(1190n), s.chargeMoved(1190n, 43n)]],
    ['payment', 'while nothing is captured', [...due, s.cdr(1190n), s.cdrBooked(1190n)]],
    [
      'payment',
      'while the charge is known before the capture',
      without((fact) => isType('PaymentCaptured')(fact)),
    ],
    ['payment', 'while the hold is not answered', [s.started(5000n), s.closed(), s.cdr(0n)]],
    ['void', 'while the hold stands and nothing is due', [...due, s.cdr(0n)]],
    ['refund', 'while a refund is asked for', [...settled, s.refund('Requested', 500n)]],
    [
      'refund',
      'while only the processor knows of it',
      [
        ...settled,
        ...refundedAfter(s, 500n).filter(({ type }) => !type.startsWith('PaymentRefund')),
      ],
    ],
    [
      'balance-transaction',
      'while a refund has not moved',
      [...settled, s.refund('Refunded', 500n)],
    ],
    [
      'balance-transaction',
      'while the charge has not moved',
      [...due, s.cdr(1190n), s.captured(1190n), s.cdrBooked(1190n)],
    ],
    [
      'balance-transaction',
      'while the rest of the hold has not been taken back',
      [
        ...replaced('BalanceTransactionRecorded', s.chargeMoved(5000n, 43n)).filter(
          (fact) =>
            !isType('JournalEntryPosted')(fact) && !isType('BalanceTransactionAvailable')(fact),
        ),
        s.cdrBooked(1190n),
        s.chargeBooked(5000n, 43n),
      ],
    ],
    [
      'balance-transaction',
      'while the books know a movement that we do not',
      [...settled, s.refundBooked(500n)],
    ],
    [
      'settlement',
      'while the money is pending',
      without(
        (fact) => isType('BalanceTransactionAvailable')(fact) || isEntry('processor.settled')(fact),
      ),
    ],
    ['settlement', 'while only the books know', without(isType('BalanceTransactionAvailable'))],
    ['payout', 'while no payout holds it', without(isType('PayoutCreated'))],
    [
      'payout',
      'while the payout has not arrived',
      settled,
      { 'po-1': { ...paid['po-1']!, paid: false, booked: ['payout.created'] } },
    ],
    ['journal', 'while the price is not booked', without(isEntry('cdr.issued'))],
    ['journal', 'while the charge is not booked', without(isEntry('payment.captured'))],
    ['journal', 'while the settlement is not booked', without(isEntry('processor.settled'))],
    [
      'journal',
      'while a refund is not booked',
      [...settled, ...refundedAfter(s, 500n).filter((fact) => !isEntry('payment.refunded')(fact))],
    ],
    [
      'journal',
      'while the arrival of the payout is not booked',
      settled,
      { 'po-1': { ...paid['po-1']!, booked: ['payout.created'] } },
    ],
  ])('awaits the %s %s', (awaited, _, facts, payouts = paid) => {
    const result = matchOf(facts, payouts);
    expect(result).toMatchObject({ status: 'open', discrepancies: [] });
    expect(result.awaited).toContain(awaited);
  });

  it('does not await the booking of an arrival before the arrival', () => {
    const sent = { ...paid['po-1']!, paid: false, booked: ['payout.created'] };
    expect(matchOf(settled, { 'po-1': sent }).awaited).toEqual(['payout']);
  });
  it('does not await the booking of what moves nothing', () => {
    const facts = [...settled, s.available(0n, 'txn-0'), s.refundMoved(0n, '0')];
    expect(matchOf(facts).awaited).not.toContain('journal');
  });
});

describe('a quarantined session', () => {
  it('waits for review once it is closed', () =>
    expect(matchOf([s.started(), s.quarantined(), s.closed()])).toMatchObject({
      status: 'quarantined',
      awaited: ['review'],
    }));
  it('has its hold let go when its price is withheld', () => {
    const withheld = [s.started(5000n), s.held(5000n), s.closed(), s.withheld()];
    expect(matchOf(withheld)).toMatchObject({ status: 'quarantined', awaited: ['review', 'void'] });
    expect(matchOf([...withheld, s.voided()]).awaited).toEqual(['review']);
  });
  it('must not be charged without a price', () =>
    expect(matchOf([s.started(), s.closed(), s.withheld(), s.captured(100n)]).awaited).toEqual([
      'cdr',
      'review',
    ]));
  it('is a session like another once it is released and priced', () =>
    expect(matchOf([s.quarantined(), s.withheld(), s.released(), ...settled]).status).toBe(
      'reconciled',
    ));
});

describe('a session of which hops differ', () => {
  const usd = { ...s.chargeMoved(1190n, 43n), currency: 'USD' };
  it.each<
    [kind: string, why: string, facts: readonly SubjectFact[], found: object, payouts?: Payouts]
  >([
    [
      'charged-twice',
      'two charges for one capture',
      [...settled, s.chargeMoved(1190n, 43n, 'txn-again', 'ch-again')],
      { expectedMinor: 1190n, actualMinor: 2380n },
    ],
    [
      'charged-twice',
      'a charge although the driver is said to owe all of it',
      [
        ...without(isType('PaymentCaptured')),
        s.receivable(1190n, 'capture-failed'),
        s.receivableBooked(1190n, 'capture-failed'),
      ],
      { expectedMinor: 0n, actualMinor: 1190n },
    ],
    [
      'captured-differs',
      'more captured than billed',
      replaced('PaymentCaptured', s.captured(1191n)),
      { expectedMinor: 1190n, actualMinor: 1191n },
    ],
    [
      'captured-differs',
      'captured and owed at once',
      [...settled, s.receivable(1190n, 'capture-failed')],
      { expectedMinor: 1190n, actualMinor: 2380n },
    ],
    [
      'settlement-differs',
      'less charged than captured',
      replaced('BalanceTransactionRecorded', s.chargeMoved(1189n, 43n)),
      { expectedMinor: 1190n, actualMinor: 1189n },
    ],
    [
      'settlement-differs',
      'more charged than captured',
      replaced('BalanceTransactionRecorded', s.chargeMoved(1191n, 43n)),
      { expectedMinor: 1190n, actualMinor: 1191n },
    ],
    [
      'refund-differs',
      'another amount refunded than said',
      [...settled, ...refundedAfter(s, 500n).slice(0, 2), s.refundMoved(400n)],
      { expectedMinor: 500n, actualMinor: 400n },
    ],
    [
      'payout-failed',
      'the bank sent it back',
      settled,
      { about: 'po-1', expectedMinor: 1147n, actualMinor: 0n },
      { 'po-1': { ...paid['po-1']!, failed: true } },
    ],
    [
      'payout-differs',
      'less paid than its members',
      settled,
      { about: 'po-1', expectedMinor: 1147n, actualMinor: 1000n },
      { 'po-1': { ...paid['po-1']!, amountMinor: 1000n } },
    ],
    [
      'journal-differs',
      'another amount booked',
      [...without(isEntry('cdr.issued')), s.cdrBooked(1200n)],
      { about: 'assets:receivable:driver', expectedMinor: 0n, actualMinor: 10n },
    ],
    [
      'journal-differs',
      'an entry booked twice',
      [...settled, { ...s.cdrBooked(1190n), entryId: 'again' }],
      { expectedMinor: 0n, actualMinor: 1190n },
    ],
    [
      'journal-differs',
      'an entry reversed and not posted again',
      [...settled, s.reversed(s.cdrBooked(1190n))],
      { expectedMinor: 0n, actualMinor: -1190n },
    ],
    [
      'currency-differs',
      'charged in another currency',
      replaced('BalanceTransactionRecorded', usd),
      { detail: 'amounts in EUR, USD' },
    ],
  ])('%s: %s', (kind, _, facts, found, payouts = paid) => {
    const result = matchOf(facts, payouts);
    expect(result.status).toBe('discrepant');
    expect(result).not.toHaveProperty('outcome');
    expect(result.discrepancies.find((discrepancy) => discrepancy.kind === kind)).toMatchObject(
      found,
    );
  });

  it('finds a wrong entry before the payout has come', () =>
    expect(
      kindsOf(
        matchOf([
          ...without((fact) => isEntry('cdr.issued')(fact) || isType('PayoutCreated')(fact)),
          s.cdrBooked(1200n),
        ]),
      ),
    ).toEqual(['journal-differs']));
  it('finds both accounts that a wrong fee leaves wrong', () =>
    expect(
      matchOf([...without(isEntry('payment.captured')), s.chargeBooked(1190n, 40n)]).discrepancies,
    ).toMatchObject([
      { about: 'assets:processor:stripe:pending', expectedMinor: 0n, actualMinor: 3n },
      { about: 'expenses:fees:processing', expectedMinor: 43n, actualMinor: 40n },
    ]));
  it('finds a failed payout once, however many movements it held', () => {
    const facts = [
      ...settled,
      ...refundedAfter(s, 500n).filter(({ type }) => type !== 'PayoutCreated'),
      s.payoutCreated('po-1', 647n, [s.payoutMember(1147n), s.payoutMember(-500n, 'txn-r1')]),
    ];
    const failed = { ...paidPayout(647n), failed: true };
    expect(kindsOf(matchOf(facts, { 'po-1': failed }))).toEqual(['payout-failed']);
  });
});
