import type Stripe from 'stripe';
import type { Account, ApiRequest } from '../account';
import { amountText } from '../currency';
import { idOf } from '../expansion';
import { newId, randomText } from '../identifiers';
import type { Parameters } from '../parameters';
import { invalidParameter, refused } from '../stripe-error';
import { customerOf } from './customer';
import { emit } from './event';
import { confirmIntent } from './payment-intent-confirmation';
import { paymentMethodOf } from './payment-method';

const captureMethods = ['automatic', 'automatic_async', 'manual'] as const;
const futureUsages = ['off_session', 'on_session'] as const;
const changeable = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

export const changeParameters = [
  'amount',
  'capture_method',
  'currency',
  'customer',
  'description',
  'metadata',
  'payment_method',
  'payment_method_options',
  'payment_method_types',
  'receipt_email',
  'setup_future_usage',
  'statement_descriptor',
  'statement_descriptor_suffix',
] as const;

const readAmount = (parameters: Parameters, currency: string): number | undefined => {
  const amountMinor = parameters.integer('amount');
  if (amountMinor === undefined) return undefined;
  if (amountMinor < 1) {
    const message = 'This value must be greater than or equal to 1.';
    throw invalidParameter(message, 'amount', 'parameter_invalid_integer');
  }
  if (amountMinor > 99_999_999) {
    throw invalidParameter(
      `Amount must be no more than ${amountText(99_999_999, currency)}`,
      'amount',
      'amount_too_large',
    );
  }
  const leastMinor = leastChargeMinor[currency] ?? 50;
  if (amountMinor < leastMinor) {
    throw invalidParameter(
      `Amount must be at least ${amountText(leastMinor, currency)} ${currency}`,
      'amount',
      'amount_too_small',
    );
  }
  return amountMinor;
};

/** Smallest charge where it is not 50 minor units (docs.stripe.com/currencies). */
const leastChargeMinor: Record<string, number> = {
  czk: 1500,
  dkk: 250,
  gbp: 30,
  hkd: 400,
  huf: 17500,
  jpy: 50,
  mxn: 1000,
  nok: 300,
  pln: 200,
  sek: 300,
};

const readCurrency = (parameters: Parameters): string => {
  const currency = parameters.requiredText('currency').toLowerCase();
  if (!Intl.supportedValuesOf('currency').includes(currency.toUpperCase())) {
    throw invalidParameter(`Invalid currency: ${currency}.`, 'currency');
  }
  return currency;
};

/** The intent with the parameters that create and update have in common. */
const changed = (request: ApiRequest, before: Stripe.PaymentIntent): Stripe.PaymentIntent => {
  const { account, parameters } = request;
  const text = (name: string, value: string | null): string | null => {
    const given = parameters.text(name);
    return given === undefined ? value : given || null;
  };
  const customer = text('customer', before.customer as string | null);
  if (customer !== null && customer !== before.customer) customerOf(account, customer, 'customer');
  const methodId = parameters.text('payment_method');
  const method = methodId ? paymentMethodOf(account, methodId, 'payment_method', 400) : undefined;
  if (method && method.customer !== null && method.customer !== customer) {
    throw refused(
      customer === null
        ? `The provided PaymentMethod belongs to Customer ${idOf(method.customer)}; a PaymentIntent that uses it must name this customer.`
        : `The PaymentMethod ${method.id} does not belong to the Customer ${customer}.`,
      { param: 'payment_method' },
    );
  }
  return {
    ...before,
    customer,
    description: text('description', before.description),
    metadata: parameters.metadata(before.metadata),
    payment_method: method?.id ?? before.payment_method,
    receipt_email: text('receipt_email', before.receipt_email),
    setup_future_usage:
      parameters.oneOf('setup_future_usage', futureUsages) ?? before.setup_future_usage,
    statement_descriptor: text('statement_descriptor', before.statement_descriptor),
    statement_descriptor_suffix: text(
      'statement_descriptor_suffix',
      before.statement_descriptor_suffix,
    ),
    capture_method: parameters.oneOf('capture_method', captureMethods) ?? before.capture_method,
    payment_method_types: parameters.list('payment_method_types') ?? before.payment_method_types,
    status:
      method && before.status === 'requires_payment_method'
        ? 'requires_confirmation'
        : before.status,
  };
};

const automaticMethods = (
  parameters: Parameters,
): Stripe.PaymentIntent['automatic_payment_methods'] => {
  if (parameters.has('payment_method_types')) return null;
  const group = parameters.group('automatic_payment_methods');
  if (group?.boolean('enabled') === false) return null;
  const redirects = group?.oneOf('allow_redirects', ['always', 'never'] as const);
  return { allow_redirects: redirects ?? 'always', enabled: true };
};

const blankIntent = (account: Account, amount: number, currency: string): Stripe.PaymentIntent => {
  const id = newId('pi');
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${randomText(25)}`,
    confirmation_method: 'automatic',
    created: account.clock.nowSeconds(),
    currency,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: {
        installments: null,
        mandate_options: null,
        network: null,
        request_three_d_secure: 'automatic',
      },
    },
    payment_method_types: ['card'],
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
};

/** `POST /v1/payment_intents`. */
export const createIntent = (request: ApiRequest): Stripe.PaymentIntent => {
  const { account, parameters } = request;
  if (!parameters.has('amount')) throw parameters.missing('amount');
  const currency = readCurrency(parameters);
  const blank = blankIntent(account, readAmount(parameters, currency) ?? 0, currency);
  const confirms = parameters.boolean('confirm') === true;
  if (!confirms && parameters.has('off_session')) {
    throw invalidParameter('off_session can only be set when confirm is true.', 'off_session');
  }
  const intent = account.store.put('payment_intent', {
    ...changed(request, blank),
    automatic_payment_methods: automaticMethods(parameters),
  });
  emit(account, 'payment_intent.created', intent);
  return confirms ? confirmIntent(request, intent) : intent;
};

/** `POST /v1/payment_intents/:id`. */
export const updateIntent = (
  request: ApiRequest,
  before: Stripe.PaymentIntent,
): Stripe.PaymentIntent => {
  const { account, parameters } = request;
  const fixedOnceConfirmed = ['amount', 'currency', 'capture_method', 'payment_method', 'customer'];
  const offending = fixedOnceConfirmed.find((name) => parameters.has(name));
  if (offending !== undefined && !changeable.includes(before.status)) {
    throw refused(
      `This PaymentIntent's ${offending} could not be updated because it has a status of ${before.status}. You may only update the ${offending} of a PaymentIntent with one of the following statuses: ${changeable.join(', ')}.`,
      { code: 'payment_intent_unexpected_state', payment_intent: before },
    );
  }
  const currency = parameters.has('currency') ? readCurrency(parameters) : before.currency;
  const amount = readAmount(parameters, currency) ?? before.amount;
  return account.store.put('payment_intent', { ...changed(request, before), amount, currency });
};
