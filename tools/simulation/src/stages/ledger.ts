import {
  bookingInstant,
  journalEntry,
  journalEntryId,
  journalEventId,
  absentEntry,
  postingFor,
  postJournalEntry,
  type Fact,
  type JournalEntry,
} from '@tallywatt/derivations';
import type { JournalEntryPosted, RecordedEvent } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { Consumer, Progress } from '../ground/consumer';
import type { Table } from '../ground/disk';
import { Outbox } from '../ground/outbox';
import { Relay } from '../ground/relay';
import { SimulatedProcess } from '../ground/simulated-process';
import type { World } from '../ground/world';

export const taxJurisdiction = 'de';
export const factTopics = [
  'pricing.cdrs.v1',
  'payments.payments.v1',
  'payments.settlements.v1',
] as const;

/** The book as far as a posting needs to know it. */
type Book = Readonly<{
  get: (entryId: string) => JournalEntry | undefined;
  has: (entryId: string) => boolean;
}>;

/** One fact through its rule and its decider, as the ledger's `posting.ts` does it. */
export const entriesFor = (
  fact: RecordedEvent<Fact>,
  book: Book,
  bookedAt: Instant,
): readonly JournalEntryPosted[] => {
  const { cpoId } = fact.event;
  const posting = postingFor(fact.event, {
    taxJurisdiction,
    isPosted: (rule, documentId) => book.has(journalEntryId(cpoId, rule, documentId)),
  });
  if (posting.kind === 'none') return [];
  const entryId = journalEntryId(cpoId, posting.draft.rule, posting.draft.documentId);
  const command = postJournalEntry(fact, posting.draft, bookedAt);
  const decision = journalEntry.decide(command, book.get(entryId) ?? absentEntry);
  return decision.kind === 'accepted' ? decision.events : [];
};

/** The ledger process. */
export class Ledger {
  readonly process: SimulatedProcess;
  readonly outbox: Outbox;
  readonly progress: Progress;
  readonly entries: Table<JournalEntry>;
  readonly posted: Table<JournalEntryPosted>;
  consumer: Consumer | undefined;

  constructor(private readonly world: World) {
    this.process = new SimulatedProcess('ledger', world, () => this.boot());
    this.outbox = new Outbox(this.process.disk, 'ledger', world);
    this.progress = new Progress(this.process.disk);
    this.entries = this.process.disk.table();
    this.posted = this.process.disk.table();
  }

  private boot(): void {
    const relay = new Relay(this.process, this.outbox);
    this.consumer = new Consumer(
      this.process,
      factTopics,
      this.progress,
      (events) => events.forEach((event) => this.take(event as RecordedEvent<Fact>)),
      () => relay.wake(),
    );
    this.consumer.start();
    relay.wake();
  }

  private take(fact: RecordedEvent<Fact>): void {
    const { now } = this.world.clock;
    for (const entry of entriesFor(fact, this.entries, bookingInstant(now, undefined))) {
      const state = this.entries.get(entry.entryId) ?? absentEntry;
      this.entries.set(entry.entryId, journalEntry.evolve(state, entry));
      this.posted.set(entry.entryId, entry);
      this.outbox.append(
        [
          {
            event: entry,
            id: journalEventId(entry),
            occurredAt: entry.occurredAt,
            correlationId: fact.metadata.correlationId,
            causationId: fact.metadata.id,
          },
        ],
        { recordedAt: now },
      );
    }
  }
}
