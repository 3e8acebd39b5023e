import type { Payment } from '../domain/payment-state';
import type { StoredPayment } from '../outbound/payment-reader';

type AmountView = Readonly<{ amountMinor: bigint; currency: string }>;

/** A payment as the API shows it. What is not known, or does not apply, is null. */
export type PaymentView = Readonly<{
  paymentId: string;
  sessionId: string;
  state: Payment['status'];
  hold: AmountView | null;
  captured: AmountView | null;
  refunded: AmountView | null;
  receivable: AmountView | null;
  receivables: readonly Readonly<{ reason: string; cdrId: string; amount: AmountView }>[];
  refunds: readonly Readonly<{ refundId: string; status: string; amount: AmountView }>[];
  paymentIntentId: string | null;
  chargeId: string | null;
  attempts: number;
  declineCode: string | null;
  failureCode: string | null;
  events: readonly unknown[];
  calls: readonly unknown[];
}>;

const sumOf = (amounts: readonly AmountView[]): AmountView | null => {
  const [first] = amounts;
  if (first === undefined) return null;
  const amountMinor = amounts.reduce((sum, amount) => sum + amount.amountMinor, 0n);
  return { amountMinor, currency: first.currency };
};

export const paymentView = ({
  paymentId,
  sessionId,
  payment,
  events,
  calls,
}: StoredPayment): PaymentView => {
  const hold = 'hold' in payment ? payment.hold : undefined;
  const refunds = payment.status === 'captured' ? payment.refunds : [];
  const receivables = payment.status === 'absent' ? [] : payment.receivables;
  const asked = payment.status === 'preauthorizing' || payment.status === 'declined';
  return {
    paymentId,
    sessionId,
    state: payment.status,
    hold: hold?.amount ?? (asked ? payment.amount : null),
    captured: payment.status === 'captured' ? payment.amount : null,
    refunded: sumOf(refunds.filter((r) => r.status === 'refunded').map((r) => r.amount)),
    receivable: sumOf(receivables.map(({ amount }) => amount)),
    receivables,
    refunds: refunds.map(({ refundId, status, amount }) => ({ refundId, status, amount })),
    paymentIntentId: hold?.paymentIntentId ?? null,
    chargeId: hold?.chargeId ?? null,
    attempts: calls.reduce((sum, call) => sum + call.tries, 0),
    declineCode: payment.status === 'declined' ? payment.declineCode : null,
    failureCode: payment.status === 'capture-failed' ? payment.failureCode : null,
    events: events.map(({ facts: _, ...view }) => view),
    calls,
  };
};
