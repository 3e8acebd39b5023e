import type Stripe from 'stripe';
import { errorOf, holdOn, openWorkbench, type Workbench } from './testing/workbench';

let bench: Workbench;
let stripe: Stripe;
beforeAll(async () => {
  bench = await openWorkbench();
  ({ stripe } = bench);
});
afterAll(() => bench.sandbox.stop());

const typesAbout = async (objectId: string): Promise<string[]> => {
  const { data } = await stripe.events.list({ limit: 100 });
  return data
    .filter(({ data: { object } }) => {
      const { id, payment_intent: intent } = object as { id?: string; payment_intent?: string };
      return id === objectId || intent === objectId;
    })
    .map(({ type }) => type)
    .reverse();
};

describe('a hold', () => {
  it('is capturable until its charge says otherwise', async () => {
    const intent = await holdOn(stripe, 6500, {
      expand: ['latest_charge'],
      metadata: { session: 'S-1' },
    });
    expect(intent).toMatchObject({
      amount_capturable: 6500,
      amount_received: 0,
      client_secret: expect.stringMatching(`^${intent.id}_secret_`) as string,
      status: 'requires_capture',
    });
    const charge = intent.latest_charge as Stripe.Charge;
    expect(charge).toMatchObject({
      amount_captured: 0,
      balance_transaction: null,
      captured: false,
      metadata: { session: 'S-1' },
      paid: true,
      status: 'succeeded',
    });
    expect(charge.payment_method_details?.card).toMatchObject({
      amount_authorized: 6500,
      capture_before: charge.created + 604_800,
    });
    expect(await typesAbout(intent.id)).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.amount_capturable_updated',
    ]);
  });

  it('is captured in part, once, and the rest is released', async () => {
    const { id } = await holdOn(stripe, 6500);
    const captured = await stripe.paymentIntents.capture(id, {
      amount_to_capture: 5000,
      expand: ['latest_charge.balance_transaction'],
    });
    expect(captured).toMatchObject({
      amount: 6500,
      amount_capturable: 0,
      amount_received: 5000,
      status: 'succeeded',
    });
    expect(captured.latest_charge).toMatchObject({
      amount: 6500,
      amount_captured: 5000,
      amount_refunded: 0,
      // 1.5 % of 50.00 is 0.75, plus 0.25.
      balance_transaction: { amount: 5000, fee: 100, net: 4900, type: 'charge' },
      captured: true,
      refunded: false,
    });
    expect((await typesAbout(id)).slice(-2)).toEqual([
      'charge.captured',
      'payment_intent.succeeded',
    ]);
    const again = await errorOf(stripe.paymentIntents.capture(id));
    expect(again).toMatchObject({
      code: 'payment_intent_unexpected_state',
      message:
        'The remaining amount on this PaymentIntent could not be captured because the remainder of the authorized amount has been released.',
      payment_intent: { id, status: 'succeeded' },
      statusCode: 400,
    });
  });

  it.each([
    [6501, { code: 'amount_too_large' }],
    [0, { code: 'parameter_invalid_integer', param: 'amount' }],
    [-1, { message: 'Invalid non-negative integer', param: 'amount_to_capture' }],
  ])('refuses to capture %d of 6500', async (amountMinor, expected) => {
    const { id } = await holdOn(stripe, 6500);
    const error = await errorOf(
      stripe.paymentIntents.capture(id, { amount_to_capture: amountMinor }),
    );
    expect(error).toMatchObject({ ...expected, payment_intent: { id }, statusCode: 400 });
    expect((await stripe.paymentIntents.retrieve(id)).amount_capturable).toBe(6500);
  });

  it('is released by a cancellation, once', async () => {
    const { id } = await holdOn(stripe, 2000);
    const canceled = await stripe.paymentIntents.cancel(id);
    expect(canceled).toMatchObject({
      amount_capturable: 0,
      cancellation_reason: null,
      status: 'canceled',
    });
    expect((await errorOf(stripe.paymentIntents.cancel(id))).message).toContain(
      'You cannot cancel this PaymentIntent because it has a status of canceled. Only',
    );
    expect((await errorOf(stripe.paymentIntents.capture(id))).message).toBe(
      'This PaymentIntent could not be captured because it has a status of canceled. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.',
    );
  });

  it('expires seven days after it was made', async () => {
    const own = await openWorkbench();
    try {
      const { id } = await holdOn(own.stripe, 2000);
      await own.advance(604_790);
      expect((await own.stripe.paymentIntents.retrieve(id)).status).toBe('requires_capture');
      await own.advance(20);
      expect(await own.stripe.paymentIntents.retrieve(id)).toMatchObject({
        amount_capturable: 0,
        cancellation_reason: 'expired',
        status: 'canceled',
      });
      const { data } = await own.stripe.events.list({ limit: 2 });
      expect(data.map(({ type }) => type)).toEqual(['payment_intent.canceled', 'charge.expired']);
    } finally {
      await own.sandbox.stop();
    }
  });
});

describe('a declined card', () => {
  it.each([
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline', '01'],
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline', '01'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds', '51'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card', '41'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card', '43'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card', '54'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error', '06'],
    ['pm_card_authenticationRequired', 'authentication_required', 'authentication_required', '1A'],
  ])('%s says %s / %s', async (alias, code, declineCode, networkDeclineCode) => {
    const error = await errorOf(holdOn(stripe, 1000, { payment_method: alias }));
    expect(error).toMatchObject({
      code,
      decline_code: declineCode,
      network_decline_code: networkDeclineCode,
      payment_intent: { payment_method: null, status: 'requires_payment_method' },
      rawType: 'card_error',
      statusCode: 402,
      type: 'StripeCardError',
    });
    const id = error.payment_intent?.id ?? '';
    expect(await stripe.charges.retrieve(error.charge ?? '')).toMatchObject({
      failure_code: code,
      paid: false,
      payment_intent: id,
      status: 'failed',
    });
    expect(await typesAbout(id)).toEqual([
      'payment_intent.created',
      'charge.failed',
      'payment_intent.payment_failed',
    ]);
    const recovered = await stripe.paymentIntents.confirm(id, {
      payment_method: 'pm_card_visa',
      off_session: true,
    });
    expect(recovered.status).toBe('requires_capture');
  });
});

describe('a payment intent', () => {
  it('waits to be confirmed, and may change until then', async () => {
    const types = { currency: 'eur', payment_method_types: ['card'] };
    const empty = await stripe.paymentIntents.create({ amount: 900, ...types });
    expect(empty).toMatchObject({
      capture_method: 'automatic_async',
      status: 'requires_payment_method',
    });
    expect((await errorOf(stripe.paymentIntents.confirm(empty.id))).code).toBe(
      'payment_intent_unexpected_state',
    );
    const ready = await stripe.paymentIntents.update(empty.id, {
      amount: 1000,
      payment_method: 'pm_card_visa',
    });
    expect(ready).toMatchObject({ amount: 1000, status: 'requires_confirmation' });
    const paid = await stripe.paymentIntents.confirm(empty.id, { expand: ['latest_charge'] });
    expect(paid).toMatchObject({
      amount_received: 1000,
      latest_charge: { balance_transaction: null, captured: true },
      status: 'succeeded',
    });
    const late = await errorOf(stripe.paymentIntents.update(empty.id, { amount: 1100 }));
    expect(late.message).toContain(
      'amount could not be updated because it has a status of succeeded',
    );
  });

  it('gets its balance transaction a moment after an automatic capture', async () => {
    const intent = await holdOn(stripe, 1000, { capture_method: 'automatic_async' });
    const chargeId = intent.latest_charge as string;
    await bench.advance(2);
    const charge = await stripe.charges.retrieve(chargeId, { expand: ['balance_transaction'] });
    expect(charge.balance_transaction).toMatchObject({ amount: 1000, fee: 40 });
    const { data } = await stripe.events.list({ type: 'charge.updated', limit: 1 });
    expect(data[0]?.data).toMatchObject({
      object: { id: chargeId },
      previous_attributes: { balance_transaction: null },
    });
  });

  it('keeps its card for the customer when asked to', async () => {
    const customer = await stripe.customers.create({});
    const { payment_method: id } = await holdOn(stripe, 700, {
      customer: customer.id,
      setup_future_usage: 'off_session',
    });
    const kept = await stripe.customers.listPaymentMethods(customer.id);
    expect(kept.data.map((method) => method.id)).toEqual([id]);
  });

  it('must name a way back when redirects are possible and the customer is there', async () => {
    const onSession = { off_session: false };
    expect((await errorOf(holdOn(stripe, 700, onSession))).param).toBe('return_url');
    const waiting = await holdOn(stripe, 700, {
      ...onSession,
      payment_method: 'pm_card_authenticationRequired',
      payment_method_types: ['card'],
    });
    expect(waiting).toMatchObject({
      latest_charge: null,
      next_action: { type: 'use_stripe_sdk' },
      status: 'requires_action',
    });
  });

  it('is found by customer and by metadata', async () => {
    const customer = await stripe.customers.create({});
    const attached = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    const made: string[] = [];
    for (const session of ['S-a', 'S-b', 'S-c']) {
      const { id } = await holdOn(stripe, 700, {
        customer: customer.id,
        metadata: { session },
        payment_method: attached.id,
      });
      made.unshift(id);
    }
    const first = await stripe.paymentIntents.list({ customer: customer.id, limit: 2 });
    expect(first.data.map(({ id }) => id)).toEqual(made.slice(0, 2));
    expect(first.has_more).toBe(true);
    const next = await stripe.paymentIntents.list({
      customer: customer.id,
      limit: 2,
      starting_after: made[1] ?? '',
    });
    expect(next).toMatchObject({ data: [{ id: made[2] }], has_more: false });
    const back = await stripe.paymentIntents.list({
      customer: customer.id,
      ending_before: made[2] ?? '',
    });
    expect(back.data.map(({ id }) => id)).toEqual(made.slice(0, 2));
    const found = await stripe.paymentIntents.search({
      query: "metadata['session']:'S-b' AND status:'requires_capture' AND amount>600",
    });
    expect(found.data.map(({ id }) => id)).toEqual([made[1]]);
    const other = await errorOf(holdOn(stripe, 700, { payment_method: attached.id }));
    expect(other).toMatchObject({ param: 'payment_method', statusCode: 400 });
  });

  it.each([
    [{ amount: 12.5 }, 'Invalid integer: 12.5', 'amount'],
    [{ amount: 10 }, 'Amount must be at least €0.50 eur', 'amount'],
    [{ currency: 'xxq' }, 'Invalid currency: xxq.', 'currency'],
    [{ amout: 1 }, 'Received unknown parameter: amout', 'amout'],
    [{ payment_method: 'pm_nobody' }, "No such PaymentMethod: 'pm_nobody'", 'payment_method'],
    [{ customer: 'cus_nobody' }, "No such customer: 'cus_nobody'", 'customer'],
    [{ expand: ['nonsense'] }, 'This property cannot be expanded (nonsense).', 'expand'],
  ])('is refused with %j', async (wrong, message, param) => {
    const error = await errorOf(holdOn(stripe, 1000, wrong as object));
    expect(error).toMatchObject({ message, param, statusCode: 400 });
  });

  it('is missing by its own name', async () => {
    expect(await errorOf(stripe.paymentIntents.retrieve('pi_nobody'))).toMatchObject({
      code: 'resource_missing',
      message: "No such payment_intent: 'pi_nobody'",
      param: 'intent',
      statusCode: 404,
    });
    expect((await errorOf(stripe.charges.retrieve('ch_nobody'))).param).toBe('id');
  });
});
