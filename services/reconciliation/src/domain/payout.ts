import type { Comparison } from './comparison';

/** What is known of a payout, by any service. */
export type PayoutState = Readonly<{
  amountMinor?: bigint;
  membersNetMinor?: bigint;
  paid: boolean;
  failed: boolean;
  /** Posting rules under which the ledger has booked it. */
  booked: readonly string[];
}>;

/** A payout that the bank sent back was not paid, whatever was said before. */
export const isPaid = (payout: PayoutState): boolean => payout.paid && !payout.failed;

/** Compares the payouts one movement was in: the last one that did not fail has to hold it. */
export const comparePayouts = (
  payoutIds: readonly string[],
  payouts: ReadonlyMap<string, PayoutState>,
  comparison: Comparison,
): void => {
  const known = payoutIds.flatMap((payoutId) => {
    const payout = payouts.get(payoutId);
    return payout === undefined ? [] : [{ payoutId, payout }];
  });
  const alive = known.filter(({ payout }) => !payout.failed);
  if (known.length === 0) comparison.awaits('payout');
  if (alive.length === 0) {
    for (const { payoutId, payout } of known) {
      comparison.differs('payout-failed', payoutId, `payout ${payoutId} failed`, {
        expectedMinor: payout.amountMinor ?? 0n,
        actualMinor: 0n,
      });
    }
  }
  for (const { payoutId, payout } of alive) comparePayout(payoutId, payout, comparison);
};

const comparePayout = (payoutId: string, payout: PayoutState, comparison: Comparison): void => {
  if (!payout.paid) comparison.awaits('payout');
  if (payout.amountMinor !== payout.membersNetMinor) {
    comparison.differs(
      'payout-differs',
      payoutId,
      `payout ${payoutId} is not the sum of its balance transactions`,
      { expectedMinor: payout.membersNetMinor ?? 0n, actualMinor: payout.amountMinor ?? 0n },
    );
  }
  // The arrival cannot be booked before it: until then only the creation is due.
  for (const rule of payout.paid ? ['payout.created', 'payout.paid'] : ['payout.created']) {
    if (!payout.booked.includes(rule)) comparison.awaits('journal');
  }
};
