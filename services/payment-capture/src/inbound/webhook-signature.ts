import Stripe from 'stripe';
import type { WebhookNotice } from '../outbound/webhook-inbox';
import { idOf, instantOf } from '../outbound/stripe-answers';

/** Seconds that a signature may be old, as Stripe advises: older ones can be replays. */
const toleranceSeconds = 300;

/** A webhook that nobody with one of our secrets has signed. */
export class WebhookForged extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'WebhookForged';
  }
}

/**
 * Checks the signature over the raw body against each of the secrets (two during a rotation) and
 * reads what the event is about.
 *
 * @throws WebhookForged when no secret fits, or the signature is too old.
 */
export const verifiedNotice = (
  body: Buffer,
  signature: string | undefined,
  secrets: readonly string[],
): WebhookNotice => {
  if (signature === undefined) throw new WebhookForged('there is no Stripe-Signature header');
  let reason = 'no webhook secret is configured';
  for (const secret of secrets) {
    try {
      return noticeOf(Stripe.webhooks.constructEvent(body, signature, secret, toleranceSeconds));
    } catch (error) {
      reason = (error as Error).message.split('\n')[0] ?? 'the signature does not fit';
    }
  }
  throw new WebhookForged(reason);
};

const noticeOf = (event: Stripe.Event): WebhookNotice => {
  const object = event.data.object as unknown as {
    id?: string;
    object?: string;
    payment_intent?: string | { id: string } | null;
  };
  const paymentIntentId =
    object.object === 'payment_intent' ? object.id : idOf(object.payment_intent);
  return {
    eventId: event.id,
    type: event.type,
    createdAt: instantOf(event.created),
    ...(object.id === undefined ? {} : { objectId: object.id }),
    ...(paymentIntentId === undefined ? {} : { paymentIntentId }),
  };
};
