import type Stripe from 'stripe';
import { errorOf, holdOn, openWorkbench, type Workbench } from './testing/workbench';

const daySeconds = 86_400;
let bench: Workbench;
let stripe: Stripe;

beforeEach(async () => {
  // A Monday, some years ahead, so that the wall clock's weekday does not matter.
  const monday = Date.UTC(2035, 0, 1, 10) / 1000;
  bench = await openWorkbench({ clockOffsetSeconds: monday - Math.floor(Date.now() / 1000) });
  ({ stripe } = bench);
});
afterEach(() => bench.sandbox.stop());

const captured = async (amountMinor: number, currency = 'eur'): Promise<Stripe.PaymentIntent> => {
  const { id } = await holdOn(stripe, amountMinor, { currency });
  return stripe.paymentIntents.capture(id, { expand: ['latest_charge.balance_transaction'] });
};

const eventTypes = async (): Promise<string[]> =>
  (await stripe.events.list({ limit: 100 })).data.map(({ type }) => type).reverse();

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

describe('captured money', () => {
  it('is pending until two business days later, then available and paid out', async () => {
    const intent = await captured(5000);
    const charge = intent.latest_charge as Stripe.Charge;
    const row = charge.balance_transaction as Stripe.BalanceTransaction;
    expect(row).toMatchObject({
      balance_type: 'payments',
      fee_details: [{ amount: 100, description: 'Stripe processing fees', type: 'stripe_fee' }],
      reporting_category: 'charge',
      source: charge.id,
      status: 'pending',
    });
    expect(iso(row.available_on)).toBe('2035-01-03T00:00:00.000Z');
    expect(await stripe.balance.retrieve()).toMatchObject({
      available: [{ amount: 0, currency: 'eur' }],
      pending: [{ amount: 4900, currency: 'eur' }],
    });

    await bench.advance(38 * 3600 + 60);
    expect((await stripe.balanceTransactions.retrieve(row.id)).status).toBe('available');
    const [payout] = (await stripe.payouts.list()).data;
    expect(payout).toMatchObject({
      amount: 4900,
      automatic: true,
      reconciliation_status: 'in_progress',
      status: 'pending',
    });
    expect(iso(payout?.created ?? 0)).toBe('2035-01-03T00:00:00.000Z');
    expect(iso(payout?.arrival_date ?? 0)).toBe('2035-01-04T00:00:00.000Z');

    await bench.advance(2 * 3600);
    expect((await stripe.payouts.retrieve(payout?.id ?? '')).status).toBe('in_transit');
    await bench.advance(daySeconds);
    expect(await stripe.payouts.retrieve(payout?.id ?? '')).toMatchObject({
      reconciliation_status: 'completed',
      status: 'paid',
    });
    expect((await eventTypes()).slice(-5)).toEqual([
      'balance.available',
      'payout.created',
      'payout.updated',
      'payout.paid',
      'payout.reconciliation_completed',
    ]);
    expect(await stripe.balance.retrieve()).toMatchObject({
      available: [{ amount: 0 }],
      pending: [{ amount: 0 }],
    });
  });

  it('is listed by payout, together with the payout itself, and sums to zero', async () => {
    await captured(5000);
    const { latest_charge: second } = await captured(3333);
    await stripe.refunds.create({ amount: 333, charge: (second as Stripe.Charge).id });
    await captured(70_000, 'nok');
    await bench.advance(4 * daySeconds);
    const payouts = (await stripe.payouts.list()).data;
    expect(payouts.map(({ amount, currency }) => `${amount} ${currency}`).sort()).toEqual([
      // 700.00 less 10.50 and 0.25; 50.00 less 0.75 and 0.25, with 33.33 less 0.50 (0.49995,
      // rounded half up) and 0.25, and less the refund of 3.33.
      '68925 nok',
      '7825 eur',
    ]);
    for (const payout of payouts) {
      const members = await stripe.balanceTransactions
        .list({ expand: ['data.source'], limit: 1, payout: payout.id })
        .autoPagingToArray({ limit: 100 });
      const own = members.filter(({ type }) => type === 'payout');
      expect(own.map(({ net, source }) => [net, (source as Stripe.Payout).id])).toEqual([
        [-payout.amount, payout.id],
      ]);
      expect(members.reduce((sum, { net }) => sum + net, 0)).toBe(0);
    }
    const charges = await stripe.balanceTransactions.list({ currency: 'eur', type: 'charge' });
    expect(charges.data.map(({ amount }) => amount)).toEqual([3333, 5000]);
  });

  it('of Friday waits over the weekend, and of a bypassing card does not wait', async () => {
    await bench.advance(4 * daySeconds);
    const friday = await captured(1000);
    const row = (friday.latest_charge as Stripe.Charge).balance_transaction;
    expect(iso((row as Stripe.BalanceTransaction).available_on)).toBe('2035-01-09T00:00:00.000Z');
    const { id } = await holdOn(stripe, 1000, { payment_method: 'pm_card_bypassPending' });
    await stripe.paymentIntents.capture(id);
    expect((await stripe.balance.retrieve()).available).toMatchObject([{ amount: 960 }]);
    await bench.advance(3 * daySeconds);
    expect((await stripe.payouts.list()).data.map(({ amount }) => amount)).toEqual([960]);
  });
});

describe('a refund', () => {
  it('gives back a part, then the rest, and no fee', async () => {
    const intent = await captured(5000);
    const charge = intent.latest_charge as Stripe.Charge;
    const first = await stripe.refunds.create({
      amount: 2000,
      expand: ['balance_transaction'],
      metadata: { credit: 'C-1' },
      payment_intent: intent.id,
      reason: 'requested_by_customer',
    });
    expect(first).toMatchObject({
      balance_transaction: { amount: -2000, fee: 0, net: -2000, type: 'refund' },
      metadata: { credit: 'C-1' },
      status: 'succeeded',
    });
    expect(await stripe.charges.retrieve(charge.id)).toMatchObject({
      amount_captured: 5000,
      amount_refunded: 2000,
      refunded: false,
    });
    expect(await errorOf(stripe.refunds.create({ amount: 4000, charge: charge.id }))).toMatchObject(
      {
        message: 'Refund amount (€40.00) is greater than unrefunded amount on charge (€30.00)',
        param: 'amount',
        statusCode: 400,
      },
    );
    await stripe.refunds.create({ charge: charge.id });
    expect(await stripe.charges.retrieve(charge.id)).toMatchObject({
      amount_refunded: 5000,
      refunded: true,
    });
    expect((await errorOf(stripe.refunds.create({ charge: charge.id }))).code).toBe(
      'charge_already_refunded',
    );
    expect((await eventTypes()).slice(-4)).toEqual([
      'refund.created',
      'charge.refunded',
      'refund.created',
      'charge.refunded',
    ]);
    await bench.advance(3700);
    expect((await eventTypes()).slice(-2)).toEqual(['refund.updated', 'charge.refund.updated']);
    const listed = await stripe.refunds.list({ payment_intent: intent.id });
    expect(listed.data.map(({ amount }) => amount)).toEqual([3000, 2000]);
  });

  it('cannot exceed what was captured, nor come before it', async () => {
    const { id } = await holdOn(stripe, 6500);
    expect((await errorOf(stripe.refunds.create({ payment_intent: id }))).message).toContain(
      'cancel the PaymentIntent',
    );
    await stripe.paymentIntents.capture(id, { amount_to_capture: 3000 });
    const error = await errorOf(stripe.refunds.create({ amount: 4000, payment_intent: id }));
    expect(error.message).toBe('Refund amount (€40.00) is greater than charge amount (€30.00)');
    const empty = await stripe.paymentIntents.create({ amount: 100, currency: 'eur' });
    expect((await errorOf(stripe.refunds.create({ payment_intent: empty.id }))).message).toContain(
      'does not have a successful charge to refund',
    );
  });

  it('shows in the summary that tests compare with their books', async () => {
    const intent = await captured(5000);
    await stripe.refunds.create({ amount: 1000, payment_intent: intent.id });
    await holdOn(stripe, 9900);
    expect(await bench.control('GET', '/summary')).toMatchObject({
      captured: { eur: 5000 },
      charges: [{ amount_captured: 5000, amount_refunded: 1000 }, { captured: false }],
      fees: { eur: 100 },
      refunded: { eur: 1000 },
    });
  });
});
