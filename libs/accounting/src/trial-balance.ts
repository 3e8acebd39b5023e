import { signedAmountMinor, type EntryLine } from './journal-entry';

export type AccountBalance = Readonly<{
  account: string;
  currency: string;
  debitMinor: bigint;
  creditMinor: bigint;
  /** Debits less credits. */
  balanceMinor: bigint;
}>;

type Booked = Readonly<{ currency: string; lines: readonly EntryLine[] }>;

/** Sums entries by account and currency, sorted by both. All balances of a currency sum to zero. */
export const trialBalance = (entries: Iterable<Booked>): readonly AccountBalance[] => {
  const sums = new Map<string, { debitMinor: bigint; creditMinor: bigint }>();
  for (const { currency, lines } of entries) {
    for (const line of lines) {
      const key = `${line.account}\n${currency}`;
      const sum = sums.get(key) ?? { debitMinor: 0n, creditMinor: 0n };
      if (signedAmountMinor(line) > 0n) sum.debitMinor += line.amountMinor;
      else sum.creditMinor += line.amountMinor;
      sums.set(key, sum);
    }
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { debitMinor, creditMinor }]) => {
      const [account, currency] = key.split('\n') as [string, string];
      return { account, currency, debitMinor, creditMinor, balanceMinor: debitMinor - creditMinor };
    });
};
