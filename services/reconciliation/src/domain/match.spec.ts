import { example as s, paidPayout, refundedAfter } from '../testing/example-sessions';
import { isEntry, matchOf, paid, replaced, settled } from '../testing/settled-session';
import type { SubjectFact } from './subject';

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
  it('keeps its hold while its charger may tell a stop that was estimated', () => {
    const withheld = [s.started(5000n), s.held(5000n), s.closed(), s.withheld('stop-estimated')];
    expect(matchOf(withheld)).toMatchObject({ status: 'quarantined', awaited: ['review'] });
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
