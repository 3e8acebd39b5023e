import { type Comparison, sum } from './comparison';
import { comparePayouts, type PayoutState } from './payout';
import type { Refund, Subject } from './subject';

/** Stripe's legacy way to show a partial capture: the whole hold, and the rest taken back. */
export const reversalCategory = 'partial_capture_reversal';

/** Stripe's reporting categories of money given back, and of that money coming back. */
const refundCategories: readonly string[] = ['refund', 'refund_failure'];

const movementsOf = (subject: Subject, categories: readonly string[]) =>
  Object.values(subject.movements).filter(({ reportingCategory }) =>
    categories.includes(reportingCategory),
  );

const amountOf = (movements: readonly Readonly<{ amountMinor: bigint }>[]): bigint =>
  sum(movements.map(({ amountMinor }) => amountMinor));

/** The processor's charges against the captures. */
export const compareCharges = (
  subject: Subject,
  capturedMinor: bigint,
  comparison: Comparison,
): void => {
  const captures = Object.values(subject.captures);
  const charges = movementsOf(subject, ['charge']);
  const uncharged = captures.filter(
    ({ chargeId }) => !charges.some(({ sourceId }) => sourceId === chargeId),
  );
  if (uncharged.length > 0) comparison.awaits('balance-transaction');
  if (charges.length > captures.length) {
    // More charges than captures: of one more capture we may not have heard yet.
    if (comparison.awaited.has('payment')) return;
    comparison.differs(
      'charged-twice',
      'charges',
      `${charges.length} charges at the processor for ${captures.length} captures`,
      { expectedMinor: capturedMinor, actualMinor: amountOf(charges) },
    );
    return;
  }
  if (uncharged.length > 0) return;
  const chargedMinor = amountOf(charges) + amountOf(movementsOf(subject, [reversalCategory]));
  if (chargedMinor === capturedMinor) return;
  // The whole hold in the balance: the rest of it is about to be taken back.
  if (chargedMinor > capturedMinor && chargedMinor === subject.holdMinor) {
    comparison.awaits('balance-transaction');
    return;
  }
  comparison.differs(
    'settlement-differs',
    'charges',
    "the processor's charges are not what was captured",
    { expectedMinor: capturedMinor, actualMinor: chargedMinor },
  );
};

/** The processor's refunds against ours, each by the processor's id. */
export const compareRefunds = (subject: Subject, comparison: Comparison): void => {
  const movements = movementsOf(subject, refundCategories);
  for (const [refundId, refund] of Object.entries(subject.refunds)) {
    const moved = movements.filter(({ sourceId }) => sourceId === refund.processorRefundId);
    compareRefund(refundId, refund, -amountOf(moved), moved.length, comparison);
  }
  const ours = Object.values(subject.refunds).map(({ processorRefundId }) => processorRefundId);
  const foreign = movements.filter(({ sourceId }) => !ours.includes(sourceId));
  if (foreign.some(({ sourceId }) => !isTakenBack(foreign, sourceId))) comparison.awaits('refund');
};

/** A refund that bounced before it was called done names no id of the processor: there and back. */
const isTakenBack = (
  movements: readonly Readonly<{ sourceId: string; amountMinor: bigint }>[],
  refundId: string,
): boolean => amountOf(movements.filter(({ sourceId }) => sourceId === refundId)) === 0n;

const compareRefund = (
  refundId: string,
  refund: Refund,
  movedMinor: bigint,
  movementCount: number,
  comparison: Comparison,
): void => {
  if (refund.state === 'requested') {
    comparison.awaits('refund');
    return;
  }
  // A refund that failed has moved nothing, or there and back.
  const expectedMinor = refund.state === 'refunded' ? refund.amountMinor : 0n;
  if (movedMinor === expectedMinor) return;
  if (movementCount === 0 || refund.state === 'failed') {
    comparison.awaits('balance-transaction');
    return;
  }
  comparison.differs(
    'refund-differs',
    refundId,
    `the processor's refund is not what refund ${refundId} says`,
    { expectedMinor, actualMinor: movedMinor },
  );
};

/** Every movement becomes available and reaches the bank in a payout. */
export const compareDisbursement = (
  subject: Subject,
  payouts: ReadonlyMap<string, PayoutState>,
  comparison: Comparison,
): void => {
  for (const id of Object.keys(subject.movements)) {
    if (!subject.available.includes(id)) comparison.awaits('settlement');
    comparePayouts(subject.payouts[id] ?? [], payouts, comparison);
  }
};
