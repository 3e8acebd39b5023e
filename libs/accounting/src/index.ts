export {
  accountKind,
  defaultChart,
  roamingAccount,
  taxAccount,
  unbilledFleetAccount,
  type Account,
  type AccountKind,
} from './chart-of-accounts';
export {
  assertBookable,
  credit,
  debit,
  entryFaults,
  EntryInvalid,
  reversedLines,
  bookedAmountMinor,
  signedAmountMinor,
  type EntryDraft,
  type EntryLine,
  type Side,
} from './journal-entry';
export { merkleRoot, type Hash, type SealedEntry } from './merkle-root';
export { permittedPostings, type PostingRule } from './permitted-postings';
export { trialBalance, type AccountBalance } from './trial-balance';
