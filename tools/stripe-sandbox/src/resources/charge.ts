import type Stripe from 'stripe';
import type { Account, Route } from '../account';
import { newId, randomText } from '../identifiers';
import { pageOf, pageParameters } from '../pages';
import { within } from '../parameters';
import { searchPage, searchParameters } from '../search';
import { missing } from '../stripe-error';
import type { Decline, TestCard } from '../test-cards';
import { emit } from './event';

/** How long an online card authorization holds: 7 days (`capture_before = created + 604800`). */
export const holdSeconds = 604_800;

const approved: Stripe.Charge.Outcome = {
  advice_code: null,
  network_advice_code: null,
  network_decline_code: null,
  network_status: 'approved_by_network',
  reason: null,
  risk_level: 'normal',
  risk_score: 12,
  seller_message: 'Payment complete.',
  type: 'authorized',
};

const declinedBy = (decline: Decline): Stripe.Charge.Outcome => ({
  ...approved,
  advice_code: decline.adviceCode,
  network_decline_code: decline.networkDeclineCode,
  network_status: 'declined_by_network',
  reason: decline.declineCode,
  seller_message: 'The bank did not return any further details with this decline.',
  type: 'issuer_declined',
});

const cardDetails = (
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  card: TestCard,
  createdSeconds: number,
  decline: Decline | undefined,
): Stripe.Charge['payment_method_details'] => {
  const unavailable = { status: 'unavailable' } as const;
  const held = decline === undefined && intent.capture_method === 'manual';
  return {
    type: 'card',
    card: {
      amount_authorized: decline === undefined ? intent.amount : null,
      authorization_code: decline === undefined ? randomText(6).toUpperCase() : null,
      brand: card.brand,
      ...(held ? { capture_before: createdSeconds + holdSeconds } : {}),
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: method.card?.country ?? null,
      exp_month: method.card?.exp_month ?? 12,
      exp_year: method.card?.exp_year ?? 2030,
      // An ordinary account has none of the flexible authorization features.
      extended_authorization: { status: 'disabled' },
      fingerprint: method.card?.fingerprint ?? null,
      funding: method.card?.funding ?? null,
      incremental_authorization: unavailable,
      installments: null,
      last4: card.number.slice(-4),
      mandate: null,
      multicapture: unavailable,
      network: card.brand,
      network_token: { used: false },
      network_transaction_id: randomText(15).toUpperCase(),
      overcapture: { maximum_amount_capturable: intent.amount, status: 'unavailable' },
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
  };
};

/** Charges the card of a payment intent: authorized, or failed when the issuer declines. */
export const makeCharge = (
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  card: TestCard,
  decline: Decline | undefined,
): Stripe.Charge => {
  const created = account.clock.nowSeconds();
  const charge = account.store.put('charge', {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'TALLYWATT SANDBOX',
    captured: false,
    created,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: decline === undefined ? approved : declinedBy(decline),
    paid: decline === undefined,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: cardDetails(intent, method, card, created, decline),
    radar_options: {},
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: decline === undefined ? 'succeeded' : 'failed',
    transfer_data: null,
    transfer_group: null,
  });
  if (decline !== undefined) emit(account, 'charge.failed', charge);
  return charge;
};

export const chargeOf = (account: Account, id: string, param = 'id'): Stripe.Charge => {
  const charge = account.store.get('charge', id);
  if (charge === undefined) throw missing('charge', id, param);
  return charge;
};

/** The charge of a payment intent that was confirmed. */
export const latestChargeOf = (account: Account, intent: Stripe.PaymentIntent): Stripe.Charge => {
  if (typeof intent.latest_charge !== 'string') throw new Error(`${intent.id} has no charge`);
  return chargeOf(account, intent.latest_charge);
};

export const chargeRoutes: Route[] = [
  {
    method: 'GET',
    path: '/v1/charges',
    accepts: ['created', 'customer', 'payment_intent', ...pageParameters],
    answer: (request) => {
      const { account, parameters } = request;
      const created = parameters.range('created');
      const customer = parameters.text('customer');
      const intent = parameters.text('payment_intent');
      const charges = account.store
        .all('charge')
        .filter((charge) => within(charge.created, created))
        .filter((charge) => customer === undefined || charge.customer === customer)
        .filter((charge) => intent === undefined || charge.payment_intent === intent);
      return pageOf(request, 'charge', '/v1/charges', charges);
    },
  },
  {
    method: 'GET',
    path: '/v1/charges/search',
    accepts: searchParameters,
    answer: (request) =>
      searchPage(request, '/v1/charges/search', request.account.store.all('charge')),
  },
  {
    method: 'GET',
    path: '/v1/charges/:id',
    accepts: [],
    answer: ({ account, path }) => chargeOf(account, path['id'] ?? ''),
  },
];
