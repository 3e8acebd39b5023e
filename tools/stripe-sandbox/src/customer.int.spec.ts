import type Stripe from 'stripe';
import { errorOf, holdOn, openWorkbench, type Workbench } from './testing/workbench';

let bench: Workbench;
let stripe: Stripe;
beforeAll(async () => {
  bench = await openWorkbench();
  ({ stripe } = bench);
});
afterAll(() => bench.sandbox.stop());

describe('customers and their cards', () => {
  it('keeps a customer', async () => {
    const customer = await stripe.customers.create({
      email: 'driver@example.test',
      metadata: { driver: 'd-1' },
    });
    await stripe.customers.update(customer.id, { metadata: { tier: 'gold' }, name: 'A. Driver' });
    expect(await stripe.customers.retrieve(customer.id)).toMatchObject({
      email: 'driver@example.test',
      livemode: false,
      metadata: { driver: 'd-1', tier: 'gold' },
      name: 'A. Driver',
    });
    const found = await stripe.customers.search({ query: "metadata['driver']:'d-1'" });
    expect(found.data.map(({ id }) => id)).toEqual([customer.id]);
  });

  it('attaches a test card as a payment method of its own', async () => {
    const customer = await stripe.customers.create({});
    const attached = await stripe.paymentMethods.attach('pm_card_mastercard', {
      customer: customer.id,
    });
    expect(attached.id).toMatch(/^pm_\w{24}$/);
    expect(attached).toMatchObject({
      card: { brand: 'mastercard', last4: '4444' },
      customer: customer.id,
    });
    const listed = await stripe.customers.listPaymentMethods(customer.id);
    expect(listed.data.map(({ id }) => id)).toEqual([attached.id]);
    const detached = await stripe.paymentMethods.detach(attached.id);
    expect(detached.customer).toBeNull();
  });

  it('makes payment methods of numbers and tokens', async () => {
    const card = { number: '4000000000009995', exp_month: 4, exp_year: 2031, cvc: '123' };
    const byNumber = await stripe.paymentMethods.create({ type: 'card', card });
    expect(byNumber.card).toMatchObject({ exp_month: 4, exp_year: 2031, last4: '9995' });
    const byToken = await stripe.paymentMethods.create({
      type: 'card',
      card: { token: 'tok_visa' },
    });
    expect(byToken.card?.last4).toBe('4242');
    const unknown = { ...card, number: '4111111111111111' };
    const error = await errorOf(stripe.paymentMethods.create({ type: 'card', card: unknown }));
    expect(error).toMatchObject({ statusCode: 402, code: 'incorrect_number' });
  });

  it('refuses to attach a card that is declined, except the one made for it', async () => {
    const customer = await stripe.customers.create({});
    const error = await errorOf(
      stripe.paymentMethods.attach('pm_card_visa_chargeDeclined', { customer: customer.id }),
    );
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' });
    const attached = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: customer.id,
    });
    const declined = await errorOf(
      holdOn(stripe, 1000, { customer: customer.id, payment_method: attached.id }),
    );
    expect(declined.decline_code).toBe('generic_decline');
  });
});
