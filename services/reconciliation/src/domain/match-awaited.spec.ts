import { example as s, refundedAfter } from '../testing/example-sessions';
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
import type { SubjectFact } from './subject';

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
