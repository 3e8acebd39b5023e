import { businessDaysAfter } from './business-days';
import { amountText } from './currency';
import { feeMinor } from './fees';
import { signatureOf } from './webhook-delivery';

describe('the fee', () => {
  const schedule = { basisPoints: 150, fixedMinor: 25 };

  it.each([
    // 1.5 % of the amount, rounded half up, plus 0.25.
    [5000, 75 + 25],
    [3333, 50 + 25],
    [100, 2 + 25],
    [33, 0 + 25],
    [34, 1 + 25],
  ])('of %d is %d', (amountMinor, expected) => {
    expect(feeMinor(amountMinor, 'eur', schedule)).toBe(expected);
  });

  it('may differ by currency', () => {
    const perCurrency = { jpy: { basisPoints: 360, fixedMinor: 0 } };
    expect(feeMinor(10_000, 'jpy', { ...schedule, perCurrency })).toBe(360);
  });
});

describe('business days', () => {
  // 2035-01-01 was chosen because it is a Monday.
  it.each([
    ['2035-01-01T10:00:00Z', '2035-01-03'],
    ['2035-01-03T23:59:59Z', '2035-01-05'],
    ['2035-01-04T00:00:00Z', '2035-01-08'],
    ['2035-01-05T12:00:00Z', '2035-01-09'],
    ['2035-01-06T12:00:00Z', '2035-01-09'],
    ['2035-01-07T12:00:00Z', '2035-01-09'],
  ])('two after %s is %s', (from, expected) => {
    const day = businessDaysAfter(Date.parse(from) / 1000, 2);
    expect(new Date(day * 1000).toISOString()).toBe(`${expected}T00:00:00.000Z`);
  });
});

describe('an amount in a message', () => {
  it.each([
    [4000, 'eur', '€40.00'],
    [5, 'usd', '$0.05'],
    [123456789, 'usd', '$1,234,567.89'],
    [500, 'jpy', '¥500'],
  ])('%d %s reads %s', (amountMinor, currency, expected) => {
    expect(amountText(amountMinor, currency)).toBe(expected);
  });
});

describe('a webhook signature', () => {
  it('is the HMAC of the time and the body', () => {
    // printf '1700000000.{}' | openssl dgst -sha256 -hmac whsec_test
    expect(signatureOf('whsec_test', '{}', 1_700_000_000)).toBe(
      't=1700000000,v1=35495024f4ef3f94e5a93e22221544c4b75e9a42300cd965ab81cb85cd994e91',
    );
  });
});
