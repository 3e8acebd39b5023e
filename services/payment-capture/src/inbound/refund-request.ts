import { randomUUID } from 'node:crypto';
import { derivedId } from '@tallywatt/contracts';
import type { EventLog } from '@tallywatt/event-log';
import { Problem, type CallerIdentity } from '@tallywatt/service-kit';
import { z } from 'zod';
import { unreachable } from '@tallywatt/decider';
import type { PaymentDecision } from '../domain/payment-steps';
import { paymentIdOf } from '../domain/session-rules';
import type { PaymentStore } from '../outbound/payment-store';

/** A refund that is asked for: all that is left, unless an amount is given. */
export const refundSchema = z
  .strictObject({
    sessionId: z.string().min(1).max(100).optional(),
    paymentId: z.string().min(1).max(100).optional(),
    amountMinor: z
      .union([z.string().regex(/^\d{1,18}$/, 'must be minor units, as digits'), z.int()])
      .transform((amount) => BigInt(amount))
      .refine((amount) => amount > 0n, 'must be above 0')
      .optional(),
    reason: z.string().min(1).max(200),
    idempotencyKey: z.string().min(1).max(200).optional(),
  })
  .refine((body) => (body.sessionId === undefined) !== (body.paymentId === undefined), {
    message: 'give either a sessionId or a paymentId',
    path: ['paymentId'],
  });

export type RefundBody = z.infer<typeof refundSchema>;

export type RefundView = Readonly<{
  refundId: string;
  paymentId: string;
  sessionId: string;
  status: 'requested' | 'refunded' | 'failed';
  amount: Readonly<{ amountMinor: bigint; currency: string }>;
}>;

/** The one way to a refund, whole or in part. */
export class RefundRequest {
  constructor(
    private readonly eventLog: EventLog,
    private readonly payments: PaymentStore,
  ) {}

  /** @throws Problem when the payment is unknown or does not allow it. */
  async request(caller: CallerIdentity, body: RefundBody): Promise<RefundView> {
    const { cpoId } = caller;
    const paymentId = body.paymentId ?? paymentIdOf(cpoId, body.sessionId ?? '');
    const refundId = derivedId(cpoId, 'refund', paymentId, body.idempotencyKey ?? randomUUID());
    return this.eventLog.transaction(async (tx) => {
      const locked = await this.payments.lockPayment(tx, cpoId, paymentId);
      if (locked === undefined) throw unknownPayment(body);
      const { payment, decisions } = await this.payments.handle(
        tx,
        locked,
        [
          {
            type: 'RequestRefund',
            refundId,
            reason: body.reason,
            requestedBy: caller.subject,
            ...(body.amountMinor === undefined ? {} : { amountMinor: body.amountMinor }),
          },
        ],
        { now: new Date().toISOString() },
      );
      checkNotRefused(decisions[0]);
      const refunds = payment.status === 'captured' ? payment.refunds : [];
      const refund = refunds.find((known) => known.refundId === refundId);
      if (refund === undefined) throw new Error(`refund ${refundId} was accepted and is not there`);
      const { status, amount } = refund;
      return { refundId, paymentId, sessionId: locked.identity.sessionId, status, amount };
    });
  }
}

const unknownPayment = (body: RefundBody): Problem =>
  new Problem({
    status: 404,
    type: 'payment-unknown',
    title: 'There is no such payment',
    detail:
      body.paymentId === undefined
        ? `no payment is known for session ${body.sessionId}`
        : `payment ${body.paymentId} is not known`,
  });

const refusals: Readonly<Record<string, string>> = {
  'nothing-captured': 'Nothing has been captured that could be refunded',
  'more-than-captured': 'The refund is larger than what is left of the captured amount',
  'refund-not-positive': 'A refund has to be above zero',
  'refund-differs': 'The idempotency key was used for a refund of another amount',
};

const checkNotRefused = (decision: PaymentDecision | undefined): void => {
  if (decision === undefined) throw new Error('a refund was asked for and not decided');
  switch (decision.kind) {
    case 'accepted':
    case 'ignored':
      return;
    case 'refused':
      throw new Problem({
        status: 422,
        type: decision.reason,
        title: refusals[decision.reason] ?? 'The refund is refused',
        ...(decision.detail === undefined ? {} : { detail: decision.detail }),
      });
    default:
      unreachable(decision);
  }
};
