import type Stripe from 'stripe';
import type { Account, ApiRequest, Route } from '../account';
import { newId, randomText } from '../identifiers';
import { pageOf, pageParameters } from '../pages';
import type { FixedWebhook } from '../settings';
import { apiVersion } from '../settings';
import { invalidParameter, missing } from '../stripe-error';

const endpointOf = (account: Account, id: string): Stripe.WebhookEndpoint => {
  const endpoint = account.store.get('webhook_endpoint', id);
  if (endpoint === undefined) throw missing('webhook endpoint', id);
  return endpoint;
};

const checkUrl = (url: string): string => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return url;
  const message = `Invalid URL: ${url}. An explicit http or https scheme must be provided.`;
  throw invalidParameter(message, 'url', 'url_invalid');
};

const addEndpoint = (
  account: Account,
  secret: string,
  fields: Pick<
    Stripe.WebhookEndpoint,
    'id' | 'url' | 'enabled_events' | 'description' | 'metadata'
  >,
): Stripe.WebhookEndpoint => {
  account.store.put('webhook_secret', { id: fields.id, secret });
  return account.store.put('webhook_endpoint', {
    object: 'webhook_endpoint',
    api_version: apiVersion,
    application: null,
    created: account.clock.nowSeconds(),
    livemode: false,
    status: 'enabled',
    ...fields,
  });
};

/** Endpoints given at the start; their ids follow from the URL, so a restart finds them again. */
export const addFixedWebhooks = (account: Account, webhooks: readonly FixedWebhook[]): void => {
  webhooks.forEach(({ url, secret, enabledEvents }) => {
    addEndpoint(account, secret, {
      id: `we_fixed_${Buffer.from(checkUrl(url)).toString('base64url')}`,
      url,
      enabled_events: enabledEvents ?? ['*'],
      description: 'given when the sandbox was started',
      metadata: {},
    });
  });
};

const create = ({ account, parameters }: ApiRequest): Stripe.WebhookEndpoint => {
  const url = checkUrl(parameters.requiredText('url'));
  const events = parameters.list('enabled_events');
  if (!events?.length) throw parameters.missing('enabled_events');
  const version = parameters.text('api_version');
  if (version !== undefined && version !== apiVersion) {
    const message = `Invalid API version: ${version}. The sandbox speaks only ${apiVersion}.`;
    throw invalidParameter(message, 'api_version');
  }
  const secret = `whsec_${randomText(32)}`;
  const endpoint = addEndpoint(account, secret, {
    id: newId('we'),
    url,
    enabled_events: events,
    description: parameters.text('description') || null,
    metadata: parameters.metadata(),
  });
  // The only time Stripe tells the secret.
  return { ...endpoint, secret };
};

const update = ({ account, parameters, path }: ApiRequest): Stripe.WebhookEndpoint => {
  const before = endpointOf(account, path['id'] ?? '');
  const url = parameters.text('url');
  const disabled = parameters.boolean('disabled');
  return account.store.put('webhook_endpoint', {
    ...before,
    url: url === undefined ? before.url : checkUrl(url),
    enabled_events: parameters.list('enabled_events') ?? before.enabled_events,
    description: parameters.text('description') ?? before.description,
    metadata: parameters.metadata(before.metadata),
    status: disabled === undefined ? before.status : disabled ? 'disabled' : 'enabled',
  });
};

export const webhookEndpointRoutes: Route[] = [
  {
    method: 'POST',
    path: '/v1/webhook_endpoints',
    accepts: ['api_version', 'connect', 'description', 'enabled_events', 'metadata', 'url'],
    answer: create,
  },
  {
    method: 'GET',
    path: '/v1/webhook_endpoints',
    accepts: pageParameters,
    answer: (request) =>
      pageOf(
        request,
        'webhook endpoint',
        '/v1/webhook_endpoints',
        request.account.store.all('webhook_endpoint'),
      ),
  },
  {
    method: 'GET',
    path: '/v1/webhook_endpoints/:id',
    accepts: [],
    answer: ({ account, path }) => endpointOf(account, path['id'] ?? ''),
  },
  {
    method: 'POST',
    path: '/v1/webhook_endpoints/:id',
    accepts: ['description', 'disabled', 'enabled_events', 'metadata', 'url'],
    answer: update,
  },
  {
    method: 'DELETE',
    path: '/v1/webhook_endpoints/:id',
    accepts: [],
    answer: ({ account, path }) => {
      const { id } = endpointOf(account, path['id'] ?? '');
      account.store.remove('webhook_endpoint', id);
      account.store.remove('webhook_secret', id);
      return { id, object: 'webhook_endpoint', deleted: true };
    },
  },
];
