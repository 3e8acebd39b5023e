import type {
  CdrEvent,
  JournalEntryPosted,
  JournalEntryReversed,
  JournalEvent,
  PaymentEvent,
  SessionEvent,
  SessionStarted,
  SettlementEvent,
} from '@tallywatt/contracts';
import { unreachable } from '@tallywatt/decider';
import type { Money } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';

/** One movement of the processor's balance that belongs to a session. */
export type Movement = Readonly<{
  reportingCategory: string;
  /** What it moved: a charge, a refund. */
  sourceId: string;
  amountMinor: bigint;
  feeMinor: bigint;
  netMinor: bigint;
}>;

/** Money given back, or asked to be. */
export type Refund = Readonly<{
  amountMinor: bigint;
  state: 'requested' | 'refunded' | 'failed';
  processorRefundId?: string;
}>;

/** What a journal entry did to the accounts that have to clear. */
export type BookedEntry = Readonly<{
  postingRule: string;
  documentId: string;
  lines: readonly Readonly<{ account: string; debitMinor: bigint }>[];
}>;

/**
 * Everything every hop has said about one session. The facts come from topics that know no order
 * among each other, so each has its own place and none overwrites another.
 */
export type Subject = Readonly<{
  cpoId: string;
  sessionId: string;
  chargePointId?: string;
  /** That of the CDR; until there is one, that of the location. */
  currency?: string;
  /** Every currency that any hop has named. */
  currencies: readonly string[];
  startedAt?: Instant;
  stoppedAt?: Instant;
  closedAt?: Instant;
  /** When the close was written down: on our clock, not on the charger's. */
  closeRecordedAt?: Instant;
  quarantineReason?: string;
  cdr?: Readonly<{ cdrId: string; totalMinor: bigint }>;
  withheldReason?: string;
  moneyAtRiskMinor?: bigint;
  /** The decision that let the session start asked for a hold. */
  holdDue: boolean;
  holdMinor?: bigint;
  holdDeclined?: string;
  holdVoided: boolean;
  captureFailed?: string;
  /** By CDR id. */
  captures: Readonly<Record<string, Readonly<{ amountMinor: bigint; chargeId: string }>>>;
  /** By CDR id and reason: one CDR can leave a rest above its hold and a capture that failed. */
  receivables: Readonly<Record<string, Readonly<{ amountMinor: bigint; reason: string }>>>;
  /** By refund id. */
  refunds: Readonly<Record<string, Refund>>;
  /** By balance transaction id, as are the next two. */
  movements: Readonly<Record<string, Movement>>;
  available: readonly string[];
  payouts: Readonly<Record<string, readonly string[]>>;
  /** By entry id. */
  entries: Readonly<Record<string, BookedEntry>>;
  /** When the last of these facts was written down. */
  lastFactAt?: Instant;
}>;

export const emptySubject = (cpoId: string, sessionId: string): Subject => ({
  cpoId,
  sessionId,
  currencies: [],
  holdDue: false,
  holdVoided: false,
  captures: {},
  receivables: {},
  refunds: {},
  movements: {},
  available: [],
  payouts: {},
  entries: {},
});

/** A fact about one session, or about a payout that holds some of its money. */
export type SubjectFact = SessionEvent | CdrEvent | PaymentEvent | SettlementEvent | JournalEvent;

const withFact = (subject: Subject, recordedAt: Instant): Subject => ({
  ...subject,
  lastFactAt:
    subject.lastFactAt === undefined || subject.lastFactAt < recordedAt
      ? recordedAt
      : subject.lastFactAt,
});

const withoutQuarantine = ({ quarantineReason: _, ...subject }: Subject): Subject => subject;

/** A sorted set: the order in which facts arrive must not show. */
const including = (values: readonly string[], value: string): readonly string[] =>
  values.includes(value) ? values : [...values, value].sort();

const withCurrency = (subject: Subject, currency: string): Subject => ({
  ...subject,
  currencies: including(subject.currencies, currency),
});

const entryLines = (lines: JournalEntryPosted['lines']): BookedEntry['lines'] =>
  lines.map(({ account, side, amountMinor }) => ({
    account,
    debitMinor: side === 'debit' ? amountMinor : -amountMinor,
  }));

/**
 * Takes a fact in. Facts of one stream come in its order, those of different streams in any; a
 * stream that is read again from an earlier place changes nothing.
 */
export const evolve = (before: Subject, fact: SubjectFact, recordedAt: Instant): Subject => {
  const subject = withFact(before, recordedAt);
  switch (fact.type) {
    case 'SessionStarted': {
      const { currency } = fact.location;
      return {
        ...withCurrency(subject, currency),
        chargePointId: fact.chargePointId,
        currency: subject.cdr === undefined ? currency : (subject.currency ?? currency),
        startedAt: fact.startedAt,
        holdDue: asksForHold(fact.decision),
      };
    }
    case 'SessionStopped':
      return { ...subject, stoppedAt: fact.stoppedAt };
    case 'SessionClosed':
      return { ...subject, closedAt: fact.closedAt, closeRecordedAt: recordedAt };
    case 'SessionQuarantined':
      return { ...subject, quarantineReason: fact.reason };
    case 'SessionReleased':
      return withoutQuarantine(subject);
    case 'CdrIssued':
      return {
        ...withCurrency(subject, fact.currency),
        currency: fact.currency,
        cdr: { cdrId: fact.cdrId, totalMinor: fact.totalInclTaxMinor },
      };
    case 'CdrWithheld':
      return {
        ...subject,
        withheldReason: fact.reason,
        ...(fact.moneyAtRisk === undefined
          ? {}
          : { moneyAtRiskMinor: fact.moneyAtRisk.amountMinor }),
      };
    case 'PaymentPreauthorized':
      return {
        ...withCurrency(subject, fact.amount.currency),
        holdMinor: fact.amount.amountMinor,
      };
    case 'PaymentPreauthorizationDeclined':
      return { ...subject, holdDeclined: fact.declineCode };
    case 'PaymentCaptured': {
      const { cdrId, chargeId, amount } = fact;
      const capture = { amountMinor: amount.amountMinor, chargeId };
      return {
        ...withCurrency(subject, amount.currency),
        captures: { ...subject.captures, [cdrId]: capture },
      };
    }
    case 'PaymentCaptureFailed':
      return { ...subject, captureFailed: fact.failureCode };
    case 'PaymentVoided':
      return { ...subject, holdVoided: true };
    case 'PaymentRefundRequested':
      return withRefund(subject, fact, { state: 'requested' });
    case 'PaymentRefunded':
      return withRefund(subject, fact, {
        state: 'refunded',
        processorRefundId: fact.processorRefundId,
      });
    case 'PaymentRefundFailed':
      return withRefund(subject, fact, { state: 'failed' });
    case 'ReceivableOpened': {
      const { cdrId, reason, amount } = fact;
      return {
        ...withCurrency(subject, amount.currency),
        receivables: {
          ...subject.receivables,
          [`${cdrId}/${reason}`]: { amountMinor: amount.amountMinor, reason },
        },
      };
    }
    case 'BalanceTransactionRecorded': {
      const { reportingCategory, sourceId, amountMinor, feeMinor, netMinor } = fact;
      return {
        ...withCurrency(subject, fact.currency),
        movements: {
          ...subject.movements,
          [fact.balanceTransactionId]: {
            reportingCategory,
            sourceId,
            amountMinor,
            feeMinor,
            netMinor,
          },
        },
      };
    }
    case 'BalanceTransactionAvailable':
      return { ...subject, available: including(subject.available, fact.balanceTransactionId) };
    case 'PayoutCreated':
      return {
        ...subject,
        payouts: {
          ...subject.payouts,
          ...Object.fromEntries(
            fact.members
              .filter(({ sessionId }) => sessionId === subject.sessionId)
              .map(({ balanceTransactionId: id }) => [
                id,
                including(subject.payouts[id] ?? [], fact.payoutId),
              ]),
          ),
        },
      };
    case 'JournalEntryPosted':
      return withEntry(subject, fact, fact.postingRule, fact.documentId);
    case 'JournalEntryReversed':
      return withEntry(subject, fact, 'reversal', fact.reversedEntryId);
    // What was only asked for, evidence, and the fate of whole payouts change no session's amounts.
    case 'MeterValuesRecorded':
    case 'ChargingStateChanged':
    case 'StopConflicted':
    case 'PaymentPreauthorizationRequested':
    case 'PaymentCaptureRequested':
    case 'PaymentVoidRequested':
    case 'PayoutPaid':
    case 'PayoutFailed':
    case 'JournalRootSigned':
      return subject;
    default:
      return unreachable(fact);
  }
};

/** The rule by which payment-capture asks for a hold: accepted, on a card, for an amount. */
const asksForHold = (decision: SessionStarted['decision']): boolean =>
  decision.status === 'Accepted' &&
  decision.paymentRoute === 'card' &&
  decision.paymentMethodId !== undefined &&
  decision.hold !== undefined &&
  decision.hold.amountMinor > 0n;

/** The entry of a payout books the money of many sessions: it is noted with the payout. */
const withEntry = (
  subject: Subject,
  entry: JournalEntryPosted | JournalEntryReversed,
  postingRule: string,
  documentId: string,
): Subject => {
  if (entry.sessionId !== subject.sessionId) return subject;
  const booked = { postingRule, documentId, lines: entryLines(entry.lines) };
  return {
    ...withCurrency(subject, entry.currency),
    entries: { ...subject.entries, [entry.entryId]: booked },
  };
};

const withRefund = (
  subject: Subject,
  { refundId, amount }: Readonly<{ refundId: string; amount: Money }>,
  told: Omit<Refund, 'amountMinor'>,
): Subject => ({
  ...withCurrency(subject, amount.currency),
  refunds: {
    ...subject.refunds,
    [refundId]: { ...subject.refunds[refundId], ...told, amountMinor: amount.amountMinor },
  },
});
