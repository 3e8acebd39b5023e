import type { Instant } from '@tallywatt/time';
import { claimedInstant, FrameFault } from './frame';

/** What a charger said, of whatever shape, is looked at field by field: each stands for itself. */
export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
export const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
/** Many stacks write null for what they leave out. */
export const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** A fact, or undefined when it cannot be kept. */
export const readable = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch (error) {
    if (error instanceof FrameFault) return undefined;
    throw error;
  }
};

/** A whole number, also one that is written as a text. */
export const wholeOf = (value: unknown): number | undefined => {
  const whole = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof whole === 'number' && Number.isInteger(whole) ? whole : undefined;
};

export const instantOf = (value: unknown): Instant | undefined =>
  typeof value === 'string' ? readable(() => claimedInstant('timestamp', value)) : undefined;

/** A whole number of 32 bits. */
export const int32Of = (value: unknown): number | undefined => {
  const whole = wholeOf(value);
  return whole !== undefined && (whole | 0) === whole ? whole : undefined;
};
