import type { PayoutState } from '../domain/payout';
import { emptySubject, evolve, type Subject, type SubjectFact } from '../domain/subject';
import { exampleFacts, type ExampleFacts } from './example-facts';

export const exampleNames = { cpoId: 'default', sessionId: 's-1', currency: 'EUR' };
export const example = exampleFacts(exampleNames);

/** A retail session of 11.90 with a fee of 0.43, from its start to its payout's booking. */
export const settledSession = (of: ExampleFacts, payoutId = 'po-1'): readonly SubjectFact[] => [
  of.started(5000n),
  of.held(5000n),
  of.closed(),
  of.cdr(1190n),
  of.captured(1190n),
  of.cdrBooked(1190n),
  of.chargeMoved(1190n, 43n),
  of.chargeBooked(1190n, 43n),
  of.available(1147n),
  of.settledBooked(1147n),
  of.payoutCreated(payoutId, 1147n, [of.payoutMember(1147n)]),
];

/** A refund after that, up to its own payout. */
export const refundedAfter = (of: ExampleFacts, amountMinor: bigint): readonly SubjectFact[] => [
  of.refund('Requested', amountMinor),
  of.refund('Refunded', amountMinor),
  of.refundMoved(amountMinor),
  of.refundBooked(amountMinor),
  of.available(-amountMinor, 'txn-r1'),
  of.settledBooked(-amountMinor, 'txn-r1'),
  of.payoutCreated('po-2', -amountMinor, [of.payoutMember(-amountMinor, 'txn-r1')]),
];

export const paidPayout = (amountMinor: bigint): PayoutState => ({
  amountMinor,
  membersNetMinor: amountMinor,
  paid: true,
  failed: false,
  booked: ['payout.created', 'payout.paid'],
});

export const recordedAt = '2026-11-20T16:00:00.000Z';

export const subjectOf = (facts: readonly SubjectFact[]): Subject =>
  facts.reduce(
    (subject, fact) => evolve(subject, fact, recordedAt),
    emptySubject(exampleNames.cpoId, exampleNames.sessionId),
  );
