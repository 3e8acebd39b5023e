/** A hop that has not said its word yet. */
export type Awaited =
  | 'session-close'
  | 'cdr'
  | 'payment'
  | 'void'
  | 'refund'
  | 'balance-transaction'
  | 'settlement'
  | 'payout'
  | 'journal'
  | 'review';

export type DiscrepancyKind =
  | 'charged-twice'
  | 'captured-differs'
  | 'settlement-differs'
  | 'refund-differs'
  | 'payout-differs'
  | 'payout-failed'
  | 'journal-differs'
  | 'currency-differs';

export type Discrepancy = Readonly<{
  kind: DiscrepancyKind;
  /** Which of several: a charge, a refund, a payout, an account. */
  about: string;
  detail: string;
  /** Left out where the difference is none of amounts. */
  expectedMinor?: bigint;
  actualMinor?: bigint;
}>;

export const sum = (amounts: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};

/**
 * Collects what is awaited and what differs while the hops are walked. Topics know no order among
 * each other: as long as an answer can still be on its way, a difference is something awaited.
 */
export class Comparison {
  readonly awaited = new Set<Awaited>();
  readonly discrepancies: Discrepancy[] = [];

  awaits(hop: Awaited): void {
    this.awaited.add(hop);
  }

  differs(
    kind: DiscrepancyKind,
    about: string,
    detail: string,
    amounts: Readonly<{ expectedMinor: bigint; actualMinor: bigint }> | undefined,
  ): void {
    // Two movements can be in one payout: what is wrong with it is wrong once.
    const isSame = (other: Discrepancy) => other.kind === kind && other.about === about;
    if (this.discrepancies.some(isSame)) return;
    this.discrepancies.push({ kind, about, detail, ...amounts });
  }
}
