import { example as s, paidPayout, refundedAfter } from '../testing/example-sessions';
import {
  isEntry,
  isType,
  matchOf,
  paid,
  type Payouts,
  replaced,
  settled,
  without,
} from '../testing/settled-session';
import type { Match } from './match';
import type { SubjectFact } from './subject';

const kindsOf = ({ discrepancies }: Match) => discrepancies.map(({ kind }) => kind);

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
