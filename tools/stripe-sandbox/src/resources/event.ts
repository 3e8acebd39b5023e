import type { Account, Route } from '../account';
import { newId } from '../identifiers';
import { pageOf, pageParameters } from '../pages';
import { within } from '../parameters';
import { apiVersion } from '../settings';
import { missing } from '../stripe-error';
import type { Delivery, StoredEvent } from '../tables';

const keptSeconds = 30 * 86_400;

const wants = (enabled: readonly string[], type: string): boolean =>
  enabled.includes('*') || enabled.includes(type);

/**
 * Records that something happened to `object` and queues it for every endpoint that wants to know.
 * @param previous for an update: the values of the changed fields before it
 */
export const emit = (
  account: Account,
  type: string,
  object: object,
  previous?: Record<string, unknown>,
): void => {
  const { clock, faults, store } = account;
  const endpoints = store
    .all('webhook_endpoint')
    .filter(({ status, enabled_events }) => status === 'enabled' && wants(enabled_events, type));
  const event: StoredEvent = {
    id: newId('evt'),
    object: 'event',
    api_version: apiVersion,
    created: clock.nowSeconds(),
    data: { object, ...(previous ? { previous_attributes: previous } : {}) },
    livemode: false,
    pending_webhooks: endpoints.length,
    request: account.request ?? { id: null, idempotency_key: null },
    type,
  };
  store.put('event', event);
  for (const endpoint of endpoints) {
    const fault = faults.takeForEvent(type);
    const delayMs = fault?.kind === 'delay-webhook' ? fault.delaySeconds * 1000 : 0;
    const delivery = (): Delivery => ({
      id: newId('dlv'),
      event: event.id,
      endpoint: endpoint.id,
      status: fault?.kind === 'drop-webhook' ? 'dropped' : 'pending',
      attemptCount: 0,
      dueMs: clock.nowMs() + delayMs,
    });
    store.put('delivery', delivery());
    if (fault?.kind === 'duplicate-webhook') store.put('delivery', delivery());
  }
};

const deliveredEverywhere = (account: Account, eventId: string): boolean =>
  !account.store.all('delivery').some(({ event }) => event === eventId);

export const eventRoutes: Route[] = [
  {
    method: 'GET',
    path: '/v1/events',
    accepts: ['created', 'delivery_success', 'type', 'types', ...pageParameters],
    answer: (request) => {
      const { account, parameters } = request;
      const created = parameters.range('created');
      const type = parameters.text('type');
      const types = parameters.list('types');
      const success = parameters.boolean('delivery_success');
      const oldest = account.clock.nowSeconds() - keptSeconds;
      const events = account.store
        .all('event')
        .filter((event) => event.created >= oldest && within(event.created, created))
        .filter((event) => type === undefined || event.type === type)
        .filter((event) => types === undefined || types.includes(event.type))
        .filter(
          (event) => success === undefined || deliveredEverywhere(account, event.id) === success,
        );
      return pageOf(request, 'event', '/v1/events', events);
    },
  },
  {
    method: 'GET',
    path: '/v1/events/:id',
    accepts: [],
    answer: ({ account, path }) => {
      const id = path['id'] ?? '';
      const event = account.store.get('event', id);
      if (event === undefined) throw missing('event', id);
      return event;
    },
  },
];
