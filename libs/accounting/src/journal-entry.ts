import { accountKind } from './chart-of-accounts';
import { permittedPostings, type PostingRule } from './permitted-postings';

export type Side = 'debit' | 'credit';

/** One line of an entry: sided, and always positive. */
export type EntryLine = Readonly<{ account: string; side: Side; amountMinor: bigint }>;

/** A fact on its way into a book. */
export type EntryDraft = Readonly<{
  rule: PostingRule;
  /** The fact booked: a CDR, a balance transaction, a payout, ... */
  documentId: string;
  currency: string;
  lines: readonly EntryLine[];
  narration: string;
}>;

/** A broken invariant of the books: such an entry is parked and never posted. */
export class EntryInvalid extends Error {
  constructor(draft: EntryDraft, faults: readonly string[]) {
    super(`${draft.rule} of ${draft.documentId} cannot be booked: ${faults.join('; ')}`);
    this.name = 'EntryInvalid';
  }
}

/** A debit for a positive amount, a credit of the same account for a negative one, none for zero. */
export const debit = (account: string, amountMinor: bigint): readonly EntryLine[] =>
  sided(account, 'debit', amountMinor);

/** A credit for a positive amount, a debit of the same account for a negative one, none for zero. */
export const credit = (account: string, amountMinor: bigint): readonly EntryLine[] =>
  sided(account, 'credit', amountMinor);

const opposite = (side: Side): Side => (side === 'debit' ? 'credit' : 'debit');

const sided = (account: string, side: Side, amountMinor: bigint): readonly EntryLine[] => {
  if (amountMinor === 0n) return [];
  return amountMinor > 0n
    ? [{ account, side, amountMinor }]
    : [{ account, side: opposite(side), amountMinor: -amountMinor }];
};

/** Debits less credits, in minor units. */
export const signedAmountMinor = (line: EntryLine): bigint =>
  line.side === 'debit' ? line.amountMinor : -line.amountMinor;

/**
 * The amount of a recorded line as the books keep it: above zero for a debit, below for a credit.
 *
 * @throws RangeError when the line is neither, or its amount is not positive.
 */
export const bookedAmountMinor = (
  line: Readonly<{ account: string; side: string; amountMinor: bigint }>,
): bigint => {
  const { account, side, amountMinor } = line;
  if (amountMinor <= 0n) throw new RangeError(`${account}: ${amountMinor} is not positive`);
  if (side === 'debit') return amountMinor;
  if (side === 'credit') return -amountMinor;
  throw new RangeError(`${account}: '${side}' is neither debit nor credit`);
};

/** Everything that is wrong with an entry; empty when it may be booked. */
export const entryFaults = (draft: EntryDraft): readonly string[] => {
  const faults: string[] = [];
  if (draft.lines.length < 2) faults.push('an entry has at least two lines');
  let balanceMinor = 0n;
  for (const line of draft.lines) {
    if (line.amountMinor <= 0n) faults.push(`${line.account}: a line is positive`);
    if (accountKind(line.account) === undefined) faults.push(`${line.account}: not in the chart`);
    else if (!permitted(draft.rule, line)) {
      faults.push(`${line.account}: ${draft.rule} may not ${line.side} it`);
    }
    balanceMinor += signedAmountMinor(line);
  }
  if (balanceMinor !== 0n) {
    faults.push(`debits and credits differ by ${balanceMinor} ${draft.currency} minor units`);
  }
  return faults;
};

/** @throws EntryInvalid when it does not balance, or posts where its rule may not. */
export const assertBookable = (draft: EntryDraft): void => {
  const faults = entryFaults(draft);
  if (faults.length > 0) throw new EntryInvalid(draft, faults);
};

/** The mirror image that undoes an entry. */
export const reversedLines = (lines: readonly EntryLine[]): readonly EntryLine[] =>
  lines.map((line) => ({ ...line, side: opposite(line.side) }));

const permitted = (rule: PostingRule, line: EntryLine): boolean =>
  permittedPostings[rule].some(
    ([side, account]) => side === line.side && matches(account, line.account),
  );

const matches = (pattern: string, account: string): boolean =>
  pattern.endsWith(':*') ? account.startsWith(pattern.slice(0, -1)) : pattern === account;
