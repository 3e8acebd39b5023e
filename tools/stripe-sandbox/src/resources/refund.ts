import type Stripe from 'stripe';
import { schedule, type Account, type ApiRequest, type Route } from '../account';
import { amountText } from '../currency';
import { idOf } from '../expansion';
import { newId, randomText } from '../identifiers';
import { pageOf, pageParameters } from '../pages';
import { within } from '../parameters';
import { invalidParameter, missing, refused } from '../stripe-error';
import { recordMovement, settleCharge } from './balance-transaction';
import { chargeOf } from './charge';
import { emit } from './event';
import { intentOf } from './payment-intent';

const reasons = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

/** When the card network's reference of a refund becomes known; on real cards it takes days. */
const referenceDelayMs = 3_600_000;

const chargeToRefund = ({ account, parameters }: ApiRequest): Stripe.Charge => {
  const chargeId = parameters.text('charge');
  const intentId = parameters.text('payment_intent');
  if (chargeId) return chargeOf(account, chargeId, 'charge');
  if (!intentId) {
    throw invalidParameter(
      'One of the following params should be provided for this request: payment_intent or charge.',
      'charge',
    );
  }
  const intent = intentOf(account, intentId, 'payment_intent');
  const charge =
    typeof intent.latest_charge === 'string'
      ? account.store.get('charge', intent.latest_charge)
      : undefined;
  if (charge === undefined || !charge.paid) {
    throw refused(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`);
  }
  return charge;
};

const checkRefundable = (charge: Stripe.Charge): void => {
  if (!charge.captured) {
    throw refused(
      `This charge (${charge.id}) has not been captured. To release the hold, cancel the PaymentIntent (${idOf(charge.payment_intent)}) instead.`,
    );
  }
  if (charge.disputed) {
    const message = `Charge ${charge.id} has been charged back; cannot issue a refund.`;
    throw refused(message, { code: 'charge_disputed' });
  }
  if (charge.amount_refunded >= charge.amount_captured) {
    const message = `Charge ${charge.id} has already been refunded.`;
    throw refused(message, { code: 'charge_already_refunded' });
  }
};

const amountToRefund = ({ parameters }: ApiRequest, charge: Stripe.Charge): number => {
  const leftMinor = charge.amount_captured - charge.amount_refunded;
  const amountMinor = parameters.integer('amount') ?? leftMinor;
  if (amountMinor < 1) {
    const message = 'This value must be greater than or equal to 1.';
    throw invalidParameter(message, 'amount', 'parameter_invalid_integer');
  }
  if (amountMinor > leftMinor) {
    const limit = charge.amount_refunded === 0 ? 'charge amount' : 'unrefunded amount on charge';
    throw refused(
      `Refund amount (${amountText(amountMinor, charge.currency)}) is greater than ${limit} (${amountText(leftMinor, charge.currency)})`,
      { param: 'amount' },
    );
  }
  return amountMinor;
};

const create = (request: ApiRequest): Stripe.Refund => {
  const { account, parameters } = request;
  const chosen = chargeToRefund(request);
  checkRefundable(chosen);
  const amountMinor = amountToRefund(request, chosen);
  const reason = parameters.oneOf('reason', reasons) ?? null;
  const charge = settleCharge(account, chosen.id) ?? chosen;
  const now = account.clock.nowSeconds();
  const id = newId('re');
  const paidBy = account.store.get('balance_transaction', idOf(charge.balance_transaction));
  const movement = recordMovement(account, {
    amount: -amountMinor,
    // Taken from the money it belongs to: together with the charge while that is still pending.
    availableOn: Math.max(paidBy?.available_on ?? now, now),
    currency: charge.currency,
    description: `REFUND FOR CHARGE${charge.description ? ` (${charge.description})` : ''}`,
    fee: 0,
    reportingCategory: 'refund',
    source: id,
    type: 'refund',
  });
  const refund = account.store.put('refund', {
    id,
    object: 'refund',
    amount: amountMinor,
    balance_transaction: movement.id,
    charge: charge.id,
    created: now,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: {
        reference_status: 'pending',
        reference_type: 'acquirer_reference_number',
        type: 'refund',
      },
      type: 'card',
    },
    metadata: parameters.metadata(),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  });
  const refundedMinor = charge.amount_refunded + amountMinor;
  const after = account.store.put('charge', {
    ...charge,
    amount_refunded: refundedMinor,
    refunded: refundedMinor === charge.amount_captured,
  });
  emit(account, 'refund.created', refund);
  emit(account, 'charge.refunded', after, { amount_refunded: charge.amount_refunded });
  schedule(account, 'reference-refund', id, account.clock.nowMs() + referenceDelayMs);
  return refund;
};

/** The network tells the reference of a refund, which Stripe passes on twice. */
export const referenceRefund = (account: Account, refundId: string): void => {
  const before = account.store.get('refund', refundId);
  if (before === undefined) return;
  const after = account.store.put('refund', {
    ...before,
    destination_details: {
      card: {
        reference: randomText(23),
        reference_status: 'available',
        reference_type: 'acquirer_reference_number',
        type: 'refund',
      },
      type: 'card',
    },
  });
  const previous = { destination_details: before.destination_details };
  emit(account, 'refund.updated', after, previous);
  emit(account, 'charge.refund.updated', after, previous);
};

const refundOf = (account: Account, id: string): Stripe.Refund => {
  const refund = account.store.get('refund', id);
  if (refund === undefined) throw missing('refund', id);
  return refund;
};

const list = (request: ApiRequest) => {
  const { account, parameters } = request;
  const created = parameters.range('created');
  const charge = parameters.text('charge');
  const intent = parameters.text('payment_intent');
  const refunds = account.store
    .all('refund')
    .filter((refund) => within(refund.created, created))
    .filter((refund) => charge === undefined || refund.charge === charge)
    .filter((refund) => intent === undefined || refund.payment_intent === intent);
  return pageOf(request, 'refund', '/v1/refunds', refunds);
};

export const refundRoutes: Route[] = [
  {
    method: 'POST',
    path: '/v1/refunds',
    accepts: ['amount', 'charge', 'metadata', 'payment_intent', 'reason'],
    answer: create,
  },
  {
    method: 'GET',
    path: '/v1/refunds',
    accepts: ['charge', 'created', 'payment_intent', ...pageParameters],
    answer: list,
  },
  {
    method: 'GET',
    path: '/v1/refunds/:id',
    accepts: [],
    answer: ({ account, path }) => refundOf(account, path['id'] ?? ''),
  },
  {
    method: 'POST',
    path: '/v1/refunds/:id',
    accepts: ['metadata'],
    answer: ({ account, parameters, path }) => {
      const before = refundOf(account, path['id'] ?? '');
      const metadata = parameters.metadata(before.metadata ?? {});
      const after = account.store.put('refund', { ...before, metadata });
      emit(account, 'refund.updated', after, { metadata: before.metadata });
      return after;
    },
  },
];
