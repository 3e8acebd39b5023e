import { isExactAtStripe, minorOfStripe, stripeAmount } from './stripe-amount';

const money = (amountMinor: bigint, currency: string) => ({ amountMinor, currency });

describe("an amount in Stripe's units", () => {
  it.each([
    ['EUR', 1230n, 1230, 1230],
    ['JPY', 500n, 500, 500],
    ['ISK', 5n, 500, 500],
    ['UGX', 1500n, 150_000, 150_000],
    ['MGA', 123_400n, 1234, 1234],
    ['MGA', 123_456n, 1235, 1234],
    ['KWD', 5120n, 5120, 5120],
    ['KWD', 5124n, 5130, 5120],
    ['KWD', 4n, 10, 0],
  ])('%s %d is %d as a hold and %d as a capture', (currency, amountMinor, hold, capture) => {
    expect(stripeAmount(money(amountMinor, currency), 'up')).toBe(hold);
    expect(stripeAmount(money(amountMinor, currency), 'down')).toBe(capture);
  });

  it('that a JSON number cannot hold is refused', () =>
    expect(() => stripeAmount(money(10n ** 17n, 'EUR'), 'down')).toThrow('too large'));
});

describe('an amount that Stripe states', () => {
  it.each([
    ['eur', -1230, -1230n],
    ['jpy', 500, 500n],
    ['isk', 500, 5n],
    ['mga', 1234, 123_400n],
    ['kwd', 5120, 5120n],
  ])('in %s of %d is %d minor units', (currency, amount, amountMinor) =>
    expect(minorOfStripe(amount, currency)).toBe(amountMinor),
  );

  it('is never rounded', () =>
    expect(() => minorOfStripe(550, 'isk')).toThrow('550 isk, which is no whole minor unit'));

  it('may be finer than what can be asked for, where it is a fee', () =>
    expect(minorOfStripe(5124, 'kwd')).toBe(5124n));
});

describe('an amount that Stripe can move exactly', () => {
  it('has its smallest units only', () => {
    expect(isExactAtStripe(money(5120n, 'KWD'))).toBe(true);
    expect(isExactAtStripe(money(5124n, 'KWD'))).toBe(false);
    expect(isExactAtStripe(money(150n, 'MGA'))).toBe(false);
    expect(isExactAtStripe(money(1n, 'JPY'))).toBe(true);
  });
});
