import type Stripe from 'stripe';

/** An event as stored and sent; `data.object` is the object as it was at that moment. */
export interface StoredEvent {
  id: string;
  object: 'event';
  api_version: string;
  created: number;
  data: { object: unknown; previous_attributes?: Record<string, unknown> };
  livemode: false;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null } | null;
  type: string;
}

/** One event on its way to one endpoint; gone once it was delivered. */
export interface Delivery {
  id: string;
  event: string;
  endpoint: string;
  status: 'pending' | 'failed' | 'dropped';
  attemptCount: number;
  /** Virtual milliseconds: not tried before. */
  dueMs: number;
}

/** Something that happens by itself later. The id names what it is for, so it exists once. */
export interface Timer {
  id: string;
  job:
    | 'expire-hold'
    | 'settle-charge'
    | 'settle-day'
    | 'send-payout'
    | 'arrive-payout'
    | 'reference-refund';
  subject: string;
  dueMs: number;
}

/** What an idempotency key was used for and what was answered. */
export interface IdempotentResponse {
  id: string;
  path: string;
  fingerprint: string;
  status: number;
  body: unknown;
  requestId: string;
  createdMs: number;
}

/** Every kind of object in the store. Those below the line are the sandbox's own notes. */
export interface Tables {
  customer: Stripe.Customer;
  payment_method: Stripe.PaymentMethod;
  payment_intent: Stripe.PaymentIntent;
  charge: Stripe.Charge;
  refund: Stripe.Refund;
  balance_transaction: Stripe.BalanceTransaction;
  payout: Stripe.Payout;
  event: StoredEvent;
  webhook_endpoint: Stripe.WebhookEndpoint;
  // ---
  /** Which test card a payment method was made from: the number decides how it behaves. */
  card_number: { id: string; number: string };
  /** Which automatic payout carried a balance transaction to the bank. */
  payout_member: { id: string; payout: string };
  webhook_secret: { id: string; secret: string };
  delivery: Delivery;
  timer: Timer;
  idempotent_response: IdempotentResponse;
  clock: { id: 'offset'; offsetMs: number };
}
