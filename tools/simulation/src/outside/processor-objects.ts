import type { BalanceMovement } from '@tallywatt/payment-capture/domain/settlement';

export type Intent = {
  readonly id: string;
  readonly chargeId: string;
  readonly cpoId: string;
  readonly sessionId: string;
  readonly paymentId: string;
  readonly idempotencyKey: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly createdMs: number;
  readonly expiresMs: number;
  status: 'requires_capture' | 'succeeded' | 'canceled' | 'requires_payment_method';
  receivedMinor: bigint;
  capturedMs?: number;
  canceledMs?: number;
  movementId?: string;
};

export type ProcessorRefund = {
  readonly id: string;
  readonly intentId: string;
  /** Ours; a refund made in the processor's dashboard has none. */
  readonly refundId?: string;
  /** From the metadata that we gave it. */
  readonly correctedCdrId?: string;
  readonly amountMinor: bigint;
  readonly createdMs: number;
  status: 'pending' | 'succeeded' | 'failed';
  movementId?: string;
};

export type Movement = Omit<BalanceMovement, 'isAvailable'> & {
  readonly createdMs: number;
  readonly availableMs: number;
  isAvailable: boolean;
  payoutId?: string;
};

export type Payout = {
  readonly id: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly createdMs: number;
  readonly arrivalMs: number;
  status: 'pending' | 'in_transit' | 'paid' | 'failed';
};

export type Notice = Readonly<{
  eventId: string;
  type: string;
  objectId: string;
  paymentIntentId?: string;
}>;

/** What became of a request as its sender sees it. */
export type Reply<T> =
  | Readonly<{ kind: 'answer'; answer: T }>
  | Readonly<{ kind: 'unsure'; code: string; isSaved: boolean }>;
