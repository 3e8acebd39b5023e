import type { PaymentEvent } from '@tallywatt/contracts';
import {
  captured,
  captureRequested,
  capturing,
  cdrId,
  chargeId,
  eur,
  given,
  held,
  identity,
  paymentIntentId,
  preauthorizationRequested,
  preauthorized,
  recordCapture,
  recordCaptureFailure,
  requestRefund,
} from '../testing/payment-words';
import { idempotencyKeyOf } from './payment';
import type { PaymentCommand } from './payment-command';

const chargePointId = 'CP-1';

const preauthorize: PaymentCommand = {
  type: 'PreauthorizePayment',
  ...identity,
  amount: eur(5000n),
  paymentMethodId: 'pm_card_visa',
};
const recordHold: PaymentCommand = {
  type: 'RecordPreauthorization',
  amount: eur(5000n),
  paymentIntentId,
  chargeId,
  captureBefore: '2026-11-28T10:00:00.000Z',
};
const recordDecline: PaymentCommand = {
  type: 'RecordDecline',
  declineCode: 'insufficient_funds',
  detail: 'Your card has insufficient funds.',
  chargePointId,
};
const declined: PaymentEvent = {
  type: 'PaymentPreauthorizationDeclined',
  ...identity,
  amount: eur(5000n),
  declineCode: 'insufficient_funds',
  detail: 'Your card has insufficient funds.',
  chargePointId,
};
const settle = (totalMinor: bigint): PaymentCommand => ({
  type: 'SettleSession',
  ...identity,
  cdrId,
  total: eur(totalMinor),
  replacedCdrIds: [],
});
const receivable = (
  amountMinor: bigint,
  reason: Extract<PaymentEvent, { type: 'ReceivableOpened' }>['reason'],
): PaymentEvent => ({
  type: 'ReceivableOpened',
  ...identity,
  cdrId,
  amount: eur(amountMinor),
  reason,
});
const captureFailed = (amountMinor: bigint): PaymentEvent => ({
  type: 'PaymentCaptureFailed',
  ...identity,
  cdrId,
  amount: eur(amountMinor),
  paymentIntentId,
  failureCode: 'payment_intent_unexpected_state',
  detail: 'the hold is gone',
});
const voidRequested = (reason: string, attempt = 1): PaymentEvent => ({
  type: 'PaymentVoidRequested',
  ...identity,
  paymentIntentId,
  reason,
  idempotencyKey: `tallywatt/pay-1/void/${attempt}`,
});
const voided = (reason: string): PaymentEvent => ({
  type: 'PaymentVoided',
  ...identity,
  paymentIntentId,
  reason,
});
const recordVoid: PaymentCommand = { type: 'RecordVoid' };
const release: PaymentCommand = { type: 'ReleaseHold', reason: 'cdr-withheld' };
describe('no payment yet', () => {
  it('asks for a hold', () => given().when(preauthorize).then(preauthorizationRequested()));
  it('opens a receivable for a session without payment route', () =>
    given().when(settle(1230n)).then(receivable(1230n, 'no-payment-route')));
  it('wants nothing for nothing', () => given().when(settle(0n)).thenIgnored('nothing-due'));
  it('shrugs at answers nobody asked for', () => {
    given().when(recordHold).thenIgnored('hold-not-requested');
    given().when(recordDecline).thenIgnored('hold-not-requested');
    given().when(recordVoid).thenIgnored('no-hold');
    given().when(recordCapture(1n)).thenIgnored('capture-not-requested');
  });
  it('refunds nothing', () => given().when(requestRefund('r1')).thenRefused('nothing-captured'));
});

describe('a hold that is asked for', () => {
  const pending = [preauthorizationRequested()];
  it('is held', () =>
    given(...pending)
      .when(recordHold)
      .then(preauthorized));
  it('is declined', () =>
    given(...pending)
      .when(recordDecline)
      .then(declined));
  it('is asked for once', () =>
    given(...pending)
      .when(preauthorize)
      .thenIgnored('already-preauthorized'));
  it('lets the price wait for the answer', () =>
    given(...pending)
      .when(settle(1230n))
      .thenIgnored('hold-not-answered-yet'));
  it('lets a withheld CDR wait for the answer', () =>
    given(...pending)
      .when(release)
      .thenIgnored('hold-not-answered-yet'));
  it('is asked for anew under a new key when the processor knows nothing of it', () =>
    given(...pending)
      .when({ type: 'RepeatCall', idempotencyKey: idempotencyKeyOf('pay-1', 'preauthorize', 1) })
      .then(preauthorizationRequested(2)));
  it('is not asked for anew twice', () =>
    given(...pending, preauthorizationRequested(2))
      .when({ type: 'RepeatCall', idempotencyKey: idempotencyKeyOf('pay-1', 'preauthorize', 1) })
      .thenIgnored('call-not-open'));
});

describe('a hold', () => {
  it('is recorded once', () =>
    given(...held)
      .when(recordHold)
      .thenIgnored('hold-already-recorded'));
  it('does not become a decline', () =>
    given(...held)
      .when(recordDecline)
      .thenIgnored('hold-already-recorded'));
  it('is captured in part when the price is below it', () =>
    given(...held)
      .when(settle(1230n))
      .then(captureRequested(1230n)));
  it('is captured whole when the price is just it', () =>
    given(...held)
      .when(settle(5000n))
      .then(captureRequested(5000n)));
  it('is captured whole when the price is above it, and the rest is owed', () =>
    given(...held)
      .when(settle(5001n))
      .then(captureRequested(5000n), receivable(1n, 'price-above-hold')));
  it('is let go when nothing is due', () =>
    given(...held)
      .when(settle(0n))
      .then(voidRequested('nothing-due')));
  it('is let go when there will be no price', () =>
    given(...held)
      .when(release)
      .then(voidRequested('cdr-withheld')));
  it('can expire on its own', () =>
    given(...held)
      .when(recordVoid)
      .then(voided('hold-expired')));
  it('is not captured by anybody else', () =>
    given(...held)
      .when(recordCapture(1230n))
      .thenIgnored('capture-not-requested'));
});

describe('a declined hold', () => {
  const refused = [preauthorizationRequested(), declined];
  it('leaves the price to be owed', () =>
    given(...refused)
      .when(settle(210n))
      .then(receivable(210n, 'preauthorization-declined')));
  it('leaves nothing to be owed when nothing is due', () =>
    given(...refused)
      .when(settle(0n))
      .thenIgnored('nothing-due'));
  it('is settled once', () =>
    given(...refused, receivable(210n, 'preauthorization-declined'))
      .when(settle(210n))
      .thenIgnored('already-settled'));
  it('is declined once', () =>
    given(...refused)
      .when(recordDecline)
      .thenIgnored('hold-already-recorded'));
  it('has nothing to let go', () =>
    given(...refused)
      .when(release)
      .thenIgnored('no-hold'));
  it('is not asked for again by a resent session start', () =>
    given(...refused)
      .when(preauthorize)
      .thenIgnored('already-preauthorized'));
});

describe('a capture that is asked for', () => {
  it('is captured', () =>
    given(...capturing)
      .when(recordCapture(1230n))
      .then(captured(1230n)));
  it('is asked for once', () =>
    given(...capturing)
      .when(settle(1230n))
      .thenIgnored('already-settled'));
  it('fails: the amount is owed, and what is still held is let go', () =>
    given(...capturing)
      .when(recordCaptureFailure)
      .then(
        captureFailed(1230n),
        receivable(1230n, 'capture-failed'),
        voidRequested('capture-failed'),
      ));
  it('fails above the hold, and both parts are owed', () =>
    given(...held, captureRequested(5000n), receivable(1n, 'price-above-hold'))
      .when(recordCaptureFailure)
      .then(
        captureFailed(5000n),
        receivable(5000n, 'capture-failed'),
        voidRequested('capture-failed'),
      ));
  it('says what is still owed when less was captured', () =>
    given(...capturing)
      .when(recordCapture(1000n))
      .then(captured(1000n), receivable(230n, 'capture-failed')));
  it('is not answered by a cancellation seen elsewhere', () =>
    given(...capturing)
      .when(recordVoid)
      .thenIgnored('no-hold'));
  it('is asked for anew under a new key', () =>
    given(...capturing)
      .when({ type: 'RepeatCall', idempotencyKey: 'tallywatt/pay-1/capture/1' })
      .then(captureRequested(1230n, 2)));
});

describe('a failed capture', () => {
  const failed = [...capturing, captureFailed(1230n), receivable(1230n, 'capture-failed')];
  it('is settled', () =>
    given(...failed)
      .when(settle(1230n))
      .thenIgnored('already-settled'));
  it('has nothing to refund', () =>
    given(...failed)
      .when(requestRefund('r1'))
      .thenRefused('nothing-captured'));
  it('fails once', () =>
    given(...failed)
      .when(recordCaptureFailure)
      .thenIgnored('capture-not-requested'));
});

describe('a hold that is being let go', () => {
  const voiding = [...held, voidRequested('nothing-due')];
  it('is let go', () =>
    given(...voiding)
      .when(recordVoid)
      .then(voided('nothing-due')));
  it('is asked for once', () =>
    given(...voiding)
      .when(settle(0n))
      .thenIgnored('nothing-due'));
  it('is asked for anew under a new key', () =>
    given(...voiding)
      .when({ type: 'RepeatCall', idempotencyKey: 'tallywatt/pay-1/void/1' })
      .then(voidRequested('nothing-due', 2)));
});

describe('a hold that was let go', () => {
  const gone = [...held, voidRequested('cdr-withheld'), voided('cdr-withheld')];
  it('is let go once', () =>
    given(...gone)
      .when(recordVoid)
      .thenIgnored('void-already-recorded'));
  it('leaves a later price to be owed', () =>
    given(...gone)
      .when(settle(700n))
      .then(receivable(700n, 'capture-failed')));
  it('leaves nothing to be owed when nothing is due', () =>
    given(...gone)
      .when(settle(0n))
      .thenIgnored('nothing-due'));
});

describe('a session without payment route', () => {
  const owed = [receivable(1230n, 'no-payment-route')];
  it('is settled once', () =>
    given(...owed)
      .when(settle(1230n))
      .thenIgnored('already-settled'));
  it('asks for no hold afterwards', () =>
    given(...owed)
      .when(preauthorize)
      .thenIgnored('already-preauthorized'));
});
