import type { EventMetadata, JournalEntryPosted, RecordedEvent } from '@tallywatt/contracts';
import {
  absentEntry,
  journalEntry,
  journalEntryId,
  postJournalEntry,
  postingFor,
  type Fact,
  type Posting,
} from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { insertEntries, readBooks } from '../outbound/journal-tables';

export type PostedFact = Readonly<{ entry: JournalEntryPosted; cause: EventMetadata }>;

export type PostingOptions = Readonly<{
  taxJurisdiction: string;
  /** When an entry is booked, after the last sealed day of its book; undefined leaves it out. */
  bookedAt: (cpoId: string, entryId: string, sealedDay: string | undefined) => Instant | undefined;
}>;

/** What a fact books as far as the fact alone says it. */
type Draft = Readonly<{
  fact: RecordedEvent<Fact>;
  posting: Posting;
  /** The entry it books. */
  entryId: string | undefined;
  /** Other entries, of which its rule asks whether they are posted. */
  asked: readonly string[];
}>;

const draftOf = (fact: RecordedEvent<Fact>, taxJurisdiction: string): Draft => {
  const { cpoId } = fact.event;
  const asked: string[] = [];
  const posting = postingFor(fact.event, {
    taxJurisdiction,
    isPosted: (rule, documentId) => {
      asked.push(journalEntryId(cpoId, rule, documentId));
      return false;
    },
  });
  const entryId =
    posting.kind === 'entry'
      ? journalEntryId(cpoId, posting.draft.rule, posting.draft.documentId)
      : undefined;
  return { fact, posting, entryId, asked };
};

/** Facts of the log, each through its rule and its entry into the tables; gives what was added. */
export const postFacts = async (
  facts: readonly RecordedEvent<Fact>[],
  tx: SqlClient,
  { taxJurisdiction, bookedAt }: PostingOptions,
): Promise<PostedFact[]> => {
  const drafts = facts.map((fact) => draftOf(fact, taxJurisdiction));
  const { states, sealedDays } = await readBooks(
    tx,
    [...new Set(facts.map(({ event }) => event.cpoId))],
    drafts.flatMap(({ entryId, asked }) => (entryId === undefined ? asked : [entryId, ...asked])),
  );
  const posted: PostedFact[] = [];
  for (const { fact, posting: drafted, entryId, asked } of drafts) {
    const { cpoId } = fact.event;
    // A rule that asked about other entries gets its answers only now.
    const posting =
      asked.length === 0
        ? drafted
        : postingFor(fact.event, {
            taxJurisdiction,
            isPosted: (rule, documentId) => states.has(journalEntryId(cpoId, rule, documentId)),
          });
    if (posting.kind === 'none' || entryId === undefined) continue;
    const at = bookedAt(cpoId, entryId, sealedDays.get(cpoId));
    if (at === undefined) continue;
    const state = states.get(entryId) ?? absentEntry;
    const decision = journalEntry.decide(postJournalEntry(fact, posting.draft, at), state);
    if (decision.kind !== 'accepted') continue;
    states.set(entryId, decision.events.reduce(journalEntry.evolve, state));
    posted.push(...decision.events.map((entry) => ({ entry, cause: fact.metadata })));
  }
  await insertEntries(
    tx,
    posted.map(({ entry }) => entry),
  );
  return posted;
};
