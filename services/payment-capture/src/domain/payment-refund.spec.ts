import type { PaymentEvent } from '@tallywatt/contracts';
import {
  captured,
  capturing,
  eur,
  given,
  identity,
  recordCapture,
  recordCaptureFailure,
  requestRefund,
} from '../testing/payment-words';
import type { PaymentCommand } from './payment-command';

const refundRequested = (refundId: string, amountMinor: bigint, attempt = 1): PaymentEvent => ({
  type: 'PaymentRefundRequested',
  ...identity,
  refundId,
  amount: eur(amountMinor),
  reason: 'goodwill',
  requestedBy: 'operator-1',
  idempotencyKey: `tallywatt/pay-1/refund/${refundId}/${attempt}`,
});
const recordRefund = (refundId: string, amountMinor: bigint): PaymentCommand => ({
  type: 'RecordRefund',
  refundId,
  amount: eur(amountMinor),
  processorRefundId: `re_${refundId}`,
});
const refunded = (refundId: string, amountMinor: bigint): PaymentEvent => ({
  type: 'PaymentRefunded',
  ...identity,
  refundId,
  amount: eur(amountMinor),
  processorRefundId: `re_${refundId}`,
});
const recordRefundFailure = (refundId: string): PaymentCommand => ({
  type: 'RecordRefundFailure',
  refundId,
  failureCode: 'charge_disputed',
  detail: 'charged back',
});
const refundFailed = (refundId: string, amountMinor: bigint): PaymentEvent => ({
  type: 'PaymentRefundFailed',
  ...identity,
  refundId,
  amount: eur(amountMinor),
  failureCode: 'charge_disputed',
  detail: 'charged back',
});

const paid = [...capturing, captured(1230n)];

describe('a captured payment', () => {
  it('is captured once', () =>
    given(...paid)
      .when(recordCapture(1230n))
      .thenIgnored('capture-already-recorded'));
  it('does not fail afterwards', () =>
    given(...paid)
      .when(recordCaptureFailure)
      .thenIgnored('capture-not-requested'));
  it('is refunded whole', () =>
    given(...paid)
      .when(requestRefund('r1'))
      .then(refundRequested('r1', 1230n)));
  it('is refunded in part', () =>
    given(...paid)
      .when(requestRefund('r1', 230n))
      .then(refundRequested('r1', 230n)));
  it('gives back what is left after a first refund', () =>
    given(...paid, refundRequested('r1', 230n), refunded('r1', 230n))
      .when(requestRefund('r2'))
      .then(refundRequested('r2', 1000n)));
  it('does not give back more than was captured', () =>
    given(...paid)
      .when(requestRefund('r1', 1231n))
      .thenRefused('more-than-captured'));
  it('counts a refund that is only asked for', () =>
    given(...paid, refundRequested('r1', 1000n))
      .when(requestRefund('r2', 231n))
      .thenRefused('more-than-captured'));
  it('has nothing left after a full refund', () =>
    given(...paid, refundRequested('r1', 1230n), refunded('r1', 1230n))
      .when(requestRefund('r2'))
      .thenRefused('more-than-captured'));
  it('gives nothing back for nothing', () =>
    given(...paid)
      .when(requestRefund('r1', 0n))
      .thenRefused('refund-not-positive'));
  it('takes the same refund once', () => {
    const asked = [...paid, refundRequested('r1', 230n)];
    given(...asked)
      .when(requestRefund('r1', 230n))
      .thenIgnored('refund-already-requested');
    given(...asked)
      .when(requestRefund('r1'))
      .thenIgnored('refund-already-requested');
  });
  it('refuses another amount under the same refund', () =>
    given(...paid, refundRequested('r1', 230n))
      .when(requestRefund('r1', 231n))
      .thenRefused('refund-differs'));
});

describe('a refund that is asked for', () => {
  const asked = [...paid, refundRequested('r1', 230n)];
  it('is refunded', () =>
    given(...asked)
      .when(recordRefund('r1', 230n))
      .then(refunded('r1', 230n)));
  it('is refunded once', () =>
    given(...asked, refunded('r1', 230n))
      .when(recordRefund('r1', 230n))
      .thenIgnored('refund-already-recorded'));
  it('fails, and the amount can be refunded again', () => {
    given(...asked)
      .when(recordRefundFailure('r1'))
      .then(refundFailed('r1', 230n));
    given(...asked, refundFailed('r1', 230n))
      .when(requestRefund('r2'))
      .then(refundRequested('r2', 1230n));
  });
  it('can bounce after it was done', () =>
    given(...asked, refunded('r1', 230n))
      .when(recordRefundFailure('r1'))
      .then(refundFailed('r1', 230n)));
  it('is asked for anew under a new key', () =>
    given(...asked)
      .when({ type: 'RepeatCall', idempotencyKey: 'tallywatt/pay-1/refund/r1/1' })
      .then(refundRequested('r1', 230n, 2)));
  it('can be made at the processor without us', () =>
    given(...paid)
      .when(recordRefund('elsewhere', 30n))
      .then(refunded('elsewhere', 30n)));
});
