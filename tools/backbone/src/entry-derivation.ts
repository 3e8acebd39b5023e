import type { JournalEntryPosted, RecordedEvent } from '@tallywatt/contracts';
import {
  absentEntry,
  journalEntry,
  journalEntryId,
  postingFor,
  postJournalEntry,
  type Fact,
} from '@tallywatt/derivations';

/** What an entry says before a book has taken it: when that is, the book decides. */
export type DerivedEntry = Omit<JournalEntryPosted, 'bookedAt' | 'period'>;

const anyInstant = '1970-01-01T00:00:00.000Z';

/** The entries that follow from facts, each under its id. */
export class EntryDerivation {
  readonly entries = new Map<string, Readonly<{ entry: DerivedEntry; recordedAt: string }>>();

  constructor(private readonly taxJurisdiction: string) {}

  /**
   * @returns the id of the entry, or undefined when the fact moves nothing in the books.
   * @throws EntryInvalid, or JournalContradicted when another fact yields the same entry otherwise.
   */
  takeFact(fact: RecordedEvent<Fact>): string | undefined {
    const { cpoId } = fact.event;
    const posting = postingFor(fact.event, {
      taxJurisdiction: this.taxJurisdiction,
      isPosted: (rule, documentId) => this.entries.has(journalEntryId(cpoId, rule, documentId)),
    });
    if (posting.kind === 'none') return undefined;
    const entryId = journalEntryId(cpoId, posting.draft.rule, posting.draft.documentId);
    const known = this.entries.get(entryId);
    const decision = journalEntry.decide(
      postJournalEntry(fact, posting.draft, anyInstant),
      known === undefined ? absentEntry : { status: 'posted', entryHash: known.entry.entryHash },
    );
    if (decision.kind !== 'accepted') return entryId;
    for (const { bookedAt: _b, period: _p, ...entry } of decision.events) {
      this.entries.set(entryId, { entry, recordedAt: fact.metadata.recordedAt });
    }
    return entryId;
  }
}
