import type { Money } from '@tallywatt/money';
import type { PaymentIdentity } from './payment-state';

export type PreauthorizePayment = PaymentIdentity &
  Readonly<{ type: 'PreauthorizePayment'; amount: Money; paymentMethodId: string }>;

export type SettleSession = PaymentIdentity &
  Readonly<{
    type: 'SettleSession';
    cdrId: string;
    total: Money;
    /**
     * The credited CDRs in whose place it stands, the first one first; by the last of them the
     * payment may be settled already. Empty for the first CDR of a session.
     */
    replacedCdrIds: readonly string[];
  }>;

/** What can be asked of a payment; `Record...` commands carry an answer of the processor. */
export type PaymentCommand =
  | PreauthorizePayment
  | SettleSession
  | Readonly<{ type: 'ReleaseHold'; reason: string }>
  | Readonly<{
      type: 'RecordPreauthorization';
      amount: Money;
      paymentIntentId: string;
      chargeId: string;
      captureBefore?: string;
    }>
  | Readonly<{
      type: 'RecordDecline';
      declineCode: string;
      detail: string;
      chargePointId: string;
      paymentIntentId?: string;
    }>
  | Readonly<{
      type: 'RecordCapture';
      amount: Money;
      chargeId: string;
      balanceTransactionId?: string;
    }>
  | Readonly<{ type: 'RecordCaptureFailure'; failureCode: string; detail: string }>
  | Readonly<{ type: 'RecordVoid' }>
  | Readonly<{
      type: 'RequestRefund';
      refundId: string;
      /** Left out: everything that is left. */
      amountMinor?: bigint;
      reason: string;
      requestedBy: string;
    }>
  | Readonly<{
      type: 'RecordRefund';
      refundId: string;
      amount: Money;
      processorRefundId: string;
      balanceTransactionId?: string;
    }>
  | Readonly<{
      type: 'RecordRefundFailure';
      refundId: string;
      failureCode: string;
      detail: string;
    }>
  /** The processor was asked and knows nothing of the call with this key: ask anew. */
  | Readonly<{ type: 'RepeatCall'; idempotencyKey: string }>;

/** Why a command changes nothing, or cannot apply. */
export type PaymentReason =
  | 'already-preauthorized'
  | 'already-settled'
  | 'call-not-open'
  | 'capture-already-recorded'
  | 'capture-not-answered-yet'
  | 'capture-not-requested'
  | 'hold-already-recorded'
  | 'hold-not-answered-yet'
  | 'hold-not-requested'
  | 'more-than-captured'
  | 'no-hold'
  | 'nothing-captured'
  | 'nothing-due'
  | 'nothing-left-to-refund'
  | 'refund-already-recorded'
  | 'refund-already-requested'
  | 'refund-differs'
  | 'refund-not-positive'
  | 'void-already-recorded';
