import { decimalFromString } from '@tallywatt/money';
import { parseInstant, instantFromEpochMs } from '@tallywatt/time';
import { z } from 'zod';

/** An instant in any spelling of ISO 8601, as ours. */
export const instantSchema = z
  .string()
  .max(40)
  .transform((text, context) => {
    try {
      return instantFromEpochMs(parseInstant(text));
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });

/** Wh, whole or with up to three decimals, as milli-Wh. */
const registerMilliWh = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,15}(\.\d{1,3})?$/, 'must be Wh')])
  .transform((wattHours) => {
    const { unscaled, scale } = decimalFromString(String(wattHours));
    return unscaled * 10n ** BigInt(3 - scale);
  });

const sentence = z.string().trim().min(1).max(500);
const doubt = z.string().regex(/^[a-z]+(-[a-z]+)*$/, 'must be the reason of a quarantine');

/** `POST /v1/sessions/{id}/stop-correction`. */
export const stopCorrectionSchema = z.strictObject({
  stoppedAt: instantSchema,
  registerWh: registerMilliWh,
  reason: sentence,
  releases: z.array(doubt).max(20).default([]),
});

/** `POST /v1/sessions/{id}/release`. */
export const releaseSchema = z.strictObject({ reason: doubt, detail: sentence });
