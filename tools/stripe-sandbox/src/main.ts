import { startStripeSandbox } from './server';
import type { FixedWebhook, StripeSandboxOptions } from './settings';

const wholeNumber = (name: string, otherwise: number): number => {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a whole number, not '${text}'`);
  return Number(text);
};

const webhooksFrom = (text: string | undefined): FixedWebhook[] => {
  if (!text) return [];
  const list = JSON.parse(text) as FixedWebhook[];
  const usable =
    Array.isArray(list) &&
    list.every(({ url, secret }) => typeof url === 'string' && typeof secret === 'string');
  if (!usable) {
    throw new Error(
      'STRIPE_SANDBOX_WEBHOOKS must be a JSON list of { url, secret, enabledEvents? }',
    );
  }
  return list;
};

const optionsFromEnvironment = (): StripeSandboxOptions => {
  const { STRIPE_SANDBOX_HOST, STRIPE_SANDBOX_KEY, STRIPE_SANDBOX_STATE } = process.env;
  return {
    port: wholeNumber('STRIPE_SANDBOX_PORT', 9330),
    clockOffsetSeconds: wholeNumber('STRIPE_SANDBOX_CLOCK_OFFSET_SECONDS', 0),
    fees: {
      basisPoints: wholeNumber('STRIPE_SANDBOX_FEE_BASIS_POINTS', 150),
      fixedMinor: wholeNumber('STRIPE_SANDBOX_FEE_FIXED_MINOR', 25),
    },
    webhooks: webhooksFrom(process.env['STRIPE_SANDBOX_WEBHOOKS']),
    ...(STRIPE_SANDBOX_HOST ? { host: STRIPE_SANDBOX_HOST } : {}),
    ...(STRIPE_SANDBOX_KEY ? { apiKey: STRIPE_SANDBOX_KEY } : {}),
    ...(STRIPE_SANDBOX_STATE ? { stateDirectory: STRIPE_SANDBOX_STATE } : {}),
  };
};

const run = async (): Promise<void> => {
  const sandbox = await startStripeSandbox(optionsFromEnvironment());
  console.log(`ready ${JSON.stringify({ name: 'stripe-sandbox', url: sandbox.url })}`);
  const stop = (): void => {
    void sandbox.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
};

run().catch((error: unknown) => {
  console.error(`stripe-sandbox: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
