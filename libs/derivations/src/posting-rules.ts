import {
  credit,
  debit,
  taxAccount,
  unbilledFleetAccount,
  type EntryDraft,
  type PostingRule,
} from '@tallywatt/accounting';
import type {
  BalanceTransactionAvailable,
  BalanceTransactionRecorded,
  CdrEvent,
  CdrIssued,
  CreditCdrIssued,
  FleetFeeCharged,
  FleetFeeEvent,
  PayoutFailed,
  PaymentEvent,
  SettlementEvent,
} from '@tallywatt/contracts';
import { unreachable } from '@tallywatt/decider';
import { cdrDebtor } from './cdr-debtor';

/** What this service reads; every event of these topics has a line in the table below. */
export type Fact = CdrEvent | FleetFeeEvent | PaymentEvent | SettlementEvent;

/** Why a fact moves nothing in the books. */
export type NoEntryReason =
  | 'nothing-due'
  | 'nothing-moved'
  | 'not-priced'
  | 'a-hold-is-not-money'
  | 'a-request-is-not-money'
  | 'booked-by-its-balance-transaction'
  | 'booked-by-its-payout';

export type Posting =
  | Readonly<{ kind: 'entry'; draft: EntryDraft }>
  | Readonly<{ kind: 'none'; reason: NoEntryReason }>;

/** What the rules need besides the fact: where tax is owed, and what the book holds already. */
export type PostingContext = Readonly<{
  taxJurisdiction: string;
  isPosted: (rule: PostingRule, documentId: string) => boolean;
}>;

/** The whole of our accounting: which fact books what. Amounts are minor units. */
export const postingFor = (fact: Fact, context: PostingContext): Posting => {
  switch (fact.type) {
    case 'CdrIssued':
      return booked(fact, `Session ${fact.sessionId} priced`, context);
    case 'CreditCdrIssued': {
      const narration = `Session ${fact.sessionId} credited: ${fact.reason}`;
      return booked(fact, narration, context);
    }
    case 'FleetFeeCharged':
      return feeCharged(fact, context);
    case 'CdrWithheld':
    case 'FleetFeeWithheld':
      return none('not-priced');
    case 'BalanceTransactionRecorded':
      return balanceTransactionRecorded(fact, context);
    case 'BalanceTransactionAvailable':
      return balanceTransactionAvailable(fact);
    case 'PayoutCreated':
      return transfer(fact, 'payout.created', `${payoutOf(fact)} created`, [
        ...debit(processorAccount(fact, 'in-transit'), fact.amount.amountMinor),
        ...credit(processorAccount(fact, 'available'), fact.amount.amountMinor),
      ]);
    case 'PayoutPaid':
      return transfer(fact, 'payout.paid', `${payoutOf(fact)} arrived at the bank`, [
        ...debit(bank, fact.amount.amountMinor),
        ...credit(processorAccount(fact, 'in-transit'), fact.amount.amountMinor),
      ]);
    case 'PayoutFailed':
      return transfer(fact, 'payout.failed', `${payoutOf(fact)} failed: ${fact.failureCode}`, [
        ...debit(processorAccount(fact, 'available'), fact.amount.amountMinor),
        ...credit(whereFailed(fact, context), fact.amount.amountMinor),
      ]);
    case 'ReceivableOpened':
      return entry({
        rule: 'receivable.opened',
        // One CDR can leave two debts: what its hold did not cover, and what was not captured.
        documentId: `${fact.cdrId}/${fact.reason}`,
        currency: fact.amount.currency,
        narration: `Session ${fact.sessionId} not covered by a payment: ${fact.reason}`,
        lines: [
          ...debit('assets:receivable:uncollected', fact.amount.amountMinor),
          ...credit(driver, fact.amount.amountMinor),
        ],
      });
    case 'ReceivableReduced':
      return entry({
        rule: 'receivable.reduced',
        documentId: fact.cdrId,
        currency: fact.amount.currency,
        narration: `Session ${fact.sessionId} owes less: its CDR was corrected`,
        lines: [
          ...debit(driver, fact.amount.amountMinor),
          ...credit('assets:receivable:uncollected', fact.amount.amountMinor),
        ],
      });
    case 'PaymentPreauthorizationRequested':
    case 'PaymentPreauthorized':
    case 'PaymentPreauthorizationDeclined':
    case 'PaymentVoidRequested':
    case 'PaymentVoided':
      return none('a-hold-is-not-money');
    case 'PaymentCaptureRequested':
    case 'PaymentRefundRequested':
      return none('a-request-is-not-money');
    case 'PaymentCaptured':
    case 'PaymentRefunded':
      return none('booked-by-its-balance-transaction');
    case 'PaymentCaptureFailed':
    case 'PaymentRefundFailed':
      return none('nothing-moved');
    default:
      return unreachable(fact);
  }
};

const bank = 'assets:bank:operating';
const driver = 'assets:receivable:driver';
const fees = 'expenses:fees:processing';
const suspense = 'assets:suspense';

/** OCPI's dimensions and ours; a minimum price top-up and a cap share an account. */
const revenueAccounts: ReadonlyMap<string, string> = new Map([
  ['ENERGY', 'revenue:charging:energy'],
  ['TIME', 'revenue:charging:time'],
  ['PARKING_TIME', 'revenue:charging:idle'],
  ['FLAT', 'revenue:charging:session-fee'],
  ['DISCOUNT', 'revenue:contra:discount'],
  ['ADJUSTMENT', 'revenue:charging:price-limit'],
]);

/** What a home network or a fleet is billed is one revenue, whatever its lines are for. */
const debtorRevenue = { 'roaming-partner': 'revenue:roaming', fleet: 'revenue:fleet' } as const;

/** A credit CDR books the mirror image of its CDR: its amounts are negative. */
const booked = (
  cdr: CdrIssued | CreditCdrIssued,
  narration: string,
  { taxJurisdiction }: PostingContext,
): Posting => {
  if (cdr.totalInclTaxMinor === 0n) return none('nothing-due');
  const debtor = cdrDebtor(cdr);
  const revenue = new Map<string, bigint>();
  for (const line of cdr.lines) {
    const ofDimension = revenueAccounts.get(line.dimension);
    // Unknown is never zero: the books refuse an account they lack, and the record is parked.
    const account =
      ofDimension === undefined
        ? `revenue:charging:unknown:${line.dimension}`
        : debtor.kind === 'driver'
          ? ofDimension
          : debtorRevenue[debtor.kind];
    revenue.set(account, (revenue.get(account) ?? 0n) + line.amountMinor);
  }
  return entry({
    rule: cdr.type === 'CdrIssued' ? debtor.issuedBy : debtor.creditedBy,
    documentId: cdr.cdrId,
    currency: cdr.currency,
    narration,
    lines: [
      ...debit(debtor.account, cdr.totalInclTaxMinor),
      ...[...revenue].flatMap(([account, amountMinor]) => credit(account, amountMinor)),
      ...cdr.taxes.flatMap(({ taxMinor }) => credit(taxAccount(taxJurisdiction), taxMinor)),
    ],
  });
};

/** Beside the sessions of its month, on the account that the fleet's invoice clears. */
const feeCharged = (fee: FleetFeeCharged, { taxJurisdiction }: PostingContext): Posting =>
  fee.amountInclTaxMinor === 0n
    ? none('nothing-due')
    : entry({
        rule: 'fleet-fee.charged',
        documentId: fee.feeId,
        currency: fee.currency,
        narration: `Plan ${fee.plan} in ${fee.period}: ${fee.days} of ${fee.daysInMonth} days`,
        lines: [
          ...debit(unbilledFleetAccount(fee.fleetRef), fee.amountInclTaxMinor),
          ...credit('revenue:fleet', fee.amountExclTaxMinor),
          ...credit(taxAccount(taxJurisdiction), fee.taxMinor),
        ],
      });

/** By Stripe's `reporting_category`; one that no line names goes to suspense, never nowhere. */
const balanceTransactionRecorded = (
  movement: BalanceTransactionRecorded,
  { taxJurisdiction }: PostingContext,
): Posting => {
  const { amountMinor, feeMinor, netMinor, currency, reportingCategory } = movement;
  const document = { documentId: movement.balanceTransactionId, currency };
  const pending = processorAccount(movement, 'pending');
  const cash = [...debit(pending, netMinor), ...debit(fees, feeMinor)];
  switch (reportingCategory) {
    case 'charge':
      return entry({
        ...document,
        rule: 'payment.captured',
        narration: `Captured by ${movement.processor}, fee withheld`,
        lines: [...cash, ...credit(driver, amountMinor)],
      });
    case 'refund':
    case 'refund_failure': {
      // The credit CDR has taken back revenue and tax: what is left is the driver's own money.
      if (movement.correctedCdrId !== undefined) {
        const how = reportingCategory === 'refund' ? 'Refunded through' : 'Refund came back from';
        return entry({
          ...document,
          rule: 'payment.refunded',
          narration: `${how} ${movement.processor}: the CDR was corrected`,
          lines: [...debit(driver, -amountMinor), ...cash],
        });
      }
      if (reportingCategory === 'refund_failure') return unexplained(movement, cash);
      const taxMinor = movement.taxes.reduce((sum, portion) => sum + portion.taxMinor, 0n);
      return entry({
        ...document,
        rule: 'payment.refunded',
        narration: `Refunded through ${movement.processor}`,
        lines: [
          ...debit('revenue:contra:refund', -amountMinor - taxMinor),
          ...movement.taxes.flatMap((tax) => debit(taxAccount(taxJurisdiction), tax.taxMinor)),
          ...cash,
        ],
      });
    }
    case 'fee':
    case 'network_cost':
    case 'stripe_fee':
      return entry({
        ...document,
        rule: 'processor.fee',
        narration: `Fee of ${movement.processor}: ${movement.description}`,
        lines: [...debit(fees, -netMinor), ...debit(pending, netMinor)],
      });
    case 'payout':
    case 'payout_reversal':
      return none('booked-by-its-payout');
    default:
      return unexplained(movement, cash);
  }
};

const unexplained = (movement: BalanceTransactionRecorded, cash: EntryDraft['lines']): Posting => {
  const { amountMinor, currency, processor, reportingCategory } = movement;
  return entry({
    documentId: movement.balanceTransactionId,
    currency,
    rule: 'processor.unknown',
    narration: `No rule for '${reportingCategory}' of ${processor}: to be explained`,
    lines: [...cash, ...credit(suspense, amountMinor)],
  });
};

/** The payout says what these say. Others only sound like it: payout_minimum_balance_hold. */
const ofPayouts: ReadonlySet<string> = new Set(['payout', 'payout_reversal']);

const balanceTransactionAvailable = (movement: BalanceTransactionAvailable): Posting => {
  if (ofPayouts.has(movement.reportingCategory)) return none('booked-by-its-payout');
  return entry({
    rule: 'processor.settled',
    documentId: movement.balanceTransactionId,
    currency: movement.currency,
    narration: `Available at ${movement.processor}`,
    lines: [
      ...debit(processorAccount(movement, 'available'), movement.netMinor),
      ...credit(processorAccount(movement, 'pending'), movement.netMinor),
    ],
  });
};

type Payout = Extract<Fact, { payoutId: string }>;

/** A payout that came back after it had been booked at the bank comes back from there. */
const whereFailed = (payout: PayoutFailed, { isPosted }: PostingContext): string =>
  isPosted('payout.paid', payout.payoutId) ? bank : processorAccount(payout, 'in-transit');

const payoutOf = ({ payoutId }: Payout): string => `Payout ${payoutId}`;

const processorAccount = (
  { processor }: Readonly<{ processor: string }>,
  state: 'pending' | 'available' | 'in-transit',
): string => `assets:processor:${processor}:${state}`;

const transfer = (
  payout: Payout,
  rule: PostingRule,
  narration: string,
  lines: EntryDraft['lines'],
): Posting =>
  entry({
    rule,
    documentId: payout.payoutId,
    currency: payout.amount.currency,
    narration,
    lines,
  });

const entry = (draft: EntryDraft): Posting =>
  draft.lines.length === 0 ? none('nothing-moved') : { kind: 'entry', draft };

const none = (reason: NoEntryReason): Posting => ({ kind: 'none', reason });
