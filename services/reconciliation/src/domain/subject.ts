import type {
  CdrEvent,
  CdrIssued,
  CreditCdrIssued,
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
import { debtorOf, type Debtor } from './debtor';
import { withDoubt, withoutDoubt } from './subject-doubts';

/** One movement of the processor's balance that belongs to a session. */
export type Movement = Readonly<{
  reportingCategory: string;
  /** What it moved: a charge, a refund. */
  sourceId: string;
  amountMinor: bigint;
  feeMinor: bigint;
  netMinor: bigint;
  /** Of a refund: the corrected CDR whose lower total it gives back. */
  correctedCdrId?: string;
}>;

/** Money given back, or asked to be. */
export type Refund = Readonly<{
  amountMinor: bigint;
  state: 'requested' | 'refunded' | 'failed';
  processorRefundId?: string;
  /** The corrected CDR whose lower total it gives back; left out for refunds that people ask for. */
  correctedCdrId?: string;
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
  /** An open doubt, the first by its name; left out when the session is in none. */
  quarantineReason?: string;
  /** The open doubts besides that, sorted; left out when there are none. */
  furtherQuarantineReasons?: readonly string[];
  /** The CDR that stands; none while the credit of one is here and its successor is not. */
  cdr?: Readonly<{ cdrId: string; totalMinor: bigint }>;
  /** Who is billed instead of the driver; left out where a payment has to bring it. */
  debtor?: Debtor;
  /** Totals of all CDRs and credit CDRs by their id, credits below zero. */
  bills: Readonly<Record<string, Readonly<{ totalMinor: bigint; isCredit: boolean }>>>;
  withheldReason?: string;
  /** Why what came after the CDR could not be priced: a person has to look. */
  correctionWithheldReason?: string;
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
  /** What is no longer owed, by the id of the corrected CDR. */
  reductions: Readonly<Record<string, bigint>>;
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
  bills: {},
  captures: {},
  receivables: {},
  reductions: {},
  refunds: {},
  movements: {},
  available: [],
  payouts: {},
  entries: {},
});

/** What all CDRs of a session bill together, credits taken off. */
export const billedMinor = ({ bills }: Subject): bigint =>
  Object.values(bills).reduce((total, { totalMinor }) => total + totalMinor, 0n);

/** What is owed and not covered by a payment. */
export const owedMinor = ({ receivables, reductions }: Subject): bigint => {
  const openedMinor = Object.values(receivables).reduce((sum, one) => sum + one.amountMinor, 0n);
  return Object.values(reductions).reduce((sum, reducedMinor) => sum - reducedMinor, openedMinor);
};

/** A fact about one session, or about a payout that holds some of its money. */
export type SubjectFact = SessionEvent | CdrEvent | PaymentEvent | SettlementEvent | JournalEvent;

const withFact = (subject: Subject, recordedAt: Instant): Subject => ({
  ...subject,
  lastFactAt:
    subject.lastFactAt === undefined || subject.lastFactAt < recordedAt
      ? recordedAt
      : subject.lastFactAt,
});

/** The correction has come after all: only the stream that withheld it can say so. */
const withoutWithheldCorrection = ({ correctionWithheldReason: _, ...subject }: Subject): Subject =>
  subject;

const withBill = (subject: Subject, cdr: CdrIssued | CreditCdrIssued): Subject => {
  const { cdrId, currency, totalInclTaxMinor: totalMinor, type } = cdr;
  const debtor = debtorOf(cdr);
  return {
    ...withCurrency(subject, currency),
    currency,
    ...(debtor === undefined ? {} : { debtor }),
    bills: { ...subject.bills, [cdrId]: { totalMinor, isCredit: type === 'CreditCdrIssued' } },
  };
};

const withoutCdr = ({ cdr: _, ...subject }: Subject): Subject => subject;

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
      return withDoubt(subject, fact.reason);
    case 'SessionReleased':
      return withoutDoubt(subject, fact.reason);
    case 'StopCorrected':
      return { ...subject, stoppedAt: fact.stoppedAt };
    case 'CdrIssued':
      return {
        ...withoutWithheldCorrection(withBill(subject, fact)),
        cdr: { cdrId: fact.cdrId, totalMinor: fact.totalInclTaxMinor },
      };
    case 'CreditCdrIssued': {
      const credited = withBill(subject, fact);
      return credited.cdr?.cdrId === fact.creditedCdrId ? withoutCdr(credited) : credited;
    }
    case 'CdrWithheld':
      if (subject.cdr !== undefined) return { ...subject, correctionWithheldReason: fact.reason };
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
      return withRefund(subject, fact, {
        state: 'requested',
        ...(fact.correctedCdrId === undefined ? {} : { correctedCdrId: fact.correctedCdrId }),
      });
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
    case 'ReceivableReduced':
      return {
        ...withCurrency(subject, fact.amount.currency),
        reductions: { ...subject.reductions, [fact.cdrId]: fact.amount.amountMinor },
      };
    case 'BalanceTransactionRecorded': {
      const { reportingCategory, sourceId, amountMinor, feeMinor, netMinor } = fact;
      const { correctedCdrId } = fact;
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
            ...(correctedCdrId === undefined ? {} : { correctedCdrId }),
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
    case 'TransactionGapNoticed':
    case 'TransactionGapHealed':
    case 'TransactionGapGivenUp':
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
