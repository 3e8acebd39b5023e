import type { PaymentEvent } from '@tallywatt/contracts';
import { money } from '@tallywatt/money';
import { specification } from '@tallywatt/testing';
import { paymentDecider } from '../domain/payment';
import type { PaymentCommand } from '../domain/payment-command';

// The words that the specs of a payment and of its refunds have between them.

/** The decider of payments, after these events. */
export const given = (...history: PaymentEvent[]) =>
  specification(paymentDecider).given(...history);
export const eur = (amountMinor: bigint) => money(amountMinor, 'EUR');
/** The one payment that the specs of the decider are about. */
export const identity = { cpoId: 'default', paymentId: 'pay-1', sessionId: 'session-1' };
export const paymentIntentId = 'pi_1';
export const chargeId = 'ch_1';
export const cdrId = 'cdr-1';
export const preauthorizationRequested = (attempt = 1): PaymentEvent => ({
  type: 'PaymentPreauthorizationRequested',
  ...identity,
  amount: eur(5000n),
  paymentMethodId: 'pm_card_visa',
  attempt,
  idempotencyKey: `tallywatt/pay-1/preauthorize/${attempt}`,
});
export const preauthorized: PaymentEvent = {
  type: 'PaymentPreauthorized',
  ...identity,
  amount: eur(5000n),
  paymentIntentId,
  chargeId,
  captureBefore: '2026-11-28T10:00:00.000Z',
};
export const captureRequested = (amountMinor: bigint, attempt = 1): PaymentEvent => ({
  type: 'PaymentCaptureRequested',
  ...identity,
  cdrId,
  amount: eur(amountMinor),
  paymentIntentId,
  attempt,
  idempotencyKey: `tallywatt/pay-1/capture/${attempt}`,
});
export const recordCapture = (amountMinor: bigint): PaymentCommand => ({
  type: 'RecordCapture',
  amount: eur(amountMinor),
  chargeId,
  balanceTransactionId: 'txn_1',
});
export const captured = (amountMinor: bigint): PaymentEvent => ({
  type: 'PaymentCaptured',
  ...identity,
  cdrId,
  amount: eur(amountMinor),
  paymentIntentId,
  chargeId,
  balanceTransactionId: 'txn_1',
});
export const recordCaptureFailure: PaymentCommand = {
  type: 'RecordCaptureFailure',
  failureCode: 'payment_intent_unexpected_state',
  detail: 'the hold is gone',
};
export const requestRefund = (refundId: string, amountMinor?: bigint): PaymentCommand => ({
  type: 'RequestRefund',
  refundId,
  ...(amountMinor === undefined ? {} : { amountMinor }),
  reason: 'goodwill',
  requestedBy: 'operator-1',
});
export const held = [preauthorizationRequested(), preauthorized];
export const capturing = [...held, captureRequested(1230n)];
