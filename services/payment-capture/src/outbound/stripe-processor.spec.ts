import type Stripe from 'stripe';
import type { ProcessorCall } from '../domain/processor-call';
import { StripeProcessor } from './stripe-processor';

const identity = { cpoId: 'default', paymentId: 'pay-1', sessionId: 'session-1' };
const kwd = (amountMinor: bigint) => ({ amountMinor, currency: 'KWD' });

const capture: ProcessorCall = {
  ...identity,
  kind: 'capture',
  idempotencyKey: 'key-1',
  amount: kwd(5124n),
  paymentIntentId: 'pi_1',
};

const intent = (status: string, received = 0) => ({
  id: 'pi_1',
  status,
  amount: 5130,
  amount_received: received,
  currency: 'kwd',
  latest_charge: 'ch_1',
  created: 1_795_000_000,
  canceled_at: null,
  last_payment_error: null,
  metadata: {},
});

/** A processor over a Stripe that answers captures with one intent, and what it was asked. */
const processorOver = (answer: object) => {
  const asked: unknown[] = [];
  const paymentIntents = {
    capture: async (_: string, parameters: unknown) => {
      asked.push(parameters);
      return answer;
    },
    retrieve: async () => answer,
  };
  return { processor: new StripeProcessor({ paymentIntents } as unknown as Stripe), asked };
};

describe('a capture', () => {
  it('asks for what Stripe can express, and says what was captured', async () => {
    const { processor, asked } = processorOver(intent('succeeded', 5120));
    expect(await processor.call(capture)).toMatchObject({ kind: 'captured', amount: kwd(5120n) });
    expect(asked).toMatchObject([{ amount_to_capture: 5120 }]);
  });

  it('that is still under way has not failed', async () => {
    const { processor } = processorOver(intent('processing'));
    expect(await processor.call(capture)).toMatchObject({ kind: 'pending' });
    expect(await processor.question(capture, '2026-11-21T10:00:00.000Z')).toMatchObject({
      kind: 'pending',
    });
  });

  it('of a hold that is gone has failed', async () => {
    const { processor } = processorOver(intent('canceled'));
    expect(await processor.call(capture)).toMatchObject({
      kind: 'capture-failed',
      failureCode: 'payment_intent_unexpected_state',
    });
  });
});

describe('a refund', () => {
  it('that Stripe cannot express is answered without asking', async () => {
    const { processor } = processorOver({});
    const refund: ProcessorCall = {
      ...capture,
      kind: 'refund',
      refundId: 'refund-1',
      reason: 'goodwill',
    };
    expect(await processor.call(refund)).toEqual({
      kind: 'refund-failed',
      refundId: 'refund-1',
      failureCode: 'amount-not-exact',
      detail: 'Stripe cannot move 5.124 KWD: it is no multiple of its smallest unit.',
    });
  });
});
