import { createHmac, randomUUID } from 'node:crypto';
import type { System } from '@tallywatt/demonstration';
import type { Forgery } from './fault-plan';
import { processorIntents } from './sandbox-control';

const signed = (secret: string, body: string, atSeconds: number): string =>
  `t=${atSeconds},v1=${createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex')}`;

/** Words that would hurt if they were believed: a hold that is said to be captured, or let go. */
const lieAbout = (intent: Readonly<{ id: string; amount: number }>): string =>
  JSON.stringify({
    id: `evt_forged_${randomUUID()}`,
    object: 'event',
    api_version: '2026-08-26.dahlia',
    created: Math.floor(Date.now() / 1_000),
    data: { object: { ...intent, object: 'payment_intent', status: 'succeeded' } },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: 'payment_intent.succeeded',
  });

const signatureOf = (forgery: Forgery, secret: string, body: string): string | undefined => {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  switch (forgery) {
    case 'unsigned':
      return undefined;
    case 'wrong-secret':
      return signed('whsec_somebody_else', body, nowSeconds);
    case 'too-old':
      return signed(secret, body, nowSeconds - 3_600);
    case 'altered':
      return signed(secret, body.replace('succeeded', 'canceled'), nowSeconds);
  }
};

/**
 * Sends a webhook that Stripe never sent.
 *
 * @returns the status it was answered with; undefined when the service was not there.
 */
export const sendForgedWebhook = async (
  system: System,
  forgery: Forgery,
  webhookSecret: string,
): Promise<number | undefined> => {
  try {
    const [intent] = await processorIntents(system);
    const body = lieAbout({ id: intent?.id ?? 'pi_none', amount: intent?.amount ?? 1 });
    const signature = signatureOf(forgery, webhookSecret, body);
    const response = await fetch(`${system.addresses.paymentCapture}/webhooks/stripe`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...(signature === undefined ? {} : { 'stripe-signature': signature }),
      },
      signal: AbortSignal.timeout(10_000),
    });
    await response.text();
    return response.status;
  } catch {
    return undefined;
  }
};
