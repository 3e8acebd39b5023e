export { cdrIdOf, creditCdrIdOf } from './cdr';
export {
  absentEntry,
  JournalContradicted,
  journalEntry,
  journalEntryHash,
  journalEntryId,
  journalEventId,
  postJournalEntry,
  type JournalEntry,
  type PostJournalEntry,
} from './journal';
export {
  bookingInstant,
  sealDay,
  sealText,
  verifyRoot,
  verifyRoots,
  type DaySeal,
  type VerifySignature,
} from './journal-root';
export { pinnedTariff } from './pinned-tariff';
export {
  postingFor,
  type Fact,
  type NoEntryReason,
  type Posting,
  type PostingContext,
} from './posting-rules';
export { ratedSession, type PinnedTariff, type RatedSession } from './rated-session';
export {
  localStartDay,
  pinnedReference,
  progressOf,
  progressUnder,
  type Progress,
} from './session-progress';
