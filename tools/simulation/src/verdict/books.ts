import { entryFaults, signedAmountMinor, type PostingRule } from '@tallywatt/accounting';
import type { JournalEntryPosted } from '@tallywatt/contracts';
import { hold, holdSame } from '../ground/violation';
import { standingOf, surplusMinor } from './corrections';
import type { Evidence, SessionEvidence } from './evidence';

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, one) => total + one, 0n);

const balanceOf = (entries: readonly JournalEntryPosted[], account: string): bigint =>
  sum(
    entries.flatMap(({ lines }) =>
      lines
        .filter((line) => line.account === account)
        .map((line) => signedAmountMinor({ ...line, side: line.side as 'debit' | 'credit' })),
    ),
  );

/** The books balance, clear what they must, and show the processor's balance to the cent. */
export const judgeBooks = (evidence: Evidence): void => {
  judgeEntries(evidence.journal);
  judgeStatements(evidence);
  const { journal, sessions } = evidence;
  const { movements, payouts } = evidence.system.processor.account;
  for (const session of sessions) {
    const { stored } = session;
    const ofSession = journal.filter(({ sessionId }) => sessionId === stored.sessionId);
    const owedMinor = balanceOf(ofSession, 'assets:receivable:driver');
    // What nobody could give back stays there until a person has seen to it.
    const clearsTo = -surplusMinor(session);
    holdSame(owedMinor, clearsTo, "a driver's account clears", stored.sessionId);
    judgeRevenue(session, evidence, ofSession);
  }
  const rule = "the journal is the processor's balance";
  const ofCards = movements.filter(({ reportingCategory }) => reportingCategory !== 'payout');
  const nets = (isWanted: (movement: (typeof ofCards)[number]) => boolean): bigint =>
    sum(ofCards.filter(isWanted).map(({ netMinor }) => netMinor));
  const account = (name: string): bigint => balanceOf(journal, name);
  const pendingMinor = nets(({ isAvailable }) => !isAvailable);
  holdSame(account('assets:processor:stripe:pending'), pendingMinor, rule, 'pending');
  const availableMinor = nets((m) => m.isAvailable && m.payoutId === undefined);
  holdSame(account('assets:processor:stripe:available'), availableMinor, rule, 'available');
  const paidMinor = sum(
    payouts.filter(({ status }) => status === 'paid').map(({ amountMinor }) => amountMinor),
  );
  const sentMinor = sum(payouts.map(({ amountMinor }) => amountMinor)) - paidMinor;
  holdSame(account('assets:bank:operating'), paidMinor, rule, 'bank');
  holdSame(account('assets:processor:stripe:in-transit'), sentMinor, rule, 'in transit');
  const feesMinor = sum(ofCards.map(({ feeMinor }) => feeMinor));
  holdSame(account('expenses:fees:processing'), feesMinor, rule, 'fees');
  const bouncedMinor = sum(
    ofCards
      .filter(({ reportingCategory }) => reportingCategory === 'refund_failure')
      .filter(({ correctedCdrId }) => correctedCdrId === undefined)
      .map(({ amountMinor }) => amountMinor),
  );
  // Refunds that bounce have no posting rule: they wait in suspense for somebody to explain them.
  holdSame(account('assets:suspense'), -bouncedMinor, rule, 'suspense');
};

/** Revenue and tax are those of the CDR that stands, less what people gave back of them. */
const judgeRevenue = (
  { stored, cdrs }: SessionEvidence,
  { settlements }: Evidence,
  entries: readonly JournalEntryPosted[],
): void => {
  const { cdr } = standingOf(cdrs);
  const on = (isWanted: (account: string) => boolean): bigint =>
    sum(
      [...new Set(entries.flatMap(({ lines }) => lines.map(({ account }) => account)))]
        .filter(isWanted)
        .map((account) => -balanceOf(entries, account)),
    );
  const goodwill = settlements.filter(
    (event) =>
      event.type === 'BalanceTransactionRecorded' &&
      event.sessionId === stored.sessionId &&
      event.reportingCategory === 'refund' &&
      event.correctedCdrId === undefined,
  );
  const taxBackMinor = sum(
    goodwill.flatMap((event) =>
      event.type === 'BalanceTransactionRecorded'
        ? event.taxes.map(({ taxMinor }) => taxMinor)
        : [],
    ),
  );
  const rule = 'revenue and tax are those of the CDR that stands';
  const isRevenue = (account: string): boolean =>
    account.startsWith('revenue:') && account !== 'revenue:contra:refund';
  holdSame(on(isRevenue), cdr?.totalExclTaxMinor ?? 0n, rule, `revenue of ${stored.sessionId}`);
  const taxMinor = on((account) => account.startsWith('liabilities:tax:'));
  const dueMinor = (cdr?.totalTaxMinor ?? 0n) - taxBackMinor;
  holdSame(taxMinor, dueMinor, rule, `tax of ${stored.sessionId}`);
};

const judgeEntries = (journal: readonly JournalEntryPosted[]): void => {
  const ids = new Set(journal.map(({ entryId }) => entryId));
  holdSame(ids.size, journal.length, 'no entry twice', 'entries');
  for (const entry of journal) {
    const { postingRule, documentId, currency, narration } = entry;
    const lines = entry.lines.map((line) => ({ ...line, side: line.side as 'debit' | 'credit' }));
    const rule = postingRule as PostingRule;
    const faults = entryFaults({ rule, documentId, currency, narration, lines });
    hold(faults.length === 0, 'every entry balances', () => faults.join('; '));
  }
  const lines = journal.flatMap((entry) =>
    entry.lines.map((line) => ({
      ...line,
      side: line.side as 'debit' | 'credit',
      currency: entry.currency,
    })),
  );
  holdSame(sum(lines.map(signedAmountMinor)), 0n, 'the journal balances', 'all entries');
};

/** Every movement and payout of the processor is in the log once, as the processor has it. */
const judgeStatements = ({ settlements, sessions, system }: Evidence): void => {
  const { movements, payouts } = system.processor.account;
  const rule = "the processor's statement is in the log";
  const sessionOf = new Map(
    sessions.flatMap(({ stored, intents }) =>
      intents.map(({ id }) => [id, stored.sessionId] as const),
    ),
  );
  const recorded = settlements.flatMap((event) =>
    event.type === 'BalanceTransactionRecorded'
      ? [`${event.balanceTransactionId} ${event.netMinor} ${event.sessionId ?? ''}`]
      : [],
  );
  const listed = movements.map(
    ({ balanceTransactionId: id, netMinor, paymentIntentId }) =>
      `${id} ${netMinor} ${sessionOf.get(paymentIntentId ?? '') ?? ''}`,
  );
  holdSame([...recorded].sort(), listed.sort(), rule, 'movements');
  const available = settlements.flatMap((event) =>
    event.type === 'BalanceTransactionAvailable' ? [event.balanceTransactionId] : [],
  );
  const released = movements
    .filter(({ isAvailable }) => isAvailable)
    .map(({ balanceTransactionId }) => balanceTransactionId);
  holdSame([...available].sort(), released.sort(), rule, 'available movements');
  const paid = settlements.flatMap((event) =>
    event.type === 'PayoutPaid' ? [`${event.payoutId} ${event.amount.amountMinor}`] : [],
  );
  const arrived = payouts
    .filter(({ status }) => status === 'paid')
    .map(({ id, amountMinor }) => `${id} ${amountMinor}`);
  holdSame([...paid].sort(), arrived.sort(), rule, 'payouts');
};
