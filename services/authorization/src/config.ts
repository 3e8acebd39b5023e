import { decimalFromString, type Decimal } from '@tallywatt/money';
import { portSchema } from '@tallywatt/service-kit';
import { z } from 'zod';

const percentText = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,6})?$/, 'must be a percentage such as "10" or "12.5"')
  .refine((text) => Number(text) <= 100, 'must be at most 100');

const tierNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and dashes')
  .refine((tier) => tier !== 'retail', 'must not be retail, which is the tier of non-members');

const tiersSchema = z.string().transform((text, context): ReadonlyMap<string, Decimal> => {
  try {
    const tiers = z
      .record(tierNameSchema, z.strictObject({ discountPercent: percentText.default('0') }))
      .parse(JSON.parse(text));
    return new Map(
      Object.entries(tiers).map(([tier, terms]) => [
        tier,
        decimalFromString(terms.discountPercent),
      ]),
    );
  } catch {
    context.addIssue({
      code: 'custom',
      message: 'must be JSON like {"member":{"discountPercent":"10"}}',
    });
    return z.NEVER;
  }
});

/** What authorization reads from its environment, besides what every service reads. */
export const environmentSchema = z.object({
  VAULT_KEY: z.string().min(32, 'must have at least 32 characters'),
  AUTHORIZATION_GRPC_PORT: portSchema.default(9322),
  PROTO_DIRECTORY: z.string().optional(),
  MEMBERSHIP_TIERS: tiersSchema.prefault('{"member":{"discountPercent":"10"}}'),
  HOLD_AMOUNT: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,3})?$/, 'must be an amount in major units such as 50 or 49.90')
    .transform(decimalFromString)
    .refine((amount) => amount.unscaled > 0n, 'must be above 0')
    .prefault('50'),
  ALLOW_WITHOUT_PAYMENT_METHOD: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .prefault('true'),
  EXPIRY_INTERVAL_MS: z.coerce.number().int().min(50).default(1_000),
  DEFERRED_DECISIONS_MAX: z.coerce.number().int().min(0).max(1_000_000).default(50_000),
  ENTITLEMENT_WAIT_MS: z.coerce.number().int().min(0).max(30_000).default(5_000),
});

export type AuthorizationEnvironment = z.infer<typeof environmentSchema>;
