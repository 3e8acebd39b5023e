import type {
  ProcessorAnswer,
  ProcessorCall,
} from '@tallywatt/payment-capture/domain/processor-call';
import { instantFromEpochMs } from '@tallywatt/time';
import { hold } from '../ground/violation';
import { dayMs, hourMs, secondMs, type World } from '../ground/world';
import { ProcessorAccount } from './processor-account';
import { ProcessorNetwork } from './processor-network';
import type { Intent, ProcessorRefund, Reply } from './processor-objects';

type Saved = Readonly<{ atMs: number; reply: Reply<ProcessorAnswer> }>;

const keyLifeMs = dayMs;
const holdLifeMs = 7 * dayMs;
/** Below this a card is not charged. */
const chargeMinMinor = 50n;

/** The card that a payment method stands for. */
export type Card = 'good' | 'declined';
export const paymentMethodOf = (card: Card): string => `pm_${card}`;

/**
 * A processor that behaves as Stripe does towards payment-capture: idempotency keys with saved
 * outcomes, holds that lapse, captures, refunds. It answers in the words of `ProcessorAnswer`; how
 * Stripe's objects become those is tested where that is written.
 */
export class SimulatedProcessor {
  readonly account: ProcessorAccount;
  readonly network: ProcessorNetwork;
  private readonly saved = new Map<string, Saved>();
  private created = 0;

  constructor(private readonly world: World) {
    this.account = new ProcessorAccount(world);
    this.network = new ProcessorNetwork(world);
  }

  call(call: ProcessorCall, reply: (reply: Reply<ProcessorAnswer>) => void): void {
    this.network.request(() => this.perform(call), reply);
  }

  question(
    call: ProcessorCall,
    firstTriedMs: number,
    reply: (reply: Reply<ProcessorAnswer>) => void,
  ): void {
    this.network.read(() => this.find(call, firstTriedMs), reply);
  }

  observe(
    intentId: string,
    reply: (reply: Reply<Readonly<{ intent: Intent; answers: ProcessorAnswer[] }>>) => void,
  ): void {
    this.network.read(() => {
      const intent = this.account.intent(intentId);
      const refunds = this.account.refundsOf(intentId);
      const answers = [
        answerOf(intent),
        ...(intent.status === 'succeeded'
          ? refunds.map((refund) => refundAnswer(refund, intent.currency))
          : []),
      ];
      return { intent: { ...intent }, answers };
    }, reply);
  }

  /** A refund that somebody makes in the processor's dashboard. */
  refundInDashboard(intentId: string, amountMinor: bigint): void {
    const intent = this.account.intent(intentId);
    if (intent.status !== 'succeeded' || this.refundable(intent) < amountMinor) return;
    this.createRefund(intent, amountMinor, {});
  }

  refundable(intent: Intent): bigint {
    return this.account
      .refundsOf(intent.id)
      .filter(({ status }) => status !== 'failed')
      .reduce((left, { amountMinor }) => left - amountMinor, intent.receivedMinor);
  }

  private perform(call: ProcessorCall): Reply<ProcessorAnswer> {
    const { chance, clock, faults } = this.world;
    const known = this.saved.get(call.idempotencyKey);
    if (known !== undefined && clock.nowMs - known.atMs < keyLifeMs) {
      return known.reply.kind === 'unsure' ? { ...known.reply, isSaved: true } : known.reply;
    }
    if (chance.happens(faults.processorBusy)) {
      const code = chance.pick(['http-409', 'http-429', 'lock_timeout']);
      return { kind: 'unsure', code, isSaved: false };
    }
    const fails = chance.happens(faults.processorFails);
    if (fails && chance.happens(0.5)) return { kind: 'unsure', code: 'http-503', isSaved: false };
    // A failure that is saved under its key may have done the deed or not.
    const isDone = !fails || chance.happens(0.5);
    const answer = isDone ? this.carryOut(call) : undefined;
    const reply: Reply<ProcessorAnswer> =
      fails || answer === undefined
        ? { kind: 'unsure', code: 'http-500', isSaved: chance.happens(0.5) }
        : { kind: 'answer', answer };
    this.saved.set(call.idempotencyKey, { atMs: clock.nowMs, reply });
    this.world.trace(
      'processor',
      () => `${call.idempotencyKey}: ${answer?.kind ?? 'not done'}, says ${reply.kind}`,
    );
    return reply;
  }

  private carryOut(call: ProcessorCall): ProcessorAnswer {
    switch (call.kind) {
      case 'preauthorize':
        return this.hold(call);
      case 'capture':
        return this.capture(call);
      case 'void':
        return this.cancel(call);
      case 'refund':
        return this.refund(call);
    }
  }

  private hold(call: Extract<ProcessorCall, { kind: 'preauthorize' }>): ProcessorAnswer {
    const { nowMs } = this.world.clock;
    const isGood = call.paymentMethodId === paymentMethodOf('good');
    this.created += 1;
    const intent: Intent = {
      id: `pi_${this.created}`,
      chargeId: `ch_${this.created}`,
      cpoId: call.cpoId,
      sessionId: call.sessionId,
      paymentId: call.paymentId,
      idempotencyKey: call.idempotencyKey,
      currency: call.amount.currency,
      amountMinor: call.amount.amountMinor,
      createdMs: nowMs,
      expiresMs: nowMs + holdLifeMs,
      status: isGood ? 'requires_capture' : 'requires_payment_method',
      receivedMinor: 0n,
    };
    const twin = this.account
      .intentsOf(call.paymentId)
      .find(({ status }) => status === 'requires_capture' || status === 'succeeded');
    hold(
      twin === undefined || !isGood,
      'one hold for one session',
      () => `${intent.id} beside ${twin?.id}`,
    );
    this.account.addIntent(intent);
    if (isGood) this.world.clock.after(holdLifeMs, () => this.account.expire(intent));
    return answerOf(intent);
  }

  private capture(call: Extract<ProcessorCall, { kind: 'capture' }>): ProcessorAnswer {
    const intent = this.account.intent(call.paymentIntentId);
    if (intent.status !== 'requires_capture') return captureFate(intent);
    const { amountMinor } = call.amount;
    if (amountMinor < chargeMinMinor || amountMinor > intent.amountMinor) {
      const failureCode = 'amount_too_small';
      return { kind: 'capture-failed', failureCode, detail: `${amountMinor} minor units` };
    }
    this.account.capture(intent, amountMinor);
    return captureFate(intent);
  }

  private cancel(call: Extract<ProcessorCall, { kind: 'void' }>): ProcessorAnswer {
    const intent = this.account.intent(call.paymentIntentId);
    this.account.cancel(intent);
    return voidFate(intent);
  }

  private refund(call: Extract<ProcessorCall, { kind: 'refund' }>): ProcessorAnswer {
    const intent = this.account.intent(call.paymentIntentId);
    const known = this.account.refundsOf(intent.id).find((r) => r.refundId === call.refundId);
    if (intent.status !== 'succeeded' || this.refundable(intent) < call.amount.amountMinor) {
      if (known !== undefined) return refundAnswer(known, intent.currency);
      const failureCode = 'charge_already_refunded';
      return { kind: 'refund-failed', refundId: call.refundId, failureCode, detail: intent.status };
    }
    return refundAnswer(this.createRefund(intent, call.amount.amountMinor, call), intent.currency);
  }

  private createRefund(
    intent: Intent,
    amountMinor: bigint,
    { refundId, correctedCdrId }: Pick<ProcessorRefund, 'refundId' | 'correctedCdrId'>,
  ): ProcessorRefund {
    this.created += 1;
    const { chance, clock } = this.world;
    const isForgotten = this.world.has('correction-refund-is-goodwill');
    const refund: ProcessorRefund = {
      id: `re_${this.created}`,
      intentId: intent.id,
      ...(refundId === undefined ? {} : { refundId }),
      ...(correctedCdrId === undefined || isForgotten ? {} : { correctedCdrId }),
      amountMinor,
      createdMs: clock.nowMs,
      status: 'pending',
    };
    const becomes = (status: 'succeeded' | 'failed') => this.account.settleRefund(refund, status);
    this.account.addRefund(refund);
    if (chance.happens(0.7)) becomes('succeeded');
    else
      clock.after(chance.spread(secondMs, hourMs), () =>
        becomes(chance.pick(['succeeded', 'failed'])),
      );
    return refund;
  }

  private find(call: ProcessorCall, firstTriedMs: number): ProcessorAnswer {
    switch (call.kind) {
      case 'preauthorize': {
        const intent = this.account
          .intentsOf(call.paymentId)
          .find(
            (i) => i.idempotencyKey === call.idempotencyKey && i.createdMs >= firstTriedMs - 60_000,
          );
        if (intent === undefined) return { kind: 'nothing' };
        if (intent.status !== 'canceled') return answerOf(intent);
        const detail = 'The hold was let go before its answer was known.';
        return {
          kind: 'declined',
          declineCode: 'hold-expired',
          detail,
          paymentIntentId: intent.id,
        };
      }
      case 'capture': {
        const intent = this.account.intent(call.paymentIntentId);
        return intent.status === 'requires_capture' ? { kind: 'nothing' } : captureFate(intent);
      }
      case 'void': {
        const intent = this.account.intent(call.paymentIntentId);
        return intent.status === 'requires_capture' ? { kind: 'nothing' } : voidFate(intent);
      }
      case 'refund': {
        const refunds = this.account.refundsOf(call.paymentIntentId);
        const known = refunds.find((refund) => refund.refundId === call.refundId);
        return known === undefined
          ? { kind: 'nothing' }
          : refundAnswer(known, call.amount.currency);
      }
    }
  }
}

const captureFate = (intent: Intent): ProcessorAnswer => {
  const answer = answerOf(intent);
  if (answer.kind === 'captured') return answer;
  const failureCode = 'payment_intent_unexpected_state';
  return { kind: 'capture-failed', failureCode, detail: `The payment intent is ${intent.status}.` };
};

const voidFate = (intent: Intent): ProcessorAnswer => {
  const answer = answerOf(intent);
  if (answer.kind === 'voided') return answer;
  return { kind: 'pending', detail: `the payment intent is ${intent.status}` };
};

/** What the state of an intent amounts to, as `stripe-answers.ts` says it. */
const answerOf = (intent: Intent): ProcessorAnswer => {
  const { currency, id: paymentIntentId, chargeId } = intent;
  switch (intent.status) {
    case 'requires_capture':
      return {
        kind: 'held',
        amount: { amountMinor: intent.amountMinor, currency },
        paymentIntentId,
        chargeId,
        captureBefore: instantFromEpochMs(intent.expiresMs),
        at: instantFromEpochMs(intent.createdMs),
      };
    case 'succeeded':
      return {
        kind: 'captured',
        amount: { amountMinor: intent.receivedMinor, currency },
        chargeId,
        ...(intent.movementId === undefined ? {} : { balanceTransactionId: intent.movementId }),
        at: instantFromEpochMs(intent.capturedMs ?? intent.createdMs),
      };
    case 'canceled':
      return { kind: 'voided', at: instantFromEpochMs(intent.canceledMs ?? intent.createdMs) };
    case 'requires_payment_method':
      return {
        kind: 'declined',
        declineCode: 'insufficient_funds',
        detail: 'Your card has insufficient funds.',
        paymentIntentId,
        at: instantFromEpochMs(intent.createdMs),
      };
  }
};

const refundAnswer = (refund: ProcessorRefund, currency: string): ProcessorAnswer => {
  const refundId = refund.refundId ?? refund.id;
  switch (refund.status) {
    case 'pending':
      return { kind: 'pending', detail: 'the refund is pending' };
    case 'failed': {
      const failureCode = 'expired_or_canceled_card';
      return { kind: 'refund-failed', refundId, failureCode, detail: 'the refund is failed' };
    }
    case 'succeeded':
      return {
        kind: 'refunded',
        refundId,
        amount: { amountMinor: refund.amountMinor, currency },
        processorRefundId: refund.id,
        ...(refund.movementId === undefined ? {} : { balanceTransactionId: refund.movementId }),
        at: instantFromEpochMs(refund.createdMs),
      };
  }
};
