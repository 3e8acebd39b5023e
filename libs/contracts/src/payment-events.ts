import type {
  PaymentCaptureFailed as PaymentCaptureFailedMessage,
  PaymentCaptureRequested as PaymentCaptureRequestedMessage,
  PaymentCaptured as PaymentCapturedMessage,
  PaymentPreauthorizationDeclined as PaymentPreauthorizationDeclinedMessage,
  PaymentPreauthorizationRequested as PaymentPreauthorizationRequestedMessage,
  PaymentPreauthorized as PaymentPreauthorizedMessage,
  PaymentRefundFailed as PaymentRefundFailedMessage,
  PaymentRefundRequested as PaymentRefundRequestedMessage,
  PaymentRefunded as PaymentRefundedMessage,
  PaymentVoidRequested as PaymentVoidRequestedMessage,
  PaymentVoided as PaymentVoidedMessage,
  ReceivableOpened as ReceivableOpenedMessage,
  ReceivableReduced as ReceivableReducedMessage,
} from './gen/tallywatt/payment/v1/payment_events_pb';
import {
  PaymentCaptureFailedSchema,
  PaymentCaptureRequestedSchema,
  PaymentCapturedSchema,
  PaymentPreauthorizationDeclinedSchema,
  PaymentPreauthorizationRequestedSchema,
  PaymentPreauthorizedSchema,
  PaymentRefundFailedSchema,
  PaymentRefundRequestedSchema,
  PaymentRefundedSchema,
  PaymentVoidRequestedSchema,
  PaymentVoidedSchema,
  ReceivableOpenedSchema,
  ReceivableReducedSchema,
} from './gen/tallywatt/payment/v1/payment_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

/** Why a driver's debt is covered by no hold. */
export const receivableReasonValues = [
  'preauthorization-declined',
  'price-above-hold',
  'no-payment-route',
  'capture-failed',
  'price-corrected',
] as const;
export type ReceivableReason = (typeof receivableReasonValues)[number];

export type PaymentPreauthorizationRequested = EventOf<
  'PaymentPreauthorizationRequested',
  PaymentPreauthorizationRequestedMessage
>;
export type PaymentPreauthorized = EventOf<'PaymentPreauthorized', PaymentPreauthorizedMessage>;
export type PaymentPreauthorizationDeclined = EventOf<
  'PaymentPreauthorizationDeclined',
  PaymentPreauthorizationDeclinedMessage
>;
export type PaymentCaptureRequested = EventOf<
  'PaymentCaptureRequested',
  PaymentCaptureRequestedMessage
>;
export type PaymentCaptured = EventOf<'PaymentCaptured', PaymentCapturedMessage>;
export type PaymentCaptureFailed = EventOf<'PaymentCaptureFailed', PaymentCaptureFailedMessage>;
export type PaymentVoidRequested = EventOf<'PaymentVoidRequested', PaymentVoidRequestedMessage>;
export type PaymentVoided = EventOf<'PaymentVoided', PaymentVoidedMessage>;
export type PaymentRefundRequested = EventOf<
  'PaymentRefundRequested',
  PaymentRefundRequestedMessage
>;
export type PaymentRefunded = EventOf<'PaymentRefunded', PaymentRefundedMessage>;
export type PaymentRefundFailed = EventOf<'PaymentRefundFailed', PaymentRefundFailedMessage>;
export type ReceivableOpened = EventOf<
  'ReceivableOpened',
  ReceivableOpenedMessage,
  { readonly reason: ReceivableReason }
>;
export type ReceivableReduced = EventOf<'ReceivableReduced', ReceivableReducedMessage>;

/** Events of `payments.payments.v1`: what was asked of the processor and what it answered. */
export type PaymentEvent =
  | PaymentPreauthorizationRequested
  | PaymentPreauthorized
  | PaymentPreauthorizationDeclined
  | PaymentCaptureRequested
  | PaymentCaptured
  | PaymentCaptureFailed
  | PaymentVoidRequested
  | PaymentVoided
  | PaymentRefundRequested
  | PaymentRefunded
  | PaymentRefundFailed
  | ReceivableOpened
  | ReceivableReduced;

export const paymentContracts = {
  PaymentPreauthorizationRequested: contractOf(
    'payments.payments.v1',
    PaymentPreauthorizationRequestedSchema,
  ),
  PaymentPreauthorized: contractOf('payments.payments.v1', PaymentPreauthorizedSchema),
  PaymentPreauthorizationDeclined: contractOf(
    'payments.payments.v1',
    PaymentPreauthorizationDeclinedSchema,
  ),
  PaymentCaptureRequested: contractOf('payments.payments.v1', PaymentCaptureRequestedSchema),
  PaymentCaptured: contractOf('payments.payments.v1', PaymentCapturedSchema),
  PaymentCaptureFailed: contractOf('payments.payments.v1', PaymentCaptureFailedSchema),
  PaymentVoidRequested: contractOf('payments.payments.v1', PaymentVoidRequestedSchema),
  PaymentVoided: contractOf('payments.payments.v1', PaymentVoidedSchema),
  PaymentRefundRequested: contractOf('payments.payments.v1', PaymentRefundRequestedSchema),
  PaymentRefunded: contractOf('payments.payments.v1', PaymentRefundedSchema),
  PaymentRefundFailed: contractOf('payments.payments.v1', PaymentRefundFailedSchema),
  ReceivableOpened: contractOf('payments.payments.v1', ReceivableOpenedSchema, {
    reason: receivableReasonValues,
  }),
  ReceivableReduced: contractOf('payments.payments.v1', ReceivableReducedSchema),
} as const;
