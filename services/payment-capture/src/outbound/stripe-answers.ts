import type { Money } from '@tallywatt/money';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import type Stripe from 'stripe';
import type { ProcessorAnswer } from '../domain/processor-call';
import type { BalanceMovement, ProcessorPayout } from '../domain/settlement';
import { minorOfStripe } from './stripe-amount';

export const instantOf = (epochSeconds: number): Instant => instantFromEpochMs(epochSeconds * 1000);

export const secondsOf = (instant: Instant): number => Math.floor(Date.parse(instant) / 1000);

const moneyOf = (amount: number, currency: string): Money => ({
  amountMinor: minorOfStripe(amount, currency),
  currency: currency.toUpperCase(),
});

export const idOf = (reference: string | { id: string } | null | undefined): string | undefined =>
  typeof reference === 'string' ? reference : reference?.id;

const chargeOf = (intent: Stripe.PaymentIntent): Stripe.Charge | undefined =>
  typeof intent.latest_charge === 'string' ? undefined : (intent.latest_charge ?? undefined);

const heldAnswer = (intent: Stripe.PaymentIntent): ProcessorAnswer => {
  const charge = chargeOf(intent);
  const captureBefore = charge?.payment_method_details?.card?.capture_before;
  return {
    kind: 'held',
    amount: moneyOf(intent.amount, intent.currency),
    paymentIntentId: intent.id,
    chargeId: idOf(intent.latest_charge) ?? '',
    ...(captureBefore === undefined ? {} : { captureBefore: instantOf(captureBefore) }),
    at: instantOf(charge?.created ?? intent.created),
  };
};

const capturedAnswer = (intent: Stripe.PaymentIntent): ProcessorAnswer => {
  const movement = chargeOf(intent)?.balance_transaction ?? undefined;
  const balanceTransactionId = idOf(movement);
  return {
    kind: 'captured',
    amount: moneyOf(intent.amount_received, intent.currency),
    chargeId: idOf(intent.latest_charge) ?? '',
    ...(balanceTransactionId === undefined ? {} : { balanceTransactionId }),
    ...(typeof movement === 'object' ? { at: instantOf(movement.created) } : {}),
  };
};

const declinedAnswer = (intent: Stripe.PaymentIntent): ProcessorAnswer => {
  const error = intent.last_payment_error;
  const code = error?.code ?? 'authentication_required';
  return {
    kind: 'declined',
    declineCode: error?.decline_code ?? code,
    detail: error?.message ?? 'The card wants its holder to authenticate, who is not there.',
    paymentIntentId: intent.id,
    at: instantOf(intent.created),
  };
};

/** What the state of an intent, with its latest charge expanded, amounts to. */
export const answerOfIntent = (intent: Stripe.PaymentIntent): ProcessorAnswer => {
  switch (intent.status) {
    case 'requires_capture':
      return heldAnswer(intent);
    case 'succeeded':
      return capturedAnswer(intent);
    case 'canceled':
      return {
        kind: 'voided',
        ...(intent.canceled_at === null ? {} : { at: instantOf(intent.canceled_at) }),
      };
    case 'requires_action':
      return declinedAnswer(intent);
    case 'requires_payment_method':
      // Without an error it was never confirmed: it holds nothing.
      return intent.last_payment_error === null ? { kind: 'nothing' } : declinedAnswer(intent);
    case 'processing':
      return { kind: 'pending', detail: 'the payment intent is processing' };
    default:
      return { kind: 'nothing' };
  }
};

/** What the state of a refund amounts to. */
export const answerOfRefund = (refund: Stripe.Refund, refundId: string): ProcessorAnswer => {
  switch (refund.status) {
    case 'succeeded': {
      const balanceTransactionId = idOf(refund.balance_transaction);
      return {
        kind: 'refunded',
        refundId,
        amount: moneyOf(refund.amount, refund.currency),
        processorRefundId: refund.id,
        ...(balanceTransactionId === undefined ? {} : { balanceTransactionId }),
        at: instantOf(refund.created),
      };
    }
    case 'failed':
    case 'canceled':
      return {
        kind: 'refund-failed',
        refundId,
        failureCode: refund.failure_reason ?? refund.status,
        detail: `Stripe says the refund is ${refund.status}.`,
      };
    default:
      return { kind: 'pending', detail: `the refund is ${refund.status ?? 'not decided'}` };
  }
};

const intentOfSource = (source: Stripe.BalanceTransaction['source']): string | undefined =>
  source !== null && typeof source === 'object' && 'payment_intent' in source
    ? idOf(source.payment_intent)
    : undefined;

/** The corrected CDR that a refund of ours was made for. */
const correctedCdrOf = (source: Stripe.BalanceTransaction['source']): string | undefined =>
  source !== null && typeof source === 'object' && source.object === 'refund'
    ? source.metadata?.['correctedCdrId']
    : undefined;

/** A row of the balance, with its source expanded. */
export const movementOf = (row: Stripe.BalanceTransaction): BalanceMovement => {
  const paymentIntentId = intentOfSource(row.source);
  const correctedCdrId = correctedCdrOf(row.source);
  return {
    balanceTransactionId: row.id,
    reportingCategory: row.reporting_category,
    currency: row.currency.toUpperCase(),
    amountMinor: minorOfStripe(row.amount, row.currency),
    feeMinor: minorOfStripe(row.fee, row.currency),
    netMinor: minorOfStripe(row.net, row.currency),
    createdAt: instantOf(row.created),
    availableOn: instantOf(row.available_on),
    isAvailable: row.status === 'available',
    sourceId: idOf(row.source) ?? '',
    ...(paymentIntentId === undefined ? {} : { paymentIntentId }),
    ...(correctedCdrId === undefined ? {} : { correctedCdrId }),
    description: row.description ?? '',
  };
};

export const payoutOf = (payout: Stripe.Payout): ProcessorPayout => ({
  payoutId: payout.id,
  amount: moneyOf(payout.amount, payout.currency),
  status: payout.status as ProcessorPayout['status'],
  automatic: payout.automatic,
  createdAt: instantOf(payout.created),
  arrivalAt: instantOf(payout.arrival_date),
  ...(payout.failure_code === null ? {} : { failureCode: payout.failure_code }),
});
