import type { Instant } from '@tallywatt/time';
import type { ProcessorAnswer, ProcessorCall } from '../domain/processor-call';
import type { BalanceMovement, ProcessorPayout } from '../domain/settlement';

/**
 * The outcome of a call is unknown, or a question has no answer: nothing may be assumed from it.
 */
export class ProcessorUnsure extends Error {
  readonly retriable = true;

  constructor(
    message: string,
    readonly code: string,
    /**
     * The processor has saved this failure under the idempotency key and will only repeat it: what
     * became of the call has to be asked instead.
     */
    readonly isSaved: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ProcessorUnsure';
  }
}

/** What is known of one payment at the processor, with the answers that it amounts to. */
export type ObservedPayment = Readonly<{
  paymentIntentId: string;
  /** From our metadata; absent on objects that are not ours. */
  owner?: Readonly<{ cpoId: string; paymentId: string }>;
  answers: readonly ProcessorAnswer[];
}>;

export type CreatedSince = Readonly<{ since?: Instant; until?: Instant }>;

/** What payment-capture needs of a payment processor. Every method throws ProcessorUnsure. */
export type Processor = Readonly<{
  /** Does what the call says, once per idempotency key. Never answers `nothing`. */
  call(call: ProcessorCall): Promise<ProcessorAnswer>;
  /** What became of a call whose outcome is unknown; `nothing` when it left no trace. */
  question(call: ProcessorCall, firstTriedAt: Instant): Promise<ProcessorAnswer>;
  /** A payment as it stands now, with its refunds. */
  observe(paymentIntentId: string): Promise<ObservedPayment>;
  /** The intent that a refund belongs to, as it stands now. */
  paymentIntentOfRefund(processorRefundId: string): Promise<string | undefined>;
  listMovements(created: CreatedSince): Promise<BalanceMovement[]>;
  listPayouts(created: CreatedSince): Promise<ProcessorPayout[]>;
  readPayout(payoutId: string): Promise<ProcessorPayout>;
  /** Everything that was paid out with a payout, but not the payout's own movement. */
  membersOf(payoutId: string): Promise<BalanceMovement[]>;
  /** True, or why the processor is not usable at present. */
  state(): true | string;
}>;
