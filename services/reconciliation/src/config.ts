import { z } from 'zod';
import { defaultPatience, type Patience } from './domain/overdue';

/** Ten years: who waits longer does not want to be told. */
const secondsMax = 315_360_000;

const patienceSchema = z
  .string()
  .default('{}')
  .transform((text, context): Patience => {
    try {
      const seconds = z.number().int().min(1).max(secondsMax);
      const given = z
        .partialRecord(z.enum(Object.keys(defaultPatience) as (keyof Patience)[]), seconds)
        .parse(JSON.parse(text));
      return { ...defaultPatience, ...given };
    } catch {
      context.addIssue({
        code: 'custom',
        message: `must be JSON of whole seconds by hop, such as {"cdr":600}; hops: ${Object.keys(defaultPatience).join(', ')}`,
      });
      return z.NEVER;
    }
  });

/** Reconciliation's own variables; the README lists them. */
export const environment = z.object({
  PATIENCE_SECONDS: patienceSchema,
  DAY_CLOSE_AFTER_HOURS: z.coerce.number().min(0).max(720).default(6),
  SWEEP_INTERVAL_SECONDS: z.coerce.number().min(1).max(86_400).default(15),
});

export type ReconciliationEnvironment = z.infer<typeof environment>;
