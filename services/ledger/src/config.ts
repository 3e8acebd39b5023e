import { z } from 'zod';

/** The ledger's own variables; the README lists them. */
export const environment = z.object({
  TAX_JURISDICTION: z
    .string()
    .regex(/^[a-z0-9-]{1,20}$/, 'must be lower-case letters, digits and dashes, as de or us-ca')
    .default('de'),
  LEDGER_SIGNING_KEY_FILE: z.string().min(1),
  LEDGER_SIGNING_KEY_ID: z.string().min(1).max(100).optional(),
  JOURNAL_ROOTS_FILE: z.string().min(1),
});

export type LedgerEnvironment = z.infer<typeof environment>;
