import type {
  JournalEntryPosted,
  JournalRootSigned,
  RecordedEvent,
  TopicName,
} from '@tallywatt/contracts';
import { sealDay, type Fact } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import { insertRoots } from '../outbound/root-signer';
import { factTopics } from './facts.consumer';
import { postFacts } from './posting';

/** Reads topics once from their start; `replayTopics` of the event log. */
export type ReplayLog = (
  topics: readonly TopicName[],
  handle: (events: readonly RecordedEvent[]) => Promise<void>,
) => Promise<unknown>;

/** What a rebuild found. The books are proven when all three lists are empty. */
export type RebuildReport = Readonly<{
  entries: number;
  roots: number;
  /** Recorded entries whose cause now yields another hash. */
  contradicted: readonly string[];
  /** Recorded entries that no fact of the log yields. */
  unexplained: readonly string[];
  /** Sealed days (CPO/day) whose entries have another root. */
  unsealed: readonly string[];
}>;

type Recorded = Pick<JournalEntryPosted, 'cpoId' | 'entryHash' | 'bookedAt'>;

/**
 * Builds an empty book again: every entry is derived from its cause and compared with what
 * `ledger.journal.v1` recorded; only when it was booked is taken from there. Facts that were not
 * booked yet are left to the consumer.
 */
export const rebuildJournal = async (
  replay: ReplayLog,
  inTransaction: <T>(work: (tx: SqlClient) => Promise<T>) => Promise<T>,
  taxJurisdiction: string,
): Promise<RebuildReport> => {
  const recorded = new Map<string, Recorded>();
  const roots: JournalRootSigned[] = [];
  await replay(['ledger.journal.v1'], async (events) => {
    for (const { event } of events) {
      if (event.type === 'JournalRootSigned') roots.push(event);
      if (event.type === 'JournalEntryPosted') {
        const { entryId, cpoId, entryHash, bookedAt } = event;
        recorded.set(entryId, { cpoId, entryHash, bookedAt });
      }
    }
  });

  const contradicted: string[] = [];
  const derived = new Map<string, Recorded>();
  await replay(factTopics, async (events) => {
    const facts = events as readonly RecordedEvent<Fact>[];
    const posted = await inTransaction((tx) =>
      postFacts(facts, tx, {
        taxJurisdiction,
        bookedAt: (_, entryId) => recorded.get(entryId)?.bookedAt,
      }),
    );
    for (const { entry } of posted) {
      derived.set(entry.entryId, entry);
      if (recorded.get(entry.entryId)?.entryHash !== entry.entryHash) {
        contradicted.push(entry.entryId);
      }
    }
  });

  const ordered = [...roots].sort((a, b) => (a.day < b.day ? -1 : 1));
  await inTransaction((tx) => insertRoots(tx, ordered));
  return {
    entries: derived.size,
    roots: roots.length,
    contradicted,
    unexplained: [...recorded.keys()].filter((entryId) => !derived.has(entryId)),
    unsealed: ordered
      .filter((root) => rootOf(root, derived) !== root.rootHash)
      .map(({ cpoId, day }) => `${cpoId}/${day}`),
  };
};

const rootOf = (root: JournalRootSigned, entries: ReadonlyMap<string, Recorded>): string => {
  const ofDay = [...entries]
    .filter(([, entry]) => entry.cpoId === root.cpoId && entry.bookedAt.startsWith(root.day))
    .map(([entryId, { entryHash }]) => ({ entryId, entryHash }));
  return sealDay(root.cpoId, root.day, ofDay, root.previousRootHash).rootHash;
};
