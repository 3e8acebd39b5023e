import { decodeCursor } from '@tallywatt/service-kit';
import { z } from 'zod';

/** A session id as callers may write it: what the database can hold, and not a book. */
export const sessionIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters');

/** A UTC day. PostgreSQL knows no year 0, and we were not in business before 2000. */
export const daySchema = z.iso
  .date('must be a day such as 2026-11-20')
  .refine((day) => day >= '2000-01-01', 'must not be before 2000-01-01');

/** The start of a session nobody has heard the start of sorts last. */
export const neverStarted = '-infinity';

export const instantKeySchema = z.union([z.iso.datetime(), z.literal(neverStarted)]);

/** A cursor whose parts fit the list it is for: one made up must not reach the database. */
export const cursorOf = <Key extends z.ZodTuple>(key: Key) =>
  z
    .string()
    .max(1_000)
    .transform((text, context): z.infer<Key> => {
      try {
        return key.parse(decodeCursor(text, key.def.items.length));
      } catch {
        context.addIssue({ code: 'custom', message: 'is not a cursor of this list' });
        return z.NEVER;
      }
    })
    .optional();
