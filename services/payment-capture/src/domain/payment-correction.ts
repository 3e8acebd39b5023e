import { derivedId, type PaymentEvent } from '@tallywatt/contracts';
import { accept, ignore, type Decision } from '@tallywatt/decider';
import type { Money } from '@tallywatt/money';
import type { PaymentReason, SettleSession } from './payment-command';
import {
  owedMinor,
  refundableMinor,
  type OpenedPayment,
  type Payment,
  type PaymentIdentity,
  type Refund,
} from './payment-state';

type PaymentDecision = Decision<PaymentEvent, PaymentReason>;

/** A payment that has been brought to the total of a CDR: captured, or owed. */
type Settled = Exclude<OpenedPayment, { status: 'preauthorizing' | 'held' | 'capturing' }>;

export const isSettled = (payment: Payment): payment is Settled => {
  switch (payment.status) {
    case 'captured':
    case 'capture-failed':
    case 'unsecured':
      return true;
    case 'declined':
    case 'voiding':
    case 'voided':
      return payment.receivables.length > 0;
    default:
      return false;
  }
};

/** One refund per corrected CDR, however often it is asked for. */
const refundIdOf = ({ cpoId, paymentId }: PaymentIdentity, cdrId: string): string =>
  derivedId(cpoId, 'refund', paymentId, cdrId);

const standing = ({ status }: Refund): boolean => status !== 'failed';

/** What is collected or owed for the session: captured, not given back for a lower price, owed. */
const settledMinor = (payment: Settled): bigint => {
  const owed = owedMinor(payment);
  if (payment.status !== 'captured') return owed;
  const givenBack = payment.refunds
    .filter((refund) => refund.correctedCdrId !== undefined && standing(refund))
    .reduce((sum, { amount }) => sum + amount.amountMinor, 0n);
  return owed + payment.amount.amountMinor - givenBack;
};

/**
 * Brings a settled session to the total of a corrected CDR. A higher one is a debt. A lower one
 * first shrinks what the driver still owes; the rest goes back to the card, as far as it has not
 * gone back already. A refund that failed is not tried again by itself: a person looks.
 */
export const settleCorrection = (
  { cdrId, total }: SettleSession,
  payment: Settled,
  refundRequested: (
    payment: Extract<OpenedPayment, { status: 'captured' }>,
    refund: Readonly<{
      refundId: string;
      amount: Money;
      reason: string;
      requestedBy: string;
      correctedCdrId: string;
    }>,
  ) => PaymentEvent,
): PaymentDecision => {
  const { cpoId, paymentId, sessionId } = payment;
  const identity = { cpoId, paymentId, sessionId };
  const { currency } = total;
  const dueMinor = total.amountMinor - settledMinor(payment);
  if (dueMinor === 0n) return ignore('already-settled');
  if (dueMinor > 0n) {
    const amount = { amountMinor: dueMinor, currency };
    const reason = 'price-corrected';
    return accept({ type: 'ReceivableOpened', ...identity, cdrId, amount, reason });
  }
  const events: PaymentEvent[] = [];
  const owed = owedMinor(payment);
  const reducedMinor = owed < -dueMinor ? owed : -dueMinor;
  if (reducedMinor > 0n) {
    const amount = { amountMinor: reducedMinor, currency };
    events.push({ type: 'ReceivableReduced', ...identity, cdrId, amount });
  }
  if (payment.status === 'captured') {
    const refundId = refundIdOf(identity, cdrId);
    const leftMinor = refundableMinor(payment);
    const restMinor = -dueMinor - reducedMinor;
    const amountMinor = restMinor < leftMinor ? restMinor : leftMinor;
    const isKnown = payment.refunds.some((refund) => refund.refundId === refundId);
    if (amountMinor > 0n && !isKnown) {
      const amount = { amountMinor, currency };
      const why = { reason: 'cdr-corrected', requestedBy: 'tallywatt', correctedCdrId: cdrId };
      events.push(refundRequested(payment, { refundId, amount, ...why }));
    }
  }
  return events.length === 0 ? ignore('nothing-left-to-refund') : accept(...events);
};
