import type { Currency, Money } from '@tallywatt/money';

/** How Stripe counts a currency: units = minor x `times` / `stepMinor`, and only whole units. */
type Counting = Readonly<{ stepMinor: bigint; times: bigint }>;

const asMinor: Counting = { stepMinor: 1n, times: 1n };

// docs.stripe.com/currencies, "Special cases", "Zero-decimal" and "Three-decimal currencies".
const countings: ReadonlyMap<Currency, Counting> = new Map<Currency, Counting>([
  // No decimals in ISO 4217, two at Stripe, which have to be zero.
  ...['ISK', 'UGX'].map((code) => [code, { stepMinor: 1n, times: 100n }] as const),
  // Two decimals in ISO 4217, none at Stripe.
  ...['MGA'].map((code) => [code, { stepMinor: 100n, times: 1n }] as const),
  // Three decimals, the last of which has to be zero.
  ...['BHD', 'JOD', 'KWD', 'OMR', 'TND'].map(
    (code) => [code, { stepMinor: 10n, times: 10n }] as const,
  ),
]);

const countingOf = (currency: Currency): Counting => countings.get(currency) ?? asMinor;

/** Whether Stripe can move exactly this amount. */
export const isExactAtStripe = ({ amountMinor, currency }: Money): boolean =>
  amountMinor % countingOf(currency).stepMinor === 0n;

/**
 * An amount of 0 or more in Stripe's units. What Stripe cannot express is rounded as the caller
 * says: a hold up, so that it covers; a capture down, so that the rest stays owed.
 */
export const stripeAmount = ({ amountMinor, currency }: Money, rounding: 'up' | 'down'): number => {
  const { stepMinor, times } = countingOf(currency);
  const reach = rounding === 'up' ? stepMinor - 1n : 0n;
  const amount = Number(((amountMinor + reach) / stepMinor) * times);
  // Stripe's amounts are JSON numbers; ours must not lose a unit on the way.
  if (!Number.isSafeInteger(amount)) throw new Error(`${amountMinor} is too large for Stripe`);
  return amount;
};

/** Minor units of what Stripe states; its currencies are lower case. */
export const minorOfStripe = (amount: number, currency: string): bigint => {
  const { stepMinor, times } = countingOf(currency.toUpperCase());
  const scaled = BigInt(amount) * stepMinor;
  if (scaled % times !== 0n) {
    throw new Error(`Stripe states ${amount} ${currency}, which is no whole minor unit`);
  }
  return scaled / times;
};
