import { z } from 'zod';

const secretKey = z
  .string()
  .regex(/^(sk|rk)_(test|live)_\w+$/, 'must be a Stripe secret key, sk_test_...');

/** What payment-capture reads from its environment, besides what every service reads. */
export const environmentSchema = z
  .object({
    STRIPE_SECRET_KEY: secretKey,
    ALLOW_LIVE: z.enum(['0', '1']).default('0'),
    STRIPE_API_BASE: z.url({ protocol: /^https?$/ }).default('https://api.stripe.com'),
    STRIPE_WEBHOOK_SECRETS: z
      .string()
      .transform((text) => text.split(',').map((secret) => secret.trim()))
      .refine((secrets) => secrets.every((secret) => secret.length >= 8), {
        message: 'must be webhook secrets (whsec_...), separated by commas',
      }),
    SETTLEMENT_SYNC_SECONDS: z.coerce.number().min(0.1).default(30),
    PROCESSOR_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(15_000),
    PROCESSOR_CALLS_AT_ONCE: z.coerce.number().int().min(1).max(50).default(8),
    HOLD_CORRECTION_HOURS: z.coerce
      .number()
      .min(0)
      .max(24 * 30)
      .default(72),
    PROCESSOR_BACK_OFF_MAX_MS: z.coerce.number().int().min(50).default(60_000),
  })
  .refine((env) => env.ALLOW_LIVE === '1' || !env.STRIPE_SECRET_KEY.includes('_live_'), {
    path: ['STRIPE_SECRET_KEY'],
    message: 'is a live key: real cards would be charged; set ALLOW_LIVE=1 if that is meant',
  });

export type PaymentCaptureEnvironment = z.infer<typeof environmentSchema>;
