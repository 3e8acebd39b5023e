import type { PayoutMember, SettlementEvent, TaxPortion } from '@tallywatt/contracts';
import { parseInstant, type Instant } from '@tallywatt/time';
import {
  balanceTransactionAvailable,
  balanceTransactionRecorded,
  type BalanceMovement,
  type MovementOwner,
  type PayoutState,
  type ProcessorPayout,
} from './settlement';

/**
 * How far behind what was read last a list is read again. The processor's lists can lag behind what
 * they list, and its times have whole seconds; a bank can send a payout back days after it was
 * called paid, and there are few of them to read.
 */
const overlapMs = { movements: 120_000, payouts: 30 * 86_400_000 } as const;
export type SettlementList = keyof typeof overlapMs;

/** How far back a new installation reads. */
const firstLookMs = 30 * 86_400_000;

/** From when on to read a list of which everything until `mark` was read. */
export const readFromMs = (
  list: SettlementList,
  mark: Instant | undefined,
  nowMs: number,
): number => (mark === undefined ? nowMs - firstLookMs : parseInstant(mark) - overlapMs[list]);

/** Oldest first; those of one second by id, so that every reader has one order. */
export const inOrder = <M extends Pick<BalanceMovement, 'createdAt' | 'balanceTransactionId'>>(
  movements: readonly M[],
): M[] => {
  const place = ({ createdAt, balanceTransactionId }: M) => `${createdAt} ${balanceTransactionId}`;
  return [...movements].sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
};

/** What a listed movement adds to what is known of it. */
export type MovementChange = 'added' | 'available' | 'known';

/** A settlement event with the time at which it happened at the processor. */
export type DatedSettlement = Readonly<{ event: SettlementEvent; occurredAt: Instant }>;

export type MovementReading = Readonly<{
  cpoId: string;
  movement: BalanceMovement;
  change: MovementChange;
  owner: MovementOwner | undefined;
  /** Those of the session's CDR; undefined until that has been read. */
  taxes: readonly TaxPortion[] | undefined;
  refundedBeforeMinor: bigint;
}>;

/**
 * The facts of a listed movement. Only what has a price is captured and can be refunded: a refund
 * of ours without one `waits`, because a new database is still reading it again.
 */
export const movementFacts = ({
  cpoId,
  movement,
  change,
  owner,
  taxes,
  refundedBeforeMinor,
}: MovementReading): readonly DatedSettlement[] | 'waits' => {
  const isRefund = movement.reportingCategory === 'refund';
  if (change === 'added' && isRefund && owner !== undefined && taxes === undefined) return 'waits';
  const facts: DatedSettlement[] = [];
  const { availableOn, createdAt, isAvailable } = movement;
  if (change === 'added') {
    const event = balanceTransactionRecorded(
      cpoId,
      movement,
      owner,
      taxes ?? [],
      refundedBeforeMinor,
    );
    facts.push({ event, occurredAt: createdAt });
  }
  if (isAvailable && change !== 'known') {
    // Money that was available at once became so when it came, not at a day before.
    const occurredAt = availableOn < createdAt ? createdAt : availableOn;
    facts.push({ event: balanceTransactionAvailable(cpoId, movement, owner), occurredAt });
  }
  return facts;
};

/** Members of a payout with the sessions they belong to, sorted by id. */
export const payoutMembersOf = (
  movements: readonly BalanceMovement[],
  sessionOf: (balanceTransactionId: string) => string | undefined,
): PayoutMember[] =>
  movements
    .map(({ balanceTransactionId, reportingCategory, netMinor }) => {
      const sessionId = sessionOf(balanceTransactionId);
      const session = sessionId === undefined ? {} : { sessionId };
      return { balanceTransactionId, reportingCategory, netMinor, ...session };
    })
    .sort((a, b) => (a.balanceTransactionId < b.balanceTransactionId ? -1 : 1));

/** A payout's events with when they happened. */
export const datedPayout = (
  { arrivalAt, createdAt }: ProcessorPayout,
  events: readonly SettlementEvent[],
): readonly DatedSettlement[] =>
  events.map((event) => ({
    event,
    occurredAt: event.type === 'PayoutCreated' ? createdAt : arrivalAt,
  }));

/** What has been published of a payout once these events are. */
export const payoutAfter = (
  before: PayoutState,
  events: readonly SettlementEvent[],
): PayoutState => ({
  created: true,
  paid: before.paid || events.some(({ type }) => type === 'PayoutPaid'),
  failed: before.failed || events.some(({ type }) => type === 'PayoutFailed'),
});
