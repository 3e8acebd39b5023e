import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import type { Account, ApiRequest, Route } from '../account';
import { newId } from '../identifiers';
import { pageOf, pageParameters } from '../pages';
import type { Parameters } from '../parameters';
import { StripeSandboxError, invalidParameter, missing, refused } from '../stripe-error';
import { cardOfAlias, cardOfNumber, type TestCard } from '../test-cards';
import { customerOf } from './customer';
import { emit } from './event';

const noBillingDetails: Stripe.PaymentMethod['billing_details'] = {
  address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
  email: null,
  name: null,
  phone: null,
  tax_id: null,
};

/** The card behind a payment method. */
export const testCardOf = (account: Account, paymentMethodId: string): TestCard => {
  const note = account.store.get('card_number', paymentMethodId);
  const card = note === undefined ? undefined : cardOfNumber(note.number);
  if (card === undefined) throw new Error(`${paymentMethodId} has no test card`);
  return card;
};

/** Makes a payment method of a test card, as Stripe does for every use of `pm_card_visa`. */
export const makePaymentMethod = (
  account: Account,
  card: TestCard,
  details: {
    customer?: string | null;
    metadata?: Record<string, string>;
    expiry?: [number, number];
  } = {},
): Stripe.PaymentMethod => {
  const { clock, store } = account;
  const nextYear = new Date(clock.nowMs()).getUTCFullYear() + 1;
  const [month, year] = details.expiry ?? [12, nextYear];
  const method = store.put('payment_method', {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: noBillingDetails,
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: card.brand,
      exp_month: month,
      exp_year: year,
      fingerprint: createHash('sha256').update(card.number).digest('hex').slice(0, 16),
      funding: 'credit',
      generated_from: null,
      last4: card.number.slice(-4),
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: clock.nowSeconds(),
    customer: details.customer ?? null,
    customer_account: null,
    livemode: false,
    metadata: details.metadata ?? {},
    type: 'card',
  });
  store.put('card_number', { id: method.id, number: card.number });
  return method;
};

/** The payment method an id names; `pm_card_...` gives a new one of that test card. */
export const paymentMethodOf = (
  account: Account,
  id: string,
  param: string,
  status = 404,
): Stripe.PaymentMethod => {
  const found = account.store.get('payment_method', id);
  if (found !== undefined) return found;
  const card = id.startsWith('pm_card_') ? cardOfAlias(id) : undefined;
  if (card === undefined) throw missing('PaymentMethod', id, param, status);
  return makePaymentMethod(account, card);
};

const cardFrom = (parameters: Parameters): { card: TestCard; expiry?: [number, number] } => {
  const given = parameters.group('card');
  if (given === undefined) throw parameters.missing('card');
  given.allowOnly(['cvc', 'exp_month', 'exp_year', 'number', 'token']);
  const token = given.text('token');
  if (token !== undefined) {
    const card = token.startsWith('tok_') ? cardOfAlias(token) : undefined;
    if (card === undefined) throw missing('token', token, 'card[token]', 400);
    return { card };
  }
  const number = given.requiredText('number');
  const card = cardOfNumber(number);
  if (card === undefined) {
    throw new StripeSandboxError(402, {
      type: 'card_error',
      code: 'incorrect_number',
      message: 'Your card number is incorrect. The sandbox knows only published test numbers.',
      param: 'number',
    });
  }
  const month = given.requiredInteger('exp_month');
  const year = given.requiredInteger('exp_year');
  if (month < 1 || month > 12) {
    throw invalidParameter(
      "Your card's expiration month is invalid.",
      'exp_month',
      'invalid_expiry_month',
    );
  }
  return { card, expiry: [month, year] };
};

const create = (request: ApiRequest): Stripe.PaymentMethod => {
  const { account, parameters } = request;
  const type = parameters.requiredText('type');
  if (type !== 'card') {
    throw invalidParameter(`The sandbox imitates only cards, not type ${type}.`, 'type');
  }
  const { card, ...expiry } = cardFrom(parameters);
  return makePaymentMethod(account, card, { metadata: parameters.metadata(), ...expiry });
};

const attach = ({ account, parameters, path }: ApiRequest): Stripe.PaymentMethod => {
  const customer = customerOf(account, parameters.requiredText('customer'), 'customer');
  const method = paymentMethodOf(account, path['id'] ?? '', 'payment_method');
  if (method.customer !== null && method.customer !== customer.id) {
    throw refused('The payment method you provided has already been attached to a customer.', {
      code: 'payment_method_already_attached',
    });
  }
  const card = testCardOf(account, method.id);
  if (card.decline !== undefined && card.attaches !== true) {
    throw new StripeSandboxError(402, {
      type: 'card_error',
      code: card.decline.code,
      decline_code: card.decline.declineCode,
      advice_code: card.decline.adviceCode,
      network_decline_code: card.decline.networkDeclineCode,
      message: card.decline.message,
    });
  }
  const attached = account.store.put('payment_method', { ...method, customer: customer.id });
  emit(account, 'payment_method.attached', attached);
  return attached;
};

const detach = ({ account, path }: ApiRequest): Stripe.PaymentMethod => {
  const method = paymentMethodOf(account, path['id'] ?? '', 'payment_method');
  if (method.customer === null) {
    throw refused(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    );
  }
  const detached = account.store.put('payment_method', { ...method, customer: null });
  emit(account, 'payment_method.detached', detached, { customer: method.customer });
  return detached;
};

const listOf = (request: ApiRequest, customerId: string | undefined, url: string) => {
  if (customerId !== undefined) customerOf(request.account, customerId, 'customer');
  const type = request.parameters.text('type') ?? 'card';
  const methods = request.account.store
    .all('payment_method')
    .filter((method) => method.type === type)
    // Stripe lists only what is attached; loose payment methods are not found by listing.
    .filter(({ customer }) =>
      customerId === undefined ? customer !== null : customer === customerId,
    );
  return pageOf(request, 'PaymentMethod', url, methods);
};

export const paymentMethodRoutes: Route[] = [
  {
    method: 'POST',
    path: '/v1/payment_methods',
    accepts: ['allow_redisplay', 'billing_details', 'card', 'metadata', 'type'],
    answer: create,
  },
  {
    method: 'GET',
    path: '/v1/payment_methods',
    accepts: ['customer', 'type', ...pageParameters],
    answer: (request) =>
      listOf(request, request.parameters.text('customer'), '/v1/payment_methods'),
  },
  {
    method: 'GET',
    path: '/v1/payment_methods/:id',
    accepts: [],
    answer: ({ account, path }) => paymentMethodOf(account, path['id'] ?? '', 'payment_method'),
  },
  {
    method: 'POST',
    path: '/v1/payment_methods/:id',
    accepts: ['allow_redisplay', 'billing_details', 'metadata'],
    answer: ({ account, parameters, path }) => {
      const before = paymentMethodOf(account, path['id'] ?? '', 'payment_method');
      const metadata = parameters.metadata(before.metadata ?? {});
      const after = account.store.put('payment_method', { ...before, metadata });
      emit(account, 'payment_method.updated', after);
      return after;
    },
  },
  { method: 'POST', path: '/v1/payment_methods/:id/attach', accepts: ['customer'], answer: attach },
  { method: 'POST', path: '/v1/payment_methods/:id/detach', accepts: [], answer: detach },
  {
    method: 'GET',
    path: '/v1/customers/:id/payment_methods',
    accepts: ['type', ...pageParameters],
    answer: (request) => {
      const id = request.path['id'] ?? '';
      return listOf(request, id, `/v1/customers/${id}/payment_methods`);
    },
  },
];
