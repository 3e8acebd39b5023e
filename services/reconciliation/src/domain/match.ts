import type { ReconciliationOutcome } from '@tallywatt/contracts';
import { type Awaited, Comparison, type Discrepancy, sum } from './comparison';
import { compareJournal } from './journal-comparison';
import { isPaid, type PayoutState } from './payout';
import { compareCharges, compareDisbursement, compareRefunds } from './settlement-comparison';
import { billedMinor, owedMinor, type Subject } from './subject';

export type Amounts = Readonly<{
  billedMinor: bigint;
  capturedMinor: bigint;
  refundedMinor: bigint;
  feesMinor: bigint;
  paidOutMinor: bigint;
  receivableMinor: bigint;
}>;

export type Match = Readonly<{
  status: 'open' | 'quarantined' | 'reconciled' | 'discrepant';
  outcome?: ReconciliationOutcome;
  awaited: readonly Awaited[];
  discrepancies: readonly Discrepancy[];
  amounts: Amounts;
}>;

const amountsOf = (subject: Subject, payouts: ReadonlyMap<string, PayoutState>): Amounts => {
  const movements = Object.entries(subject.movements);
  const isPaidOut = (id: string): boolean =>
    (subject.payouts[id] ?? []).some((payoutId) => {
      const payout = payouts.get(payoutId);
      return payout !== undefined && isPaid(payout);
    });
  return {
    billedMinor: billedMinor(subject),
    capturedMinor: sum(Object.values(subject.captures).map((capture) => capture.amountMinor)),
    refundedMinor: sum(
      Object.values(subject.refunds)
        .filter(({ state }) => state === 'refunded')
        .map(({ amountMinor }) => amountMinor),
    ),
    feesMinor: sum(movements.map(([, { feeMinor }]) => feeMinor)),
    paidOutMinor: sum(
      movements.filter(([id]) => isPaidOut(id)).map(([, { netMinor }]) => netMinor),
    ),
    receivableMinor: owedMinor(subject),
  };
};

/** Given back, or asked to be, because a CDR was corrected. */
const givenBackMinor = ({ refunds }: Subject): bigint =>
  sum(
    Object.values(refunds)
      .filter(({ correctedCdrId, state }) => correctedCdrId !== undefined && state !== 'failed')
      .map(({ amountMinor }) => amountMinor),
  );

/**
 * A session that a home network or a fleet is billed for: no payment is expected, and one that is
 * there is a finding, until all of it has gone back.
 */
const compareNoPayment = (subject: Subject, amounts: Amounts, comparison: Comparison): void => {
  const { capturedMinor, refundedMinor, receivableMinor } = amounts;
  const takenMinor = capturedMinor - refundedMinor + receivableMinor;
  if (takenMinor !== 0n) {
    comparison.differs(
      'captured-differs',
      'payment',
      'a driver has paid or owes for a session that somebody else is billed for',
      { expectedMinor: 0n, actualMinor: takenMinor },
    );
  }
  if (Object.keys(subject.captures).length === 0) compareRelease(subject, comparison);
};

const comparePayment = (subject: Subject, amounts: Amounts, comparison: Comparison): void => {
  if (subject.debtor !== undefined) {
    compareNoPayment(subject, amounts, comparison);
    return;
  }
  const { billedMinor, capturedMinor, receivableMinor } = amounts;
  const answeredMinor = capturedMinor + receivableMinor - givenBackMinor(subject);
  if (answeredMinor < billedMinor) comparison.awaits('payment');
  const isCorrected = Object.values(subject.bills).some(({ isCredit }) => isCredit);
  // What a correction bills less is still to be given back, or to be owed no more.
  if (answeredMinor > billedMinor && isCorrected) comparison.awaits('refund');
  else if (answeredMinor > billedMinor) {
    comparison.differs(
      'captured-differs',
      'payment',
      'captured and receivable together are more than was billed',
      { expectedMinor: billedMinor, actualMinor: answeredMinor },
    );
  }
  // What was captured and has gone back whole had a hold that was used, not let go.
  const isCaptured = Object.keys(subject.captures).length > 0;
  if (billedMinor === 0n && !isCaptured) compareRelease(subject, comparison);
};

/** Where nothing is due, a hold that was asked for has to be answered and let go. */
const compareRelease = (subject: Subject, comparison: Comparison): void => {
  if (subject.holdVoided) return;
  if (subject.holdMinor !== undefined) comparison.awaits('void');
  else if (subject.holdDue && subject.holdDeclined === undefined) comparison.awaits('payment');
};

const compareCurrencies = ({ currencies }: Subject, comparison: Comparison): void => {
  if (currencies.length < 2) return;
  const detail = `amounts in ${currencies.join(', ')}`;
  comparison.differs('currency-differs', 'currency', detail, undefined);
};

/** A closed session without a price: a person has to look, and its money must not be taken. */
const withoutPrice = (subject: Subject): Readonly<Pick<Match, 'status' | 'awaited'>> => {
  const isHeldBack = subject.withheldReason !== undefined || subject.quarantineReason !== undefined;
  if (!isHeldBack) return { status: 'open', awaited: ['cdr'] };
  const comparison = new Comparison();
  comparison.awaits('review');
  // The hold of an estimated stop is kept while its charger may still tell it.
  const isHoldKept = subject.withheldReason === 'stop-estimated';
  if (subject.withheldReason !== undefined && !isHoldKept) compareRelease(subject, comparison);
  // Money without a price: the price has to come.
  if (Object.keys(subject.captures).length > 0) comparison.awaits('cdr');
  return { status: 'quarantined', awaited: [...comparison.awaited].sort() };
};

/**
 * Compares what every hop says of one session: session, CDR, payment, balance transactions, payout
 * and journal. It repairs nothing.
 */
export const match = (subject: Subject, payouts: ReadonlyMap<string, PayoutState>): Match => {
  const amounts = amountsOf(subject, payouts);
  if (subject.closedAt === undefined) {
    return { status: 'open', awaited: ['session-close'], discrepancies: [], amounts };
  }
  if (subject.cdr === undefined) {
    return { ...withoutPrice(subject), discrepancies: [], amounts };
  }
  const comparison = new Comparison();
  comparePayment(subject, amounts, comparison);
  compareCharges(subject, amounts.capturedMinor, comparison);
  compareRefunds(subject, comparison);
  compareDisbursement(subject, payouts, comparison);
  compareJournal(subject, comparison);
  compareCurrencies(subject, comparison);
  if (subject.correctionWithheldReason !== undefined) comparison.awaits('review');
  const { discrepancies } = comparison;
  const awaited = [...comparison.awaited].sort();
  if (discrepancies.length > 0) return { status: 'discrepant', awaited, discrepancies, amounts };
  if (awaited.length > 0) return { status: 'open', awaited, discrepancies, amounts };
  return {
    status: 'reconciled',
    outcome: outcomeOf(subject, amounts),
    awaited,
    discrepancies,
    amounts,
  };
};

const outcomeOf = ({ debtor }: Subject, amounts: Amounts): ReconciliationOutcome => {
  if (amounts.receivableMinor > 0n) return 'receivable-open';
  if (amounts.billedMinor === 0n) return 'nothing-due';
  return debtor === undefined ? 'settled' : `billed-to-${debtor.kind}`;
};
