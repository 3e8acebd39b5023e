import type Stripe from 'stripe';
import type { Account, ApiRequest, Route } from '../account';
import { newId, randomText } from '../identifiers';
import { pageOf, pageParameters } from '../pages';
import { within } from '../parameters';
import { searchPage, searchParameters } from '../search';
import { missing } from '../stripe-error';
import { emit } from './event';

const fields = ['description', 'email', 'invoice_settings', 'metadata', 'name', 'phone'] as const;

export const customerOf = (account: Account, id: string, param = 'id'): Stripe.Customer => {
  const customer = account.store.get('customer', id);
  if (customer === undefined) throw missing('customer', id, param, param === 'id' ? 404 : 400);
  return customer;
};

const textField = (request: ApiRequest, name: string, before: string | null): string | null => {
  const text = request.parameters.text(name);
  return text === undefined ? before : text === '' ? null : text;
};

const changed = (request: ApiRequest, before: Stripe.Customer): Stripe.Customer => {
  const settings = request.parameters.group('invoice_settings');
  const defaultMethod = settings?.text('default_payment_method');
  return {
    ...before,
    description: textField(request, 'description', before.description),
    email: textField(request, 'email', before.email),
    name: textField(request, 'name', before.name ?? null),
    phone: textField(request, 'phone', before.phone ?? null),
    metadata: request.parameters.metadata(before.metadata),
    invoice_settings:
      defaultMethod === undefined
        ? before.invoice_settings
        : { ...before.invoice_settings, default_payment_method: defaultMethod || null },
  };
};

const create = (request: ApiRequest): Stripe.Customer => {
  const { account } = request;
  const blank: Stripe.Customer = {
    id: newId('cus'),
    object: 'customer',
    address: null,
    balance: 0,
    created: account.clock.nowSeconds(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: randomText(8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
  const customer = account.store.put('customer', changed(request, blank));
  emit(account, 'customer.created', customer);
  return customer;
};

const update = (request: ApiRequest): Stripe.Customer => {
  const before = customerOf(request.account, request.path['id'] ?? '');
  const after = request.account.store.put('customer', changed(request, before));
  emit(request.account, 'customer.updated', after);
  return after;
};

const remove = ({ account, path }: ApiRequest): Stripe.DeletedCustomer => {
  const customer = customerOf(account, path['id'] ?? '');
  account.store.remove('customer', customer.id);
  for (const method of account.store.all('payment_method')) {
    if (method.customer === customer.id) {
      account.store.put('payment_method', { ...method, customer: null });
    }
  }
  emit(account, 'customer.deleted', customer);
  return { id: customer.id, object: 'customer', deleted: true };
};

const list = (request: ApiRequest) => {
  const email = request.parameters.text('email');
  const created = request.parameters.range('created');
  const customers = request.account.store
    .all('customer')
    .filter((customer) => email === undefined || customer.email === email)
    .filter((customer) => within(customer.created, created));
  return pageOf(request, 'customer', '/v1/customers', customers);
};

export const customerRoutes: Route[] = [
  { method: 'POST', path: '/v1/customers', accepts: fields, answer: create },
  {
    method: 'GET',
    path: '/v1/customers',
    accepts: ['created', 'email', ...pageParameters],
    answer: list,
  },
  {
    method: 'GET',
    path: '/v1/customers/search',
    accepts: searchParameters,
    answer: (request) =>
      searchPage(request, '/v1/customers/search', request.account.store.all('customer')),
  },
  {
    method: 'GET',
    path: '/v1/customers/:id',
    accepts: [],
    answer: ({ account, path }) => customerOf(account, path['id'] ?? ''),
  },
  { method: 'POST', path: '/v1/customers/:id', accepts: fields, answer: update },
  { method: 'DELETE', path: '/v1/customers/:id', accepts: [], answer: remove },
];
