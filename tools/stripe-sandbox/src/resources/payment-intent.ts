import type Stripe from 'stripe';
import type { Account, ApiRequest, Route } from '../account';
import { pageOf, pageParameters } from '../pages';
import { within } from '../parameters';
import { searchPage, searchParameters } from '../search';
import { missing } from '../stripe-error';
import { cancelIntent, captureIntent } from './payment-intent-capture';
import { confirmIntent, confirmParameters } from './payment-intent-confirmation';
import { changeParameters, createIntent, updateIntent } from './payment-intent-creation';

/** The payment intent of an id, or the 404 Stripe gives. */
export const intentOf = (account: Account, id: string, param = 'intent'): Stripe.PaymentIntent => {
  const intent = account.store.get('payment_intent', id);
  if (intent === undefined) throw missing('payment_intent', id, param);
  return intent;
};

const list = (request: ApiRequest) => {
  const { account, parameters } = request;
  const created = parameters.range('created');
  const customer = parameters.text('customer');
  const intents = account.store
    .all('payment_intent')
    .filter((intent) => within(intent.created, created))
    .filter((intent) => customer === undefined || intent.customer === customer);
  return pageOf(request, 'payment_intent', '/v1/payment_intents', intents);
};

export const paymentIntentRoutes: Route[] = [
  {
    method: 'POST',
    path: '/v1/payment_intents',
    accepts: [
      ...changeParameters,
      ...confirmParameters,
      'automatic_payment_methods',
      'confirm',
      'confirmation_method',
    ],
    answer: createIntent,
  },
  {
    method: 'GET',
    path: '/v1/payment_intents',
    accepts: ['created', 'customer', ...pageParameters],
    answer: list,
  },
  {
    method: 'GET',
    path: '/v1/payment_intents/search',
    accepts: searchParameters,
    answer: (request) =>
      searchPage(
        request,
        '/v1/payment_intents/search',
        request.account.store.all('payment_intent'),
      ),
  },
  {
    method: 'GET',
    path: '/v1/payment_intents/:id',
    accepts: ['client_secret'],
    answer: ({ account, path }) => intentOf(account, path['id'] ?? ''),
  },
  {
    method: 'POST',
    path: '/v1/payment_intents/:id',
    accepts: changeParameters,
    answer: (request) => updateIntent(request, intentOf(request.account, request.path['id'] ?? '')),
  },
  {
    method: 'POST',
    path: '/v1/payment_intents/:id/confirm',
    accepts: ['capture_method', 'payment_method', 'receipt_email', ...confirmParameters],
    answer: (request) =>
      confirmIntent(request, intentOf(request.account, request.path['id'] ?? '')),
  },
  {
    method: 'POST',
    path: '/v1/payment_intents/:id/capture',
    accepts: [
      'amount_to_capture',
      'final_capture',
      'metadata',
      'statement_descriptor',
      'statement_descriptor_suffix',
    ],
    answer: (request) =>
      captureIntent(request, intentOf(request.account, request.path['id'] ?? '')),
  },
  {
    method: 'POST',
    path: '/v1/payment_intents/:id/cancel',
    accepts: ['cancellation_reason'],
    answer: ({ account, parameters, path }) =>
      cancelIntent(
        account,
        intentOf(account, path['id'] ?? ''),
        parameters.oneOf('cancellation_reason', [
          'abandoned',
          'duplicate',
          'fraudulent',
          'requested_by_customer',
        ] as const) ?? null,
      ),
  },
];
