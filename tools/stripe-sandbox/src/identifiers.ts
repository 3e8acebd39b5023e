import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random letters and digits, the way Stripe fills its ids. */
export const randomText = (length: number): string => {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // Bytes above the last whole multiple of 62 are skipped, so every character is equally likely.
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
    }
  }
  return text;
};

const lengths: Record<string, number> = { cus: 14, req: 14, whsec: 32 };

/** A new id such as `pi_3...`: the prefix says the kind of object. */
export const newId = (prefix: string): string => `${prefix}_${randomText(lengths[prefix] ?? 24)}`;
