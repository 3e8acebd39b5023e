import type { PaymentEvent, ReceivableReason } from '@tallywatt/contracts';
import {
  accept,
  ignore,
  refuse,
  unreachable,
  type Decider,
  type Decision,
} from '@tallywatt/decider';
import { compareMoney, equalMoney, isZero, subtract, type Money } from '@tallywatt/money';
import type {
  PaymentCommand,
  PaymentReason,
  PreauthorizePayment,
  SettleSession,
} from './payment-command';
import { isReadAgain, isSettled, settleCorrection, standingAt } from './payment-correction';
import {
  evolve,
  refundableMinor,
  type OpenedPayment,
  type Payment,
  type PaymentIdentity,
} from './payment-state';

type Ask = 'preauthorize' | 'capture' | 'void' | 'refund';

/** The processor takes one key as one attempt, so the key says payment, kind and attempt. */
export const idempotencyKeyOf = (paymentId: string, kind: Ask, attempt: number, of = ''): string =>
  ['tallywatt', paymentId, kind, ...(of === '' ? [] : [of]), attempt].join('/');

type PaymentDecision = Decision<PaymentEvent, PaymentReason>;

const identityOf = ({ cpoId, paymentId, sessionId }: PaymentIdentity): PaymentIdentity => ({
  cpoId,
  paymentId,
  sessionId,
});

const receivableOpened = (
  identity: PaymentIdentity,
  cdrId: string,
  amount: Money,
  reason: ReceivableReason,
) => ({ type: 'ReceivableOpened', ...identityOf(identity), cdrId, amount, reason }) as const;

const captureRequested = (
  payment: Extract<Payment, { status: 'held' | 'capturing' }>,
  cdrId: string,
  amount: Money,
  attempt: number,
) =>
  ({
    type: 'PaymentCaptureRequested',
    ...identityOf(payment),
    cdrId,
    amount,
    paymentIntentId: payment.hold.paymentIntentId,
    attempt,
    idempotencyKey: idempotencyKeyOf(payment.paymentId, 'capture', attempt),
  }) as const;

const voidRequested = (
  payment: Extract<Payment, { status: 'held' | 'capturing' | 'voiding' }>,
  reason: string,
  attempt: number,
) =>
  ({
    type: 'PaymentVoidRequested',
    ...identityOf(payment),
    paymentIntentId: payment.hold.paymentIntentId,
    reason,
    idempotencyKey: idempotencyKeyOf(payment.paymentId, 'void', attempt),
  }) as const;

const preauthorizationRequested = (command: Omit<PreauthorizePayment, 'type'>, attempt: number) =>
  ({
    type: 'PaymentPreauthorizationRequested',
    ...identityOf(command),
    amount: command.amount,
    paymentMethodId: command.paymentMethodId,
    attempt,
    idempotencyKey: idempotencyKeyOf(command.paymentId, 'preauthorize', attempt),
  }) as const;

const refundRequested = (
  payment: Extract<Payment, { status: 'captured' }>,
  refund: Readonly<{
    refundId: string;
    amount: Money;
    reason: string;
    requestedBy: string;
    correctedCdrId?: string;
  }>,
  attempt: number,
) =>
  ({
    type: 'PaymentRefundRequested',
    ...identityOf(payment),
    refundId: refund.refundId,
    amount: refund.amount,
    reason: refund.reason,
    requestedBy: refund.requestedBy,
    idempotencyKey: idempotencyKeyOf(payment.paymentId, 'refund', attempt, refund.refundId),
    ...(refund.correctedCdrId === undefined ? {} : { correctedCdrId: refund.correctedCdrId }),
  }) as const;

const nothingDue = (command: SettleSession, payment: OpenedPayment): PaymentDecision => {
  const standing = standingAt(command, payment);
  return standing.length === 0 ? ignore('nothing-due') : accept(...standing);
};

const settle = (command: SettleSession, payment: Payment): PaymentDecision => {
  const { cdrId, total } = command;
  if (isReadAgain(command, payment)) return ignore('already-settled');
  if (command.replacedCdrIds.length > 0 && isSettled(payment)) {
    return settleCorrection(command, payment, (captured, refund) =>
      refundRequested(captured, refund, 1),
    );
  }
  switch (payment.status) {
    case 'absent':
      return isZero(total)
        ? ignore('nothing-due')
        : accept(receivableOpened(command, cdrId, total, 'no-payment-route'));
    case 'preauthorizing':
      return ignore('hold-not-answered-yet');
    case 'held': {
      if (isZero(total)) {
        return accept(voidRequested(payment, 'nothing-due', 1), ...standingAt(command, payment));
      }
      const held = payment.hold.amount;
      if (compareMoney(total, held) <= 0) return accept(captureRequested(payment, cdrId, total, 1));
      const rest = subtract(total, held);
      return accept(
        captureRequested(payment, cdrId, held, 1),
        receivableOpened(payment, cdrId, rest, 'price-above-hold'),
      );
    }
    case 'declined':
      if (payment.receivables.length > 0) return ignore('already-settled');
      return isZero(total)
        ? nothingDue(command, payment)
        : accept(receivableOpened(payment, cdrId, total, 'preauthorization-declined'));
    case 'voiding':
    case 'voided':
      // A hold that is gone cannot be captured any more: the driver owes all of it.
      if (payment.receivables.length > 0) return ignore('already-settled');
      return isZero(total)
        ? nothingDue(command, payment)
        : accept(receivableOpened(payment, cdrId, total, 'capture-failed'));
    case 'capturing':
      return ignore(payment.cdrId === cdrId ? 'already-settled' : 'capture-not-answered-yet');
    case 'captured':
    case 'capture-failed':
    case 'unsecured':
      return ignore('already-settled');
    default:
      return unreachable(payment);
  }
};

const requestRefund = (
  command: Extract<PaymentCommand, { type: 'RequestRefund' }>,
  payment: Payment,
): PaymentDecision => {
  if (payment.status !== 'captured') return refuse('nothing-captured');
  const known = payment.refunds.find((refund) => refund.refundId === command.refundId);
  if (known !== undefined) {
    const same =
      command.amountMinor === undefined || command.amountMinor === known.amount.amountMinor;
    return same ? ignore('refund-already-requested') : refuse('refund-differs');
  }
  const leftMinor = refundableMinor(payment);
  const amountMinor = command.amountMinor ?? leftMinor;
  if (amountMinor > leftMinor || leftMinor === 0n) {
    return refuse('more-than-captured', `${leftMinor} minor units can still be refunded`);
  }
  if (amountMinor <= 0n) return refuse('refund-not-positive');
  const { refundId, reason, requestedBy } = command;
  const amount = { amountMinor, currency: payment.amount.currency };
  return accept(refundRequested(payment, { refundId, amount, reason, requestedBy }, 1));
};

const recordRefund = (
  command: Extract<PaymentCommand, { type: 'RecordRefund' }>,
  payment: Payment,
): PaymentDecision => {
  if (payment.status !== 'captured') return ignore('nothing-captured');
  const known = payment.refunds.find((refund) => refund.refundId === command.refundId);
  if (known?.status === 'refunded') return ignore('refund-already-recorded');
  const { type: _, ...answer } = command;
  return accept({ type: 'PaymentRefunded', ...identityOf(payment), ...answer });
};

const recordRefundFailure = (
  command: Extract<PaymentCommand, { type: 'RecordRefundFailure' }>,
  payment: Payment,
): PaymentDecision => {
  if (payment.status !== 'captured') return ignore('nothing-captured');
  const known = payment.refunds.find((refund) => refund.refundId === command.refundId);
  // A refund can still bounce after the processor called it done, so `refunded` is no bar.
  if (known === undefined || known.status === 'failed') return ignore('refund-already-recorded');
  const { type: _, ...answer } = command;
  return accept({
    type: 'PaymentRefundFailed',
    ...identityOf(payment),
    ...answer,
    amount: known.amount,
  });
};

const repeatCall = (key: string, payment: Payment): PaymentDecision => {
  switch (payment.status) {
    case 'preauthorizing':
      if (payment.idempotencyKey !== key) return ignore('call-not-open');
      return accept(preauthorizationRequested(payment, payment.attempt + 1));
    case 'capturing':
      if (payment.idempotencyKey !== key) return ignore('call-not-open');
      return accept(captureRequested(payment, payment.cdrId, payment.amount, payment.attempt + 1));
    case 'voiding':
      if (payment.idempotencyKey !== key) return ignore('call-not-open');
      return accept(voidRequested(payment, payment.reason, payment.attempt + 1));
    case 'captured': {
      const refund = payment.refunds.find(
        ({ idempotencyKey, status }) => idempotencyKey === key && status === 'requested',
      );
      if (refund === undefined) return ignore('call-not-open');
      return accept(refundRequested(payment, refund, refund.attempt + 1));
    }
    default:
      return ignore('call-not-open');
  }
};

const recordVoid = (payment: OpenedPayment): PaymentDecision => {
  switch (payment.status) {
    case 'voided':
      return ignore('void-already-recorded');
    case 'held':
    case 'voiding':
      return accept({
        type: 'PaymentVoided',
        ...identityOf(payment),
        paymentIntentId: payment.hold.paymentIntentId,
        // Nobody asked: the issuer let the hold go.
        reason: payment.status === 'voiding' ? payment.reason : 'hold-expired',
      });
    default:
      return ignore('no-hold');
  }
};

const releaseHold = (reason: string, payment: Payment): PaymentDecision => {
  if (payment.status === 'preauthorizing') return ignore('hold-not-answered-yet');
  return payment.status === 'held' ? accept(voidRequested(payment, reason, 1)) : ignore('no-hold');
};

const recordCapture = (
  command: Extract<PaymentCommand, { type: 'RecordCapture' }>,
  payment: Payment,
): PaymentDecision => {
  if (payment.status === 'captured') return ignore('capture-already-recorded');
  if (payment.status !== 'capturing') return ignore('capture-not-requested');
  const { type: _, ...answer } = command;
  const captured = {
    type: 'PaymentCaptured',
    ...identityOf(payment),
    cdrId: payment.cdrId,
    paymentIntentId: payment.hold.paymentIntentId,
    ...answer,
  } as const;
  if (equalMoney(answer.amount, payment.amount)) return accept(captured);
  // Whatever was captured is a fact; what it lacks is still owed.
  const rest = subtract(payment.amount, answer.amount);
  return rest.amountMinor > 0n
    ? accept(captured, receivableOpened(payment, payment.cdrId, rest, 'capture-failed'))
    : accept(captured);
};

/** What a command does to a payment. Never throws for a business reason. */
export const decide = (command: PaymentCommand, payment: Payment): PaymentDecision => {
  switch (command.type) {
    case 'PreauthorizePayment':
      return payment.status === 'absent'
        ? accept(preauthorizationRequested(command, 1))
        : ignore('already-preauthorized');
    case 'SettleSession':
      return settle(command, payment);
    case 'ReleaseHold':
      return releaseHold(command.reason, payment);
    case 'RecordPreauthorization': {
      if (payment.status === 'absent') return ignore('hold-not-requested');
      if (payment.status !== 'preauthorizing') return ignore('hold-already-recorded');
      const { type: _, ...answer } = command;
      return accept({ type: 'PaymentPreauthorized', ...identityOf(payment), ...answer });
    }
    case 'RecordDecline': {
      if (payment.status === 'absent') return ignore('hold-not-requested');
      if (payment.status !== 'preauthorizing') return ignore('hold-already-recorded');
      const { type: _, ...answer } = command;
      return accept({
        type: 'PaymentPreauthorizationDeclined',
        ...identityOf(payment),
        amount: payment.amount,
        ...answer,
      });
    }
    case 'RecordCapture':
      return recordCapture(command, payment);
    case 'RecordCaptureFailure': {
      if (payment.status !== 'capturing') return ignore('capture-not-requested');
      const { type: _, ...answer } = command;
      const { cdrId, amount, hold } = payment;
      return accept(
        {
          type: 'PaymentCaptureFailed',
          ...identityOf(payment),
          cdrId,
          amount,
          paymentIntentId: hold.paymentIntentId,
          ...answer,
        },
        receivableOpened(payment, cdrId, amount, 'capture-failed'),
        // A refused capture leaves the hold standing, and the driver without that money for days.
        voidRequested(payment, 'capture-failed', 1),
      );
    }
    case 'RecordVoid':
      return payment.status === 'absent' ? ignore('no-hold') : recordVoid(payment);
    case 'RequestRefund':
      return requestRefund(command, payment);
    case 'RecordRefund':
      return recordRefund(command, payment);
    case 'RecordRefundFailure':
      return recordRefundFailure(command, payment);
    case 'RepeatCall':
      return repeatCall(command.idempotencyKey, payment);
    default:
      return unreachable(command);
  }
};

/** One stream per payment. */
export const paymentDecider: Decider<PaymentCommand, Payment, PaymentEvent, PaymentReason> = {
  initial: { status: 'absent' },
  decide,
  evolve,
};
