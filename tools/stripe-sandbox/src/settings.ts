import type { FeeSchedule } from './fees';

/** The API version the sandbox speaks, in answers and in events. */
export const apiVersion = '2026-08-26.dahlia';

/** A webhook endpoint that exists from the start, with a secret known beforehand. */
export interface FixedWebhook {
  url: string;
  secret: string;
  enabledEvents?: string[];
}

/** What can be chosen when the sandbox starts. */
export interface StripeSandboxOptions {
  /** 0 takes a free port. */
  port: number;
  host?: string;
  /** Where the state is kept; without it the state ends with the process. */
  stateDirectory?: string;
  /** The one accepted secret key; without it every `sk_test_` key is accepted. */
  apiKey?: string;
  /** How far ahead of the wall clock a new account begins. */
  clockOffsetSeconds?: number;
  fees?: FeeSchedule;
  webhooks?: FixedWebhook[];
  /** Waits before the second, third ... attempt to deliver an event. */
  webhookRetrySeconds?: number[];
  /** Business days from a charge until its money is available. */
  settlementBusinessDays?: number;
}

export interface Settings {
  host: string;
  apiKey: string | undefined;
  fees: FeeSchedule;
  webhookRetrySeconds: number[];
  settlementBusinessDays: number;
}

/** More patient at the start than Stripe, so that a service that was just killed is found again. */
const retrySeconds = [1, 2, 5, 15, 60, 300, 1800, 7200, 21600];

export const settingsFrom = (options: StripeSandboxOptions): Settings => {
  if (options.apiKey !== undefined && !options.apiKey.startsWith('sk_test_')) {
    throw new Error('the Stripe sandbox only works with a key that begins with sk_test_');
  }
  const days = options.settlementBusinessDays ?? 2;
  if (!Number.isSafeInteger(days) || days < 0) {
    throw new Error(`settlementBusinessDays must be a whole number of days, not ${days}`);
  }
  return {
    host: options.host ?? '127.0.0.1',
    apiKey: options.apiKey,
    fees: options.fees ?? { basisPoints: 150, fixedMinor: 25 },
    webhookRetrySeconds: options.webhookRetrySeconds ?? retrySeconds,
    settlementBusinessDays: days,
  };
};
