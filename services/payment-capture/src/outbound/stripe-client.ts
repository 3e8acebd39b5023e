import Stripe from 'stripe';
import { ProcessorUnsure } from './processor';

/** The one place where the version of Stripe's API is pinned; answers are read in its shape. */
export const apiVersion = '2026-08-26.dahlia';

export type StripeClientOptions = Readonly<{
  secretKey: string;
  /** https://api.stripe.com, or the address of a sandbox. */
  apiBase: string;
  timeoutMs: number;
}>;

/** Retries are ours: they have to outlive the process and to end in a question. */
export const stripeClient = (options: StripeClientOptions): Stripe => {
  const base = new URL(options.apiBase);
  const isPlain = base.protocol === 'http:';
  return new Stripe(options.secretKey, {
    apiVersion,
    host: base.hostname,
    port: base.port === '' ? (isPlain ? 80 : 443) : Number(base.port),
    protocol: isPlain ? 'http' : 'https',
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: options.timeoutMs,
  });
};

const headerOf = (error: Stripe.errors.StripeError, name: string): string | undefined =>
  error.headers?.[name];

/** Stripe keeps the first answer under a key, failures of its own included. */
const isSavedFailure = (error: Stripe.errors.StripeError): boolean =>
  (error.statusCode ?? 0) >= 500 &&
  (headerOf(error, 'idempotent-replayed') === 'true' ||
    headerOf(error, 'stripe-should-retry') === 'false');

/** An error that says for sure that the request was refused, as a business matter. */
export type StripeRefusal = Readonly<{
  code: string;
  declineCode: string;
  detail: string;
  isDecline: boolean;
  paymentIntent?: Stripe.PaymentIntent;
}>;

/**
 * Sorts what Stripe throws: a refusal is returned, everything whose outcome is not known (timeouts,
 * lost connections, 409, 429, 5xx, and wrong keys of ours) is thrown as ProcessorUnsure.
 */
export const refusalOf = (error: unknown): StripeRefusal => {
  if (!(error instanceof Stripe.errors.StripeError)) {
    throw error instanceof Error ? error : new Error(String(error));
  }
  const status = error.statusCode ?? 0;
  const isRefused = status === 400 || status === 402 || status === 404;
  // The key was used for something else: only what exists at the processor can say for what.
  const isKeyTrouble = error.type === 'StripeIdempotencyError';
  if (!isRefused || isKeyTrouble || error.code === 'lock_timeout') {
    const code = error.code ?? (status === 0 ? error.type : `http-${status}`);
    const isSaved = isSavedFailure(error) || (isKeyTrouble && status === 400);
    throw new ProcessorUnsure(`Stripe: ${error.message}`, code, isSaved, { cause: error });
  }
  const code = error.code ?? 'invalid_request';
  return {
    code,
    declineCode: error.decline_code ?? code,
    detail: error.message,
    isDecline: status === 402,
    ...(error.payment_intent === undefined ? {} : { paymentIntent: error.payment_intent }),
  };
};
