import { createHmac } from 'node:crypto';
import type { Account } from './account';
import type { Delivery, StoredEvent } from './tables';

const answerWithinMs = 10_000;
const concurrentAttempts = 8;

/**
 * The `Stripe-Signature` header of a body. `t` is the wall clock, not the virtual one, because the
 * receiver compares it with its own clock.
 */
export const signatureOf = (secret: string, body: string, wallSeconds: number): string => {
  const digest = createHmac('sha256', secret).update(`${wallSeconds}.${body}`).digest('hex');
  return `t=${wallSeconds},v1=${digest}`;
};

/** Brings events to their endpoints, again and again until they answer with a 2xx. */
export class WebhookDelivery {
  private readonly underway = new Set<string>();
  private stopped = false;

  constructor(private readonly account: Account) {}

  /** Starts every attempt that is due and has room. */
  pump(): void {
    if (this.stopped) return;
    for (const delivery of this.due()) {
      if (this.underway.size >= concurrentAttempts) return;
      if (this.underway.has(delivery.id)) continue;
      this.underway.add(delivery.id);
      void this.attempt(delivery).finally(() => {
        this.underway.delete(delivery.id);
        this.pump();
      });
    }
  }

  /** Waits until nothing is due any more, at most so long. */
  async settle(limitMs: number): Promise<void> {
    const endMs = Date.now() + limitMs;
    this.pump();
    while ((this.underway.size > 0 || this.due().length > 0) && Date.now() < endMs) {
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const endMs = Date.now() + 2000;
    while (this.underway.size > 0 && Date.now() < endMs) {
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  private due(): Delivery[] {
    const nowMs = this.account.clock.nowMs();
    return this.account.store
      .all('delivery')
      .filter(({ status, dueMs }) => status === 'pending' && dueMs <= nowMs);
  }

  private async attempt(delivery: Delivery): Promise<void> {
    const { store } = this.account;
    const endpoint = store.get('webhook_endpoint', delivery.endpoint);
    const secret = store.get('webhook_secret', delivery.endpoint)?.secret;
    const event = store.get('event', delivery.event);
    if (endpoint === undefined || secret === undefined || event === undefined) {
      store.transaction(() => store.remove('delivery', delivery.id));
      return;
    }
    const accepted = await this.post(endpoint.url, secret, event);
    if (!this.stopped) this.conclude(delivery, event.id, accepted);
  }

  private async post(url: string, secret: string, event: StoredEvent): Promise<boolean> {
    const body = JSON.stringify(event, null, 2);
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          'Content-Type': 'application/json; charset=utf-8',
          'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'Stripe-Signature': signatureOf(secret, body, Math.floor(Date.now() / 1000)),
        },
        redirect: 'manual',
        signal: AbortSignal.timeout(answerWithinMs),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      // Whatever went wrong on the way, the event was not acknowledged and is sent again.
      return false;
    }
  }

  private conclude(delivery: Delivery, eventId: string, accepted: boolean): void {
    const { clock, settings, store } = this.account;
    store.transaction(() => {
      const event = store.get('event', eventId);
      if (accepted) {
        store.remove('delivery', delivery.id);
        if (event !== undefined && event.pending_webhooks > 0) {
          store.put('event', { ...event, pending_webhooks: event.pending_webhooks - 1 });
        }
        return;
      }
      const waitSeconds = settings.webhookRetrySeconds[delivery.attemptCount];
      store.put('delivery', {
        ...delivery,
        attemptCount: delivery.attemptCount + 1,
        status: waitSeconds === undefined ? 'failed' : 'pending',
        dueMs: clock.nowMs() + (waitSeconds ?? 0) * 1000,
      });
    });
  }
}
