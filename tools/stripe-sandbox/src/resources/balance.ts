import type Stripe from 'stripe';
import type { Account, Route } from '../account';

/** What the account holds now: available to be paid out, and still pending. */
export const balanceOf = (account: Account): Stripe.Balance => {
  const available = new Map<string, number>();
  const pending = new Map<string, number>();
  for (const row of account.store.all('balance_transaction')) {
    // A payout leaves the available money at once, although it arrives later.
    const isAvailable = row.status === 'available' || row.type === 'payout';
    const sums = isAvailable ? available : pending;
    sums.set(row.currency, (sums.get(row.currency) ?? 0) + row.net);
  }
  const currencies = new Set(['eur', ...available.keys(), ...pending.keys()]);
  const amounts = (sums: Map<string, number>) =>
    [...currencies].map((currency) => {
      const amount = sums.get(currency) ?? 0;
      return { amount, currency, source_types: { card: amount } };
    });
  return {
    object: 'balance',
    available: amounts(available),
    livemode: false,
    pending: amounts(pending),
  };
};

export const balanceRoutes: Route[] = [
  {
    method: 'GET',
    path: '/v1/balance',
    accepts: [],
    answer: ({ account }) => balanceOf(account),
  },
];
