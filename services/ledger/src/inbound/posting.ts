import type { PostingRule } from '@tallywatt/accounting';
import type { EventMetadata, JournalEntryPosted, RecordedEvent } from '@tallywatt/contracts';
import {
  absentEntry,
  journalEntry,
  journalEntryId,
  postJournalEntry,
  postingFor,
  type Fact,
} from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { insertEntries, loadEntries } from '../outbound/journal-tables';

export type PostedFact = Readonly<{ entry: JournalEntryPosted; cause: EventMetadata }>;

export type PostingOptions = Readonly<{
  taxJurisdiction: string;
  /** When an entry is booked; undefined leaves it out. */
  bookedAt: (cpoId: string, entryId: string) => Instant | undefined;
}>;

/** Facts of the log, each through its rule and its entry into the tables; gives what was added. */
export const postFacts = async (
  facts: readonly RecordedEvent<Fact>[],
  tx: SqlClient,
  { taxJurisdiction, bookedAt }: PostingOptions,
): Promise<PostedFact[]> => {
  const states = await loadEntries(
    tx,
    [...new Set(facts.map(({ event }) => event.cpoId))],
    facts.flatMap((fact) => entriesTouched(fact, taxJurisdiction)),
  );
  const posted: PostedFact[] = [];
  for (const fact of facts) {
    const { cpoId } = fact.event;
    const posting = postingFor(fact.event, {
      taxJurisdiction,
      isPosted: (rule, documentId) => states.has(journalEntryId(cpoId, rule, documentId)),
    });
    if (posting.kind === 'none') continue;
    const entryId = journalEntryId(cpoId, posting.draft.rule, posting.draft.documentId);
    const at = bookedAt(cpoId, entryId);
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

/** The entry a fact books, and those its rule asks about. */
const entriesTouched = (
  { event }: RecordedEvent<Fact>,
  taxJurisdiction: string,
): readonly string[] => {
  const touched: string[] = [];
  const touch = (rule: PostingRule, documentId: string): false => {
    touched.push(journalEntryId(event.cpoId, rule, documentId));
    return false;
  };
  const posting = postingFor(event, { taxJurisdiction, isPosted: touch });
  if (posting.kind === 'entry') touch(posting.draft.rule, posting.draft.documentId);
  return touched;
};
