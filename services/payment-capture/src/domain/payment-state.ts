import type { PaymentEvent, ReceivableReason } from '@tallywatt/contracts';
import { unreachable } from '@tallywatt/decider';
import type { Money } from '@tallywatt/money';

/** Which payment, of which session, of which CPO. */
export type PaymentIdentity = Readonly<{ cpoId: string; paymentId: string; sessionId: string }>;

/** What a driver owes that no capture covers. */
export type Receivable = Readonly<{ cdrId: string; amount: Money; reason: ReceivableReason }>;

/** One refund, from its request to what became of it. */
export type Refund = Readonly<{
  refundId: string;
  amount: Money;
  reason: string;
  requestedBy: string;
  status: 'requested' | 'refunded' | 'failed';
  attempt: number;
  idempotencyKey: string;
  /** The CDR whose lower total gives the money back; left out for refunds that people ask for. */
  correctedCdrId?: string;
}>;

/** Where the held money is at the processor. */
export type Hold = Readonly<{ amount: Money; paymentIntentId: string; chargeId: string }>;

/** What a CDR has led to in its payment: each at most once, as the books and the bills count it. */
export type Consequence = Readonly<{
  cdrId: string;
  kind: 'capture' | 'refund' | 'reduction' | ReceivableReason;
}>;

type Opened = PaymentIdentity &
  Readonly<{ receivables: readonly Receivable[]; consequences: readonly Consequence[] }>;

type Asked = Readonly<{ attempt: number; idempotencyKey: string }>;

type Priced = Readonly<{ cdrId: string; amount: Money }>;

/**
 * One payment of one session. `preauthorizing`, `capturing` and `voiding` mean: asked of the
 * processor and not answered yet, which is never taken for an answer.
 */
export type Payment =
  | Readonly<{ status: 'absent' }>
  | (Opened &
      Asked &
      Readonly<{ status: 'preauthorizing'; amount: Money; paymentMethodId: string }>)
  | (Opened & Readonly<{ status: 'held'; hold: Hold }>)
  | (Opened & Readonly<{ status: 'declined'; amount: Money; declineCode: string }>)
  | (Opened & Asked & Priced & Readonly<{ status: 'capturing'; hold: Hold }>)
  | (Opened & Priced & Readonly<{ status: 'captured'; hold: Hold; refunds: readonly Refund[] }>)
  | (Opened & Priced & Readonly<{ status: 'capture-failed'; hold: Hold; failureCode: string }>)
  | (Opened & Asked & Readonly<{ status: 'voiding'; hold: Hold; reason: string }>)
  | (Opened & Readonly<{ status: 'voided'; hold: Hold; reason: string }>)
  | (Opened & Readonly<{ status: 'unsecured' }>);

/** A payment that has at least one event. */
export type OpenedPayment = Exclude<Payment, { status: 'absent' }>;

/** An event that cannot follow what its own stream says so far. */
export class EventOutOfPlace extends Error {
  readonly code = 'event-out-of-place';

  constructor(event: PaymentEvent['type'], status: Payment['status']) {
    super(`${event} cannot follow while a payment is ${status}`);
    this.name = 'EventOutOfPlace';
  }
}

/** What of a captured amount has not been given back or promised back. */
export const refundableMinor = (payment: Extract<Payment, { status: 'captured' }>): bigint =>
  payment.refunds
    .filter((refund) => refund.status !== 'failed')
    .reduce((left, refund) => left - refund.amount.amountMinor, payment.amount.amountMinor);

/** What the driver still owes that no capture covers, in minor units. */
export const owedMinor = ({ receivables }: OpenedPayment): bigint =>
  receivables.reduce((sum, { amount }) => sum + amount.amountMinor, 0n);

/** The debts after some of them is no longer owed, the newest first. */
const reduced = (receivables: readonly Receivable[], byMinor: bigint): readonly Receivable[] => {
  let leftMinor = byMinor;
  return receivables
    .toReversed()
    .flatMap((receivable) => {
      const { amountMinor, currency } = receivable.amount;
      const takenMinor = leftMinor < amountMinor ? leftMinor : amountMinor;
      leftMinor -= takenMinor;
      const amount = { amountMinor: amountMinor - takenMinor, currency };
      return amount.amountMinor === 0n ? [] : [{ ...receivable, amount }];
    })
    .reverse();
};

const openedBy = (event: PaymentEvent, payment: Payment): Opened => ({
  cpoId: event.cpoId,
  paymentId: event.paymentId,
  sessionId: event.sessionId,
  receivables: payment.status === 'absent' ? [] : payment.receivables,
  consequences: [
    ...(payment.status === 'absent' ? [] : payment.consequences),
    ...consequenceOf(event),
  ],
});

const consequenceOf = (event: PaymentEvent): readonly Consequence[] => {
  switch (event.type) {
    case 'PaymentCaptureRequested':
      return event.attempt === 1 ? [{ cdrId: event.cdrId, kind: 'capture' }] : [];
    case 'ReceivableOpened':
      return [{ cdrId: event.cdrId, kind: event.reason }];
    case 'ReceivableReduced':
      return [{ cdrId: event.cdrId, kind: 'reduction' }];
    case 'PaymentRefundRequested':
      return event.correctedCdrId === undefined
        ? []
        : [{ cdrId: event.correctedCdrId, kind: 'refund' }];
    default:
      return [];
  }
};

const holdOf = (event: PaymentEvent, payment: Payment): Hold => {
  if ('hold' in payment) return payment.hold;
  throw new EventOutOfPlace(event.type, payment.status);
};

const refundsOf = (event: PaymentEvent, payment: Payment) => {
  if (payment.status === 'captured') return payment;
  throw new EventOutOfPlace(event.type, payment.status);
};

const withRefund = (
  event: PaymentEvent & { refundId: string },
  payment: Payment,
  change: (before: Refund | undefined) => Refund,
): Payment => {
  const captured = refundsOf(event, payment);
  const { consequences } = openedBy(event, payment);
  const before = captured.refunds.find((refund) => refund.refundId === event.refundId);
  const others = captured.refunds.filter((refund) => refund.refundId !== event.refundId);
  return { ...captured, consequences, refunds: [...others, change(before)] };
};

/** The payment after one more event of its stream. */
export const evolve = (payment: Payment, event: PaymentEvent): Payment => {
  const opened = openedBy(event, payment);
  switch (event.type) {
    case 'PaymentPreauthorizationRequested':
      return {
        ...opened,
        status: 'preauthorizing',
        amount: event.amount,
        paymentMethodId: event.paymentMethodId,
        attempt: event.attempt,
        idempotencyKey: event.idempotencyKey,
      };
    case 'PaymentPreauthorized': {
      const { amount, paymentIntentId, chargeId } = event;
      return { ...opened, status: 'held', hold: { amount, paymentIntentId, chargeId } };
    }
    case 'PaymentPreauthorizationDeclined':
      return {
        ...opened,
        status: 'declined',
        amount: event.amount,
        declineCode: event.declineCode,
      };
    case 'PaymentCaptureRequested':
      return {
        ...opened,
        status: 'capturing',
        hold: holdOf(event, payment),
        cdrId: event.cdrId,
        amount: event.amount,
        attempt: event.attempt,
        idempotencyKey: event.idempotencyKey,
      };
    case 'PaymentCaptured':
      return {
        ...opened,
        status: 'captured',
        hold: holdOf(event, payment),
        cdrId: event.cdrId,
        amount: event.amount,
        refunds: [],
      };
    case 'PaymentCaptureFailed':
      return {
        ...opened,
        status: 'capture-failed',
        hold: holdOf(event, payment),
        cdrId: event.cdrId,
        amount: event.amount,
        failureCode: event.failureCode,
      };
    case 'PaymentVoidRequested':
      return {
        ...opened,
        status: 'voiding',
        hold: holdOf(event, payment),
        reason: event.reason,
        attempt: payment.status === 'voiding' ? payment.attempt + 1 : 1,
        idempotencyKey: event.idempotencyKey,
      };
    case 'PaymentVoided':
      return { ...opened, status: 'voided', hold: holdOf(event, payment), reason: event.reason };
    case 'PaymentRefundRequested':
      return withRefund(event, payment, (before) => ({
        refundId: event.refundId,
        amount: event.amount,
        reason: event.reason,
        requestedBy: event.requestedBy,
        status: 'requested',
        ...(event.correctedCdrId === undefined ? {} : { correctedCdrId: event.correctedCdrId }),
        attempt: (before?.attempt ?? 0) + 1,
        idempotencyKey: event.idempotencyKey,
      }));
    case 'PaymentRefunded':
      // Without a request of ours it was made in the processor's own dashboard.
      return withRefund(event, payment, (before) => ({
        reason: 'made-at-processor',
        requestedBy: 'processor',
        attempt: 0,
        idempotencyKey: '',
        ...before,
        refundId: event.refundId,
        amount: event.amount,
        status: 'refunded',
      }));
    case 'PaymentRefundFailed':
      return withRefund(event, payment, (before) => ({
        reason: 'made-at-processor',
        requestedBy: 'processor',
        attempt: 0,
        idempotencyKey: '',
        ...before,
        refundId: event.refundId,
        amount: event.amount,
        status: 'failed',
      }));
    case 'ReceivableOpened': {
      const { cdrId, amount, reason } = event;
      const receivables = [...opened.receivables, { cdrId, amount, reason }];
      return payment.status === 'absent'
        ? { ...opened, status: 'unsecured', receivables }
        : { ...payment, consequences: opened.consequences, receivables };
    }
    case 'ReceivableReduced':
      if (payment.status === 'absent') throw new EventOutOfPlace(event.type, payment.status);
      return {
        ...payment,
        consequences: opened.consequences,
        receivables: reduced(payment.receivables, event.amount.amountMinor),
      };
    default:
      return unreachable(event);
  }
};
