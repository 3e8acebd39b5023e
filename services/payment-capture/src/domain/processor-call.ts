import type { PaymentEvent } from '@tallywatt/contracts';
import { unreachable } from '@tallywatt/decider';
import type { Money } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';
import type { PaymentCommand } from './payment-command';
import type { Payment, PaymentIdentity } from './payment-state';

/** One thing to ask of the processor, under one idempotency key. */
export type ProcessorCall = PaymentIdentity &
  Readonly<{ idempotencyKey: string }> &
  (
    | Readonly<{ kind: 'preauthorize'; amount: Money; paymentMethodId: string }>
    | Readonly<{ kind: 'capture'; amount: Money; paymentIntentId: string }>
    | Readonly<{ kind: 'void'; paymentIntentId: string }>
    | Readonly<{
        kind: 'refund';
        amount: Money;
        paymentIntentId: string;
        refundId: string;
        reason: string;
        correctedCdrId?: string;
      }>
  );

export type CallKind = ProcessorCall['kind'];

/**
 * What the processor says became of a call. `at` is its own time. `pending` and `nothing` are
 * answers to a question after an unknown outcome: not decided yet, and no trace of the call.
 */
export type ProcessorAnswer =
  | Readonly<{
      kind: 'held';
      amount: Money;
      paymentIntentId: string;
      chargeId: string;
      captureBefore?: Instant;
      at: Instant;
    }>
  | Readonly<{
      kind: 'declined';
      declineCode: string;
      detail: string;
      paymentIntentId?: string;
      at?: Instant;
    }>
  | Readonly<{
      kind: 'captured';
      amount: Money;
      chargeId: string;
      balanceTransactionId?: string;
      at?: Instant;
    }>
  | Readonly<{ kind: 'capture-failed'; failureCode: string; detail: string }>
  | Readonly<{ kind: 'voided'; at?: Instant }>
  | Readonly<{
      kind: 'refunded';
      refundId: string;
      amount: Money;
      processorRefundId: string;
      balanceTransactionId?: string;
      at: Instant;
    }>
  | Readonly<{ kind: 'refund-failed'; refundId: string; failureCode: string; detail: string }>
  | Readonly<{ kind: 'pending'; detail: string }>
  | Readonly<{ kind: 'nothing' }>;

/** A rule: which call an event asks for. Only requests ask for one. */
export const callOf = (event: PaymentEvent, payment: Payment): ProcessorCall | undefined => {
  const { cpoId, paymentId, sessionId } = event;
  const identity = { cpoId, paymentId, sessionId };
  switch (event.type) {
    case 'PaymentPreauthorizationRequested': {
      const { idempotencyKey, amount, paymentMethodId } = event;
      return { ...identity, kind: 'preauthorize', idempotencyKey, amount, paymentMethodId };
    }
    case 'PaymentCaptureRequested': {
      const { idempotencyKey, amount, paymentIntentId } = event;
      return { ...identity, kind: 'capture', idempotencyKey, amount, paymentIntentId };
    }
    case 'PaymentVoidRequested': {
      const { idempotencyKey, paymentIntentId } = event;
      return { ...identity, kind: 'void', idempotencyKey, paymentIntentId };
    }
    case 'PaymentRefundRequested': {
      if (!('hold' in payment)) return undefined;
      const { idempotencyKey, amount, refundId, reason, correctedCdrId } = event;
      const { paymentIntentId } = payment.hold;
      return {
        ...identity,
        kind: 'refund',
        idempotencyKey,
        amount,
        paymentIntentId,
        refundId,
        reason,
        ...(correctedCdrId === undefined ? {} : { correctedCdrId }),
      };
    }
    default:
      return undefined;
  }
};

/** A rule: the command that records an answer; none while there is nothing to record. */
export const commandOf = (
  answer: ProcessorAnswer,
  chargePointId: string,
): PaymentCommand | undefined => {
  switch (answer.kind) {
    case 'held': {
      const { kind: _, at: _at, ...facts } = answer;
      return { type: 'RecordPreauthorization', ...facts };
    }
    case 'declined': {
      const { kind: _, at: _at, ...facts } = answer;
      return { type: 'RecordDecline', chargePointId, ...facts };
    }
    case 'captured': {
      const { kind: _, at: _at, ...facts } = answer;
      return { type: 'RecordCapture', ...facts };
    }
    case 'capture-failed': {
      const { failureCode, detail } = answer;
      return { type: 'RecordCaptureFailure', failureCode, detail };
    }
    case 'voided':
      return { type: 'RecordVoid' };
    case 'refunded': {
      const { kind: _, at: _at, ...facts } = answer;
      return { type: 'RecordRefund', ...facts };
    }
    case 'refund-failed': {
      const { kind: _, ...facts } = answer;
      return { type: 'RecordRefundFailure', ...facts };
    }
    case 'pending':
    case 'nothing':
      return undefined;
    default:
      return unreachable(answer);
  }
};
