import type { createValidator } from 'ocpp-rpc';
import type { Answer } from './frame';

export type Route = Readonly<{
  action: string;
  answer: Answer<never>;
  /** Frames of one charger that must take effect in the order they came. */
  isOrdered: boolean;
}>;

/** One version of OCPP, all of it: another version is another folder with one of these. */
export type Protocol = Readonly<{
  /** As events say it. */
  version: string;
  /** Action to the function that answers. What is not here is NotImplemented. */
  routes: readonly Route[];
  /** The standard's schemas, for both directions. */
  validator: ReturnType<typeof createValidator>;
  /** The call that asks a charger to stop a transaction, and its payload. */
  requestStop: (ocppTransactionId: string) => readonly [action: string, params: object];
}>;
