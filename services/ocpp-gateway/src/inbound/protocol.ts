import type { createValidator } from 'ocpp-rpc';
import type { ChargerCommand } from '../domain/charger-command';
import type { CommandEnd } from '../domain/command-end';
import type { SessionCost } from '../domain/session-cost';
import type { CostDisplay } from '../outbound/charge-point-registry';
import type { ShownSession } from '../outbound/cost-displays';
import type { Answer } from './frame';

export type Route = Readonly<{
  action: string;
  answer: Answer<never>;
  /** Frames of one charger that must take effect in the order they came. */
  isOrdered: boolean;
}>;

export type SayableCommand = Extract<EncodedCommand, { kind: 'call' }>;

/** A command as one OCPP version says it, or why it cannot. */
export type EncodedCommand =
  | Readonly<{
      kind: 'call';
      action: string;
      params: object;
      /** What the payload of the CALLRESULT means; it has passed its schema. */
      read: (result: Readonly<Record<string, unknown>>) => CommandEnd;
      /** What is said when the charger has accepted that. */
      next?: SayableCommand;
    }>
  | Readonly<{ kind: 'unsayable'; detail: string }>;

/** One version of OCPP, all of it: another version is another folder with one of these. */
export type Protocol = Readonly<{
  /** As events say it. */
  version: string;
  /** Action to the function that answers. What is not here is NotImplemented. */
  routes: readonly Route[];
  /** The standard's schemas, for both directions. */
  validator: ReturnType<typeof createValidator>;
  /** `requestId` is the number by which the charger may name the command later. */
  encodeCommand: (command: ChargerCommand, requestId: number) => EncodedCommand;
  /** The call that shows what a session costs; undefined where the version has none for the display. */
  showCost: (
    cost: SessionCost,
    session: ShownSession,
    display: CostDisplay,
  ) => readonly [action: string, params: object] | undefined;
  /** The call that gives a charger its new password. */
  setPassword: (password: string) => readonly [action: string, params: object];
  /** Why it did not take it, from its answer; undefined when it did. */
  passwordRefusal: (result: unknown) => string | undefined;
  /** The call that asks a charger to stop a transaction, and its payload. */
  requestStop: (ocppTransactionId: string) => readonly [action: string, params: object];
}>;
