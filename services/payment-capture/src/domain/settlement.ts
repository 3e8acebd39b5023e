import type {
  BalanceTransactionAvailable,
  BalanceTransactionRecorded,
  PayoutCreated,
  PayoutFailed,
  PayoutMember,
  PayoutPaid,
  TaxPortion,
} from '@tallywatt/contracts';
import { allocate, type Money } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';

/** One movement on the processor's balance, as the processor lists it. */
export type BalanceMovement = Readonly<{
  balanceTransactionId: string;
  reportingCategory: string;
  currency: string;
  amountMinor: bigint;
  feeMinor: bigint;
  netMinor: bigint;
  createdAt: Instant;
  availableOn: Instant;
  isAvailable: boolean;
  sourceId: string;
  /** The payment intent that its source belongs to. */
  paymentIntentId?: string;
  /** Of a refund of ours: the CDR whose lower total it gives back. */
  correctedCdrId?: string;
  description: string;
}>;

/** Which of our payments a movement belongs to, if to any. */
export type MovementOwner = Readonly<{ paymentId: string; sessionId: string }>;

/** One transfer to the bank, as the processor states it now. */
export type ProcessorPayout = Readonly<{
  payoutId: string;
  amount: Money;
  status: 'pending' | 'in_transit' | 'paid' | 'failed' | 'canceled';
  automatic: boolean;
  createdAt: Instant;
  arrivalAt: Instant;
  failureCode?: string;
}>;

const processor = 'stripe';

const absolute = (amountMinor: bigint): bigint => (amountMinor < 0n ? -amountMinor : amountMinor);

const grossOf = (tax: TaxPortion): bigint => tax.taxableMinor + tax.taxMinor;

const portionsOf = (cdrTaxes: readonly TaxPortion[], amountMinor: bigint): TaxPortion[] => {
  const perRate = allocate(amountMinor, cdrTaxes.map(grossOf));
  return cdrTaxes.map((tax, index) => {
    const gross = perRate[index] ?? 0n;
    if (gross === 0n) return { ratePercent: tax.ratePercent, taxableMinor: 0n, taxMinor: 0n };
    const [taxableMinor = 0n, taxMinor = 0n] = allocate(gross, [tax.taxableMinor, tax.taxMinor]);
    return { ratePercent: tax.ratePercent, taxableMinor, taxMinor };
  });
};

/**
 * Which part of a refund is tax, per rate of the session's CDR: in proportion, by largest
 * remainder, positive amounts that sum to the refund. Refunds of one payment are shares of what
 * has been refunded in all, so that refunding everything in parts gives back exactly the CDR's tax.
 */
export const taxesOfRefund = (
  cdrTaxes: readonly TaxPortion[],
  refundedBeforeMinor: bigint,
  amountMinor: bigint,
): TaxPortion[] => {
  if (cdrTaxes.every((tax) => grossOf(tax) === 0n)) return [];
  const before = portionsOf(cdrTaxes, refundedBeforeMinor);
  const shares = portionsOf(cdrTaxes, refundedBeforeMinor + amountMinor).map((after, index) => ({
    ratePercent: after.ratePercent,
    taxableMinor: after.taxableMinor - (before[index]?.taxableMinor ?? 0n),
    taxMinor: after.taxMinor - (before[index]?.taxMinor ?? 0n),
  }));
  // Largest remainder over several rates can take a unit back from one of them as the sum grows.
  const isSound = shares.every((share) => share.taxableMinor >= 0n && share.taxMinor >= 0n);
  const sound = isSound ? shares : portionsOf(cdrTaxes, amountMinor);
  return sound.filter((share) => grossOf(share) > 0n);
};

/** The movement as a fact, with what of a refund is tax. */
export const balanceTransactionRecorded = (
  cpoId: string,
  movement: BalanceMovement,
  owner: MovementOwner | undefined,
  cdrTaxes: readonly TaxPortion[],
  refundedBeforeMinor: bigint,
): BalanceTransactionRecorded => {
  const { paymentIntentId: _, isAvailable: _available, ...facts } = movement;
  const taxes =
    movement.reportingCategory === 'refund' && movement.correctedCdrId === undefined
      ? taxesOfRefund(cdrTaxes, refundedBeforeMinor, absolute(movement.amountMinor))
      : [];
  return {
    type: 'BalanceTransactionRecorded',
    cpoId,
    processor,
    ...facts,
    ...(owner ?? {}),
    taxes,
  };
};

/** The processor lets us have the money of a movement. */
export const balanceTransactionAvailable = (
  cpoId: string,
  movement: BalanceMovement,
  owner: MovementOwner | undefined,
): BalanceTransactionAvailable => ({
  type: 'BalanceTransactionAvailable',
  cpoId,
  balanceTransactionId: movement.balanceTransactionId,
  processor,
  reportingCategory: movement.reportingCategory,
  currency: movement.currency,
  netMinor: movement.netMinor,
  availableOn: movement.availableOn,
  ...(owner ?? {}),
});

/** What has been published about a payout so far. */
export type PayoutState = Readonly<{ created: boolean; paid: boolean; failed: boolean }>;

/** Whether a payout's present status says more than what was published; undefined is nothing. */
export const isNews = ({ status }: ProcessorPayout, state: PayoutState | undefined): boolean =>
  state?.created !== true ||
  (status === 'paid' && !state.paid) ||
  (isReturned(status) && !state.failed);

const isReturned = (status: ProcessorPayout['status']): boolean =>
  status === 'failed' || status === 'canceled';

/** A payout whose members do not add up: nothing is published until they do. */
export type PayoutMismatch = Readonly<{ expectedMinor: bigint; foundMinor: bigint }>;

type PayoutDecision =
  | Readonly<{ kind: 'published'; events: readonly (PayoutCreated | PayoutPaid | PayoutFailed)[] }>
  | Readonly<{ kind: 'mismatch'; mismatch: PayoutMismatch }>;

/**
 * What a payout's present status adds to what was published. Members are all balance transactions
 * paid out with it but its own; their nets have to sum to its amount.
 */
export const decidePayout = (
  cpoId: string,
  payout: ProcessorPayout,
  members: readonly PayoutMember[],
  state: PayoutState,
): PayoutDecision => {
  const { payoutId, amount } = payout;
  const identity = { cpoId, payoutId, processor, amount };
  const events: (PayoutCreated | PayoutPaid | PayoutFailed)[] = [];
  if (!state.created) {
    const foundMinor = members.reduce((sum, member) => sum + member.netMinor, 0n);
    if (foundMinor !== amount.amountMinor) {
      return { kind: 'mismatch', mismatch: { expectedMinor: amount.amountMinor, foundMinor } };
    }
    const { createdAt, arrivalAt } = payout;
    events.push({ type: 'PayoutCreated', ...identity, createdAt, arrivalAt, members });
  }
  if (payout.status === 'paid' && !state.paid) {
    events.push({ type: 'PayoutPaid', ...identity, arrivedAt: payout.arrivalAt });
  }
  if (isReturned(payout.status) && !state.failed) {
    const failureCode = payout.failureCode ?? payout.status;
    events.push({ type: 'PayoutFailed', ...identity, failureCode });
  }
  return { kind: 'published', events };
};
