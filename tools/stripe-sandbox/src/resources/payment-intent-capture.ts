import type Stripe from 'stripe';
import { unschedule, type Account, type ApiRequest } from '../account';
import { invalidParameter, refused, StripeSandboxError } from '../stripe-error';
import { recordCapture } from './balance-transaction';
import { latestChargeOf } from './charge';
import { emit } from './event';

const cancelable = [
  'requires_payment_method',
  'requires_capture',
  'requires_confirmation',
  'requires_action',
  'processing',
];

const unexpectedState = (message: string, intent: Stripe.PaymentIntent) =>
  refused(message, { code: 'payment_intent_unexpected_state', payment_intent: intent });

const checkCapturable = (account: Account, intent: Stripe.PaymentIntent): void => {
  if (intent.status === 'requires_capture') return;
  if (intent.status === 'succeeded') {
    const partial = latestChargeOf(account, intent).amount_captured < intent.amount;
    throw unexpectedState(
      partial
        ? 'The remaining amount on this PaymentIntent could not be captured because the remainder of the authorized amount has been released.'
        : 'This PaymentIntent could not be captured because it has already been captured.',
      intent,
    );
  }
  throw unexpectedState(
    `This PaymentIntent could not be captured because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
    intent,
  );
};

const amountToCapture = ({ parameters }: ApiRequest, intent: Stripe.PaymentIntent): number => {
  const amountMinor = parameters.integer('amount_to_capture') ?? intent.amount_capturable;
  const withIntent = (message: string, param: string, code?: string) => {
    const { status, body, treatment } = invalidParameter(message, param, code);
    return new StripeSandboxError(status, { ...body, payment_intent: intent }, treatment);
  };
  if (amountMinor < 0) throw withIntent('Invalid non-negative integer', 'amount_to_capture');
  if (amountMinor === 0) {
    const message = 'This value must be greater than or equal to 1.';
    throw withIntent(message, 'amount', 'parameter_invalid_integer');
  }
  if (amountMinor > intent.amount_capturable) {
    throw refused(
      'The payment could not be captured because the requested capture amount is greater than the amount you can capture for this charge. Contact us via https://support.stripe.com/contact/ for more details.',
      { code: 'amount_too_large', payment_intent: intent },
    );
  }
  return amountMinor;
};

/** Captures a hold once, wholly or in part; what is not captured is released. */
export const captureIntent = (
  request: ApiRequest,
  intent: Stripe.PaymentIntent,
): Stripe.PaymentIntent => {
  const { account, parameters } = request;
  checkCapturable(account, intent);
  const amountMinor = amountToCapture(request, intent);
  if (parameters.boolean('final_capture') === false) {
    throw refused('This account is not set up for multicapture: final_capture must be true.', {
      param: 'final_capture',
      payment_intent: intent,
    });
  }
  const charge = recordCapture(account, {
    ...latestChargeOf(account, intent),
    amount_captured: amountMinor,
    captured: true,
  });
  const paid = account.store.put('payment_intent', {
    ...intent,
    amount_capturable: 0,
    amount_received: amountMinor,
    metadata: parameters.metadata(intent.metadata),
    status: 'succeeded',
  });
  unschedule(account, 'expire-hold', intent.id);
  emit(account, 'charge.captured', charge);
  emit(account, 'payment_intent.succeeded', paid);
  return paid;
};

/** Cancels an intent; a hold is released. */
export const cancelIntent = (
  account: Account,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): Stripe.PaymentIntent => {
  if (!cancelable.includes(intent.status)) {
    throw unexpectedState(
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${cancelable.join(', ')}.`,
      intent,
    );
  }
  const canceled = account.store.put('payment_intent', {
    ...intent,
    amount_capturable: 0,
    canceled_at: account.clock.nowSeconds(),
    cancellation_reason: reason,
    next_action: null,
    status: 'canceled',
  });
  unschedule(account, 'expire-hold', intent.id);
  emit(account, 'payment_intent.canceled', canceled);
  return canceled;
};

/** The bank lets an uncaptured hold go: the charge expires and Stripe cancels the intent. */
export const expireHold = (account: Account, intentId: string): void => {
  const intent = account.store.get('payment_intent', intentId);
  if (intent?.status !== 'requires_capture') return;
  emit(account, 'charge.expired', latestChargeOf(account, intent));
  cancelIntent(account, intent, 'expired');
};
