import { formatMoney } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';
import type Stripe from 'stripe';
import type { ProcessorAnswer, ProcessorCall } from '../domain/processor-call';
import type { BalanceMovement, ProcessorPayout } from '../domain/settlement';
import {
  ProcessorUnsure,
  type CreatedSince,
  type ObservedPayment,
  type Processor,
} from './processor';
import { isExactAtStripe, stripeAmount } from './stripe-amount';
import {
  answerOfIntent,
  answerOfRefund,
  idOf,
  instantOf,
  movementOf,
  payoutOf,
  secondsOf,
} from './stripe-answers';
import { refusalOf, type StripeRefusal } from './stripe-client';

type Preauthorize = Extract<ProcessorCall, { kind: 'preauthorize' }>;
type Refund = Extract<ProcessorCall, { kind: 'refund' }>;

const expandCharge = ['latest_charge.balance_transaction'];

/** Search is up to a minute behind and covers everything; a list is exact and has to be read. */
const searchFromAgeMs = 3_600_000;

/** Holds, captures, voids, refunds and settlement facts through Stripe's API. */
export class StripeProcessor implements Processor {
  private trouble: string | undefined;

  constructor(private readonly stripe: Stripe) {}

  state(): true | string {
    return this.trouble ?? true;
  }

  async call(call: ProcessorCall): Promise<ProcessorAnswer> {
    return this.watched(async () => {
      try {
        return await this.send(call);
      } catch (error) {
        return this.refused(call, refusalOf(error));
      }
    });
  }

  async question(call: ProcessorCall, firstTriedAt: Instant): Promise<ProcessorAnswer> {
    return this.watched(async () => {
      switch (call.kind) {
        case 'preauthorize':
          return this.findHold(call, firstTriedAt);
        case 'capture':
          return this.captureAnswer(await this.intent(call.paymentIntentId));
        case 'void':
          return this.voidAnswer(await this.intent(call.paymentIntentId));
        case 'refund':
          return this.findRefund(call);
      }
    });
  }

  async observe(paymentIntentId: string): Promise<ObservedPayment> {
    return this.watched(async () => {
      const intent = await this.intent(paymentIntentId);
      const answers: ProcessorAnswer[] = [answerOfIntent(intent)];
      if (intent.status === 'succeeded') {
        const refunds = this.stripe.refunds.list({ payment_intent: intent.id, limit: 100 });
        for await (const refund of refunds) {
          // One made in Stripe's dashboard names no refund of ours and goes by Stripe's own id.
          answers.push(answerOfRefund(refund, refund.metadata?.['refundId'] ?? refund.id));
        }
      }
      const { cpoId, paymentId } = intent.metadata;
      return {
        paymentIntentId: intent.id,
        ...(cpoId === undefined || paymentId === undefined ? {} : { owner: { cpoId, paymentId } }),
        answers,
      };
    });
  }

  async paymentIntentOfRefund(processorRefundId: string): Promise<string | undefined> {
    return this.watched(async () =>
      idOf((await this.stripe.refunds.retrieve(processorRefundId)).payment_intent),
    );
  }

  async listMovements(created: CreatedSince): Promise<BalanceMovement[]> {
    return this.watched(() =>
      this.movements({ ...range(created), expand: ['data.source'], limit: 100 }),
    );
  }

  async listPayouts(created: CreatedSince): Promise<ProcessorPayout[]> {
    return this.watched(async () => {
      const payouts: ProcessorPayout[] = [];
      for await (const payout of this.stripe.payouts.list({ ...range(created), limit: 100 })) {
        payouts.push(payoutOf(payout));
      }
      return payouts.reverse();
    });
  }

  async readPayout(payoutId: string): Promise<ProcessorPayout> {
    return this.watched(async () => payoutOf(await this.stripe.payouts.retrieve(payoutId)));
  }

  async membersOf(payoutId: string): Promise<BalanceMovement[]> {
    return this.watched(async () => {
      const all = await this.movements({
        payout: payoutId,
        expand: ['data.source'],
        limit: 100,
      });
      return all.filter((movement) => movement.sourceId !== payoutId);
    });
  }

  private async send(call: ProcessorCall): Promise<ProcessorAnswer> {
    const once = { idempotencyKey: call.idempotencyKey };
    switch (call.kind) {
      case 'preauthorize': {
        const answer = answerOfIntent(
          await this.stripe.paymentIntents.create(
            {
              amount: stripeAmount(call.amount, 'up'),
              currency: call.amount.currency.toLowerCase(),
              capture_method: 'manual',
              confirm: true,
              // Nobody stands there to authenticate: such a card is declined.
              error_on_requires_action: true,
              payment_method: call.paymentMethodId,
              payment_method_types: ['card'],
              metadata: metadataOf(call),
              expand: expandCharge,
            },
            once,
          ),
        );
        return answer.kind === 'nothing' ? { kind: 'pending', detail: 'not confirmed' } : answer;
      }
      case 'capture':
        return this.captureAnswer(
          await this.stripe.paymentIntents.capture(
            call.paymentIntentId,
            { amount_to_capture: stripeAmount(call.amount, 'down'), expand: expandCharge },
            once,
          ),
        );
      case 'void':
        return this.voidAnswer(
          await this.stripe.paymentIntents.cancel(call.paymentIntentId, {}, once),
        );
      case 'refund':
        if (!isExactAtStripe(call.amount)) return inexactRefund(call);
        return answerOfRefund(
          await this.stripe.refunds.create(
            {
              payment_intent: call.paymentIntentId,
              amount: stripeAmount(call.amount, 'down'),
              metadata: {
                ...metadataOf(call),
                refundId: call.refundId,
                // Read again with the balance: whose money the refund gives back depends on it.
                ...(call.correctedCdrId === undefined
                  ? {}
                  : { correctedCdrId: call.correctedCdrId }),
              },
            },
            once,
          ),
          call.refundId,
        );
    }
  }

  /** A refusal is an answer, unless the object already is as the call wants it. */
  private async refused(call: ProcessorCall, refusal: StripeRefusal): Promise<ProcessorAnswer> {
    const { code, declineCode, detail } = refusal;
    switch (call.kind) {
      case 'preauthorize':
        return {
          kind: 'declined',
          declineCode,
          detail,
          ...(refusal.paymentIntent === undefined
            ? {}
            : {
                paymentIntentId: refusal.paymentIntent.id,
                at: instantOf(refusal.paymentIntent.created),
              }),
        };
      case 'capture': {
        const intent = await this.intent(call.paymentIntentId);
        const found = this.captureAnswer(intent);
        return found.kind === 'nothing'
          ? { kind: 'capture-failed', failureCode: code, detail }
          : found;
      }
      case 'void': {
        const found = this.voidAnswer(await this.intent(call.paymentIntentId));
        return found.kind === 'nothing' ? { kind: 'pending', detail } : found;
      }
      case 'refund': {
        const found = await this.findRefund(call);
        const { refundId } = call;
        return found.kind === 'nothing'
          ? { kind: 'refund-failed', refundId, failureCode: code, detail }
          : found;
      }
    }
  }

  private captureAnswer(intent: Stripe.PaymentIntent): ProcessorAnswer {
    const answer = answerOfIntent(intent);
    if (answer.kind === 'captured' || answer.kind === 'pending') return answer;
    if (answer.kind === 'held') return { kind: 'nothing' };
    return {
      kind: 'capture-failed',
      failureCode: 'payment_intent_unexpected_state',
      detail: `The payment intent is ${intent.status}: there is no hold to capture.`,
    };
  }

  private voidAnswer(intent: Stripe.PaymentIntent): ProcessorAnswer {
    const answer = answerOfIntent(intent);
    if (answer.kind === 'voided') return answer;
    if (answer.kind !== 'captured') return { kind: 'nothing' };
    return { kind: 'pending', detail: 'the hold was captured by somebody else' };
  }

  private async findHold(call: Preauthorize, firstTriedAt: Instant): Promise<ProcessorAnswer> {
    const isOld = Date.now() - Date.parse(firstTriedAt) > searchFromAgeMs;
    const intents = isOld
      ? this.stripe.paymentIntents.search({
          query: `metadata['paymentId']:'${call.paymentId}'`,
          limit: 100,
        })
      : this.stripe.paymentIntents.list({
          created: { gte: secondsOf(firstTriedAt) - 60 },
          limit: 100,
        });
    for await (const intent of intents) {
      if (intent.metadata['idempotencyKey'] !== call.idempotencyKey) continue;
      const answer = answerOfIntent(await this.intent(intent.id));
      if (answer.kind !== 'voided') return answer;
      const detail = 'The hold was let go before its answer was known.';
      return { kind: 'declined', declineCode: 'hold-expired', detail, paymentIntentId: intent.id };
    }
    return { kind: 'nothing' };
  }

  private async findRefund(call: Refund): Promise<ProcessorAnswer> {
    const refunds = this.stripe.refunds.list({ payment_intent: call.paymentIntentId, limit: 100 });
    for await (const refund of refunds) {
      if (refund.metadata?.['refundId'] === call.refundId) {
        return answerOfRefund(refund, call.refundId);
      }
    }
    return { kind: 'nothing' };
  }

  private intent(paymentIntentId: string): Promise<Stripe.PaymentIntent> {
    return this.stripe.paymentIntents.retrieve(paymentIntentId, { expand: expandCharge });
  }

  private async movements(
    parameters: Stripe.BalanceTransactionListParams,
  ): Promise<BalanceMovement[]> {
    const movements: BalanceMovement[] = [];
    for await (const row of this.stripe.balanceTransactions.list(parameters)) {
      movements.push(movementOf(row));
    }
    return movements.reverse();
  }

  /** Remembers whether the processor was last usable, and says nothing but ProcessorUnsure. */
  private async watched<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.trouble = undefined;
      return result;
    } catch (error) {
      this.trouble = (error as Error).message;
      if (error instanceof ProcessorUnsure) throw error;
      // A read was refused: what it asks for is not there, and refusalOf throws the rest.
      const { code, detail } = refusalOf(error);
      this.trouble = undefined;
      throw new ProcessorUnsure(`Stripe: ${detail}`, code, false, { cause: error });
    }
  }
}

const inexactRefund = ({ amount, refundId }: Refund): ProcessorAnswer => ({
  kind: 'refund-failed',
  refundId,
  failureCode: 'amount-not-exact',
  detail: `Stripe cannot move ${formatMoney(amount)}: it is no multiple of its smallest unit.`,
});

const range = ({ since, until }: CreatedSince) =>
  since === undefined && until === undefined
    ? {}
    : {
        created: {
          ...(since === undefined ? {} : { gte: secondsOf(since) }),
          ...(until === undefined ? {} : { lte: secondsOf(until) }),
        },
      };

const metadataOf = (call: ProcessorCall) => ({
  cpoId: call.cpoId,
  sessionId: call.sessionId,
  paymentId: call.paymentId,
  idempotencyKey: call.idempotencyKey,
});
