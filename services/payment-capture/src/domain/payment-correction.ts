import { derivedId, type PaymentEvent } from '@tallywatt/contracts';
import { accept, ignore, type Decision } from '@tallywatt/decider';
import type { Money } from '@tallywatt/money';
import type { PaymentReason, SettleSession } from './payment-command';
import {
  type Consequence,
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

/**
 * Whether a CDR is older than one that has led to something in its payment: a new database reads
 * the CDRs of a session again, and must not bring its payment back to a credited one.
 */
export const isReadAgain = (
  { cdrId, replacedCdrIds }: Pick<SettleSession, 'cdrId' | 'replacedCdrIds'>,
  payment: Payment,
): boolean =>
  payment.status !== 'absent' &&
  payment.consequences.some((one) => one.cdrId !== cdrId && !replacedCdrIds.includes(one.cdrId));

/**
 * Where a corrected CDR moves nothing, the stream says all the same that the payment stands at it:
 * from nothing else can a new database know that the CDRs before it are over.
 */
export const standingAt = (
  { cdrId, replacedCdrIds, total }: SettleSession,
  { cpoId, paymentId, sessionId, consequences }: OpenedPayment,
): readonly PaymentEvent[] => {
  if (replacedCdrIds.length === 0 || consequences.some((one) => one.cdrId === cdrId)) return [];
  const amount = { amountMinor: 0n, currency: total.currency };
  return [{ type: 'ReceivableReduced', cpoId, paymentId, sessionId, cdrId, amount }];
};

/** One refund per corrected CDR, however often it is asked for. */
const refundIdOf = ({ cpoId, paymentId }: PaymentIdentity, cdrId: string): string =>
  derivedId(cpoId, 'refund', paymentId, cdrId);

const isStanding = ({ status }: Refund): boolean => status !== 'failed';

/** What is collected or owed for the session: captured, not given back for a lower price, owed. */
const settledMinor = (payment: Settled): bigint => {
  const owed = owedMinor(payment);
  if (payment.status !== 'captured') return owed;
  const givenBack = payment.refunds
    .filter((refund) => refund.correctedCdrId !== undefined && isStanding(refund))
    .reduce((sum, { amount }) => sum + amount.amountMinor, 0n);
  return owed + payment.amount.amountMinor - givenBack;
};

/**
 * Brings a settled session to the total of a corrected CDR. A higher one is a debt. A lower one
 * first shrinks what the driver still owes; the rest goes back to the card, as far as it has not
 * gone back already. A refund that failed is not tried again by itself: a person looks.
 */
export const settleCorrection = (
  command: SettleSession,
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
  const { cdrId, total } = command;
  const { cpoId, paymentId, sessionId } = payment;
  const identity = { cpoId, paymentId, sessionId };
  const { currency } = total;
  const dueMinor = total.amountMinor - settledMinor(payment);
  // A refund that bounces late asks again; one CDR opens one debt and reduces it once.
  const isSaid = (kind: Consequence['kind']): boolean =>
    payment.consequences.some((one) => one.cdrId === cdrId && one.kind === kind);
  if (dueMinor > 0n) {
    if (isSaid('price-corrected')) return ignore('already-settled');
    const amount = { amountMinor: dueMinor, currency };
    const reason = 'price-corrected';
    return accept({ type: 'ReceivableOpened', ...identity, cdrId, amount, reason });
  }
  const events: PaymentEvent[] = [];
  const owed = isSaid('reduction') ? 0n : owedMinor(payment);
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
  if (events.length > 0) return accept(...events);
  const standing = standingAt(command, payment);
  if (standing.length > 0) return accept(...standing);
  return ignore(dueMinor === 0n ? 'already-settled' : 'nothing-left-to-refund');
};
