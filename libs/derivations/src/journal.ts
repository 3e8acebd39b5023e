import { assertBookable, type EntryDraft, type PostingRule } from '@tallywatt/accounting';
import {
  derivedId,
  sha256Hex,
  type JournalEntryPosted,
  type RecordedEvent,
} from '@tallywatt/contracts';
import { accept, ignore, unreachable, type Decider, type Decision } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';
import type { Fact } from './posting-rules';

/** One entry of a book, as far as a decision needs to know it. */
export type JournalEntry =
  Readonly<{ status: 'absent' }> | Readonly<{ status: 'posted'; entryHash: string }>;

export const absentEntry: JournalEntry = { status: 'absent' };

const evolve = (_: JournalEntry, event: JournalEntryPosted): JournalEntry => {
  switch (event.type) {
    case 'JournalEntryPosted':
      return { status: 'posted', entryHash: event.entryHash };
    default:
      return unreachable(event.type);
  }
};

export type PostJournalEntry = Readonly<{
  type: 'PostJournalEntry';
  cpoId: string;
  draft: EntryDraft;
  causeEventId: string;
  sessionId?: string;
  paymentId?: string;
  occurredAt: Instant;
  /** When the book takes it: the shell's clock, or the recorded instant in a rebuild. */
  bookedAt: Instant;
}>;

/** The same entry id with other facts: the log, the rules or the book have been tampered with. */
export class JournalContradicted extends Error {
  readonly code = 'journal-contradicted';

  constructor(entryId: string, bookedHash: string, derivedHash: string) {
    super(
      `entry ${entryId} is booked with hash ${bookedHash}, its cause now yields ${derivedHash}`,
    );
    this.name = 'JournalContradicted';
  }
}

const decide = (
  command: PostJournalEntry,
  entry: JournalEntry,
): Decision<JournalEntryPosted, 'already-posted'> => {
  const { draft, bookedAt } = command;
  assertBookable(draft);
  const facts = {
    cpoId: command.cpoId,
    entryId: journalEntryId(command.cpoId, draft.rule, draft.documentId),
    postingRule: draft.rule,
    documentId: draft.documentId,
    causeEventId: command.causeEventId,
    ...(command.sessionId === undefined ? {} : { sessionId: command.sessionId }),
    ...(command.paymentId === undefined ? {} : { paymentId: command.paymentId }),
    currency: draft.currency,
    lines: draft.lines,
    occurredAt: command.occurredAt,
  };
  const entryHash = journalEntryHash(facts);
  switch (entry.status) {
    case 'posted':
      if (entry.entryHash === entryHash) return ignore('already-posted');
      throw new JournalContradicted(facts.entryId, entry.entryHash, entryHash);
    case 'absent':
      return accept({
        type: 'JournalEntryPosted',
        ...facts,
        bookedAt,
        period: periodOf(bookedAt),
        entryHash,
        narration: draft.narration,
      });
    default:
      return unreachable(entry);
  }
};

/** Posts each fact once. Throws EntryInvalid and JournalContradicted: broken invariants. */
export const journalEntry: Decider<
  PostJournalEntry,
  JournalEntry,
  JournalEntryPosted,
  'already-posted'
> = { initial: absentEntry, decide, evolve };

/** The command that books a fact as its rule drafted it. */
export const postJournalEntry = (
  { event, metadata }: RecordedEvent<Fact>,
  draft: EntryDraft,
  bookedAt: Instant,
): PostJournalEntry => {
  const { sessionId, paymentId } = event as { sessionId?: string; paymentId?: string };
  return {
    type: 'PostJournalEntry',
    cpoId: event.cpoId,
    draft,
    causeEventId: metadata.id,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(paymentId === undefined ? {} : { paymentId }),
    occurredAt: metadata.occurredAt,
    bookedAt,
  };
};

/** One entry per book, rule and document, whenever and how often the fact arrives. */
export const journalEntryId = (cpoId: string, rule: PostingRule, documentId: string): string =>
  derivedId(cpoId, 'journal-entry', rule, documentId);

/** The id of the event that publishes an entry: a replay publishes nothing new. */
export const journalEventId = ({
  cpoId,
  entryId,
}: Pick<JournalEntryPosted, 'cpoId' | 'entryId'>): string =>
  derivedId('JournalEntryPosted', cpoId, entryId);

/** Accounting period, YYYY-MM, of an instant. */
export const periodOf = (bookedAt: Instant): string => bookedAt.slice(0, 7);

type HashedFacts = Omit<
  JournalEntryPosted,
  'type' | 'bookedAt' | 'period' | 'entryHash' | 'narration'
>;

/**
 * SHA-256, hex, over the canonical JSON (RFC 8785) of the fact booked. When it was booked is left
 * out, so that a rebuild yields the same hash, and so is the narration, which is wording and not a
 * fact. Members stand in canonical order and are all texts, so that nothing has to be sorted.
 */
export const journalEntryHash = (entry: HashedFacts): string =>
  sha256Hex(
    JSON.stringify({
      causeEventId: entry.causeEventId,
      cpoId: entry.cpoId,
      currency: entry.currency,
      documentId: entry.documentId,
      entryId: entry.entryId,
      lines: entry.lines.map(({ account, side, amountMinor }) => ({
        account,
        amountMinor: amountMinor.toString(),
        side,
      })),
      occurredAt: entry.occurredAt,
      ...(entry.paymentId === undefined ? {} : { paymentId: entry.paymentId }),
      postingRule: entry.postingRule,
      ...(entry.sessionId === undefined ? {} : { sessionId: entry.sessionId }),
    }),
  );
