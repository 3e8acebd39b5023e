import type Stripe from 'stripe';
import { schedule, type Account, type ApiRequest } from '../account';
import { StripeSandboxError, invalidParameter, refused } from '../stripe-error';
import { authenticationRequired, type Decline } from '../test-cards';
import { recordCapture } from './balance-transaction';
import { holdSeconds, makeCharge } from './charge';
import { emit } from './event';
import { paymentMethodOf, testCardOf } from './payment-method';

/** Parameters that only mean something when an intent is confirmed. */
export const confirmParameters = [
  'error_on_requires_action',
  'mandate_data',
  'off_session',
  'payment_method_options',
  'return_url',
  'setup_future_usage',
  'use_stripe_sdk',
] as const;

const confirmable = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

const checkState = (intent: Stripe.PaymentIntent): void => {
  if (confirmable.includes(intent.status)) return;
  throw refused(
    intent.status === 'succeeded'
      ? 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.'
      : `You cannot confirm this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.`,
    { code: 'payment_intent_unexpected_state', payment_intent: intent },
  );
};

const chooseMethod = (request: ApiRequest, intent: Stripe.PaymentIntent): Stripe.PaymentMethod => {
  const given = request.parameters.text('payment_method') || intent.payment_method;
  if (typeof given === 'string') {
    return paymentMethodOf(request.account, given, 'payment_method', 400);
  }
  throw refused(
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
    { code: 'payment_intent_unexpected_state', payment_intent: intent },
  );
};

/** Payment methods that redirect need a way back; a server that forgets it is told so by Stripe. */
const checkReturnUrl = (request: ApiRequest, intent: Stripe.PaymentIntent, offSession: boolean) => {
  const redirects = intent.automatic_payment_methods?.allow_redirects === 'always';
  if (!redirects || offSession || request.parameters.text('return_url')) return;
  throw invalidParameter(
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
    'return_url',
  );
};

const fail = (
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  decline: Decline,
): StripeSandboxError => {
  const charge = makeCharge(account, intent, method, testCardOf(account, method.id), decline);
  const error = {
    advice_code: decline.adviceCode,
    charge: charge.id,
    code: decline.code,
    decline_code: decline.declineCode,
    doc_url: `https://stripe.com/docs/error-codes/${decline.code.replaceAll('_', '-')}`,
    message: decline.message,
    network_decline_code: decline.networkDeclineCode,
    payment_method: method,
    type: 'card_error' as const,
  };
  const failed = account.store.put('payment_intent', {
    ...intent,
    last_payment_error: error,
    latest_charge: charge.id,
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  });
  emit(account, 'payment_intent.payment_failed', failed);
  return new StripeSandboxError(402, { ...error, payment_intent: failed }, { keepsChanges: true });
};

const hold = (account: Account, intent: Stripe.PaymentIntent, charge: Stripe.Charge) => {
  const held = account.store.put('payment_intent', {
    ...intent,
    amount_capturable: intent.amount,
    latest_charge: charge.id,
    status: 'requires_capture',
  });
  emit(account, 'charge.succeeded', charge);
  emit(account, 'payment_intent.amount_capturable_updated', held);
  schedule(account, 'expire-hold', intent.id, (charge.created + holdSeconds) * 1000);
  return held;
};

const captureAtOnce = (account: Account, intent: Stripe.PaymentIntent, made: Stripe.Charge) => {
  const captured: Stripe.Charge = { ...made, amount_captured: made.amount, captured: true };
  const isAsync = intent.capture_method === 'automatic_async';
  const charge = isAsync ? account.store.put('charge', captured) : recordCapture(account, captured);
  const paid = account.store.put('payment_intent', {
    ...intent,
    amount_received: intent.amount,
    latest_charge: charge.id,
    status: 'succeeded',
  });
  emit(account, 'charge.succeeded', charge);
  emit(account, 'payment_intent.succeeded', paid);
  // With automatic_async the balance transaction is not there yet; charge.updated tells of it.
  if (isAsync) schedule(account, 'settle-charge', charge.id, account.clock.nowMs() + 1000);
  return paid;
};

/** `setup_future_usage` keeps the card for the customer once it was charged. */
const keepMethod = (
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): void => {
  if (intent.setup_future_usage === null || intent.customer === null) return;
  if (method.customer !== null || typeof intent.customer !== 'string') return;
  const kept = account.store.put('payment_method', { ...method, customer: intent.customer });
  emit(account, 'payment_method.attached', kept);
};

/** Confirms an intent: held, paid, declined (thrown as a card error) or waiting for the holder. */
export const confirmIntent = (
  request: ApiRequest,
  before: Stripe.PaymentIntent,
): Stripe.PaymentIntent => {
  const { account, parameters } = request;
  checkState(before);
  const method = chooseMethod(request, before);
  const offSession = parameters.has('off_session') && parameters.text('off_session') !== 'false';
  checkReturnUrl(request, before, offSession);
  const captureMethod = parameters.oneOf('capture_method', [
    'automatic',
    'automatic_async',
    'manual',
  ] as const);
  const intent: Stripe.PaymentIntent = {
    ...before,
    capture_method: captureMethod ?? before.capture_method,
    last_payment_error: null,
    next_action: null,
    payment_method: method.id,
    setup_future_usage:
      parameters.oneOf('setup_future_usage', ['off_session', 'on_session'] as const) ??
      before.setup_future_usage,
  };
  const card = testCardOf(account, method.id);
  if (card.decline !== undefined) throw fail(account, intent, method, card.decline);
  if (card.authenticates === true) {
    if (offSession || parameters.boolean('error_on_requires_action') === true) {
      throw fail(account, intent, method, authenticationRequired);
    }
    const waiting = account.store.put('payment_intent', {
      ...intent,
      next_action: { type: 'use_stripe_sdk', use_stripe_sdk: {} },
      status: 'requires_action',
    });
    emit(account, 'payment_intent.requires_action', waiting);
    return waiting;
  }
  const charge = makeCharge(account, intent, method, card, undefined);
  keepMethod(account, intent, method);
  return intent.capture_method === 'manual'
    ? hold(account, intent, charge)
    : captureAtOnce(account, intent, charge);
};
