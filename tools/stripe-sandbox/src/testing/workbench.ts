import Stripe from 'stripe';
import { startStripeSandbox, type RunningSandbox } from '../server';
import { apiVersion, type StripeSandboxOptions } from '../settings';

/** A sandbox of its own for one spec, and the real client pointed at it. */
export interface Workbench {
  sandbox: RunningSandbox;
  stripe: Stripe;
  /** Calls one of the sandbox's own endpoints. */
  control: (method: string, path: string, body?: object) => Promise<Record<string, unknown>>;
  advance: (seconds: number) => Promise<void>;
  /** Returns when every webhook that was sent has its answer. */
  settled: () => Promise<void>;
}

export const clientOf = (
  port: number,
  options: { key?: string; maxNetworkRetries?: number; timeout?: number } = {},
): Stripe =>
  new Stripe(options.key ?? 'sk_test_workbench', {
    apiVersion,
    host: '127.0.0.1',
    maxNetworkRetries: options.maxNetworkRetries ?? 0,
    port,
    protocol: 'http',
    telemetry: false,
    timeout: options.timeout ?? 60_000,
  });

export const openWorkbench = async (
  options: Partial<StripeSandboxOptions> = {},
): Promise<Workbench> => {
  const sandbox = await startStripeSandbox({ port: 0, ...options });
  const control: Workbench['control'] = async (method, path, body) => {
    const response = await fetch(`${sandbox.url}/_sandbox${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const advance = async (seconds: number): Promise<void> => {
    await control('POST', '/clock', { advanceSeconds: seconds });
  };
  return {
    sandbox,
    stripe: clientOf(sandbox.port),
    control,
    advance,
    settled: () => advance(0),
  };
};

/** A hold on a test card, as payment-capture makes it. */
export const holdOn = (
  stripe: Stripe,
  amountMinor: number,
  more: Partial<Stripe.PaymentIntentCreateParams> = {},
): Promise<Stripe.Response<Stripe.PaymentIntent>> =>
  stripe.paymentIntents.create({
    amount: amountMinor,
    capture_method: 'manual',
    confirm: true,
    currency: 'eur',
    off_session: true,
    payment_method: 'pm_card_visa',
    ...more,
  });

/** The error a promise ends with; fails when it ends well. */
export const errorOf = async (work: Promise<unknown>): Promise<Stripe.errors.StripeError> => {
  try {
    await work;
  } catch (error) {
    return error as Stripe.errors.StripeError;
  }
  throw new Error('expected a refusal');
};
