import type { RecordedEvent, TopicName } from '@tallywatt/contracts';
import { enterChunk } from '@tallywatt/event-log/chunk-entry';
import { KeyBook } from '@tallywatt/event-log/key-book';
import type { Disk, Table } from './disk';
import type { LogRecord } from './simulated-log';
import type { SimulatedProcess } from './simulated-process';
import { Violation } from './violation';
import { hourMs, secondMs } from './world';

/** Something of another topic has not been seen yet: the partition waits for it. */
export class NotYetKnown extends Error {}

export type Handle = (events: readonly RecordedEvent[]) => void;

/** How far a consumer is; part of the disk, so it is made once and outlives every process. */
export class Progress {
  readonly offsets: Table<number>;
  readonly seen: Table<bigint>;

  constructor(disk: Disk) {
    this.offsets = disk.table();
    this.seen = disk.table();
  }
}

type Chunk = Readonly<{ fetchedOffset: number; records: readonly LogRecord[] }>;
type Partition = {
  readonly topic: string;
  readonly partition: number;
  /** Under which its offset is stored. */
  readonly name: string;
  /** What the log holds of it, now and later. */
  readonly log: readonly LogRecord[];
  position: number;
  isBusy: boolean;
};

const recordsMax = 12;

/**
 * The consumer loop of the event log: the stored offset decides what is taken, sequence numbers
 * decide what is new, and both commit together with what the handler has written.
 */
export class Consumer {
  private readonly partitions: readonly Partition[];
  private readonly waiting = new Set<string>();

  constructor(
    private readonly process: SimulatedProcess,
    topics: readonly TopicName[],
    private readonly progress: Progress,
    private readonly handle: Handle,
    private readonly afterCommit: () => void,
  ) {
    const { log } = process.world;
    this.partitions = topics.flatMap((topic) =>
      Array.from({ length: log.partitionsOf(topic) }, (_, partition): Partition => {
        const name = `${topic}/${partition}`;
        const position = progress.offsets.get(name) ?? 0;
        const records = log.recordsOf(topic, partition);
        return { topic, partition, name, log: records, position, isBusy: false };
      }),
    );
  }

  start(): void {
    const byTopic = new Map<string, Partition[]>();
    for (const place of this.partitions) {
      const known = byTopic.get(place.topic);
      if (known === undefined) byTopic.set(place.topic, [place]);
      else known.push(place);
    }
    const notify = this.process.bound((place: Partition) => this.fetchSoon(place));
    const topics = [...byTopic.keys()] as TopicName[];
    this.process.world.log.listen(this.process.name, topics, (topic, partition) => {
      const place = byTopic.get(topic)?.[partition];
      if (place !== undefined && !place.isBusy) notify(place);
    });
    for (const place of this.partitions) {
      if (place.log.length > this.stored(place)) this.fetchSoon(place);
    }
  }

  /** Everything that is in the log has been taken. */
  hasCaughtUp(): boolean {
    return this.partitions.every((place) => place.log.length <= this.stored(place));
  }

  /** Names of the partitions that wait for something of another topic. */
  get blocked(): readonly string[] {
    return [...this.waiting];
  }

  private stored({ name }: Partition): number {
    return this.progress.offsets.get(name) ?? 0;
  }

  private fetchSoon(place: Partition): void {
    if (place.isBusy) return;
    const { chance, faults } = this.process.world;
    place.isBusy = true;
    const stallRate = place.topic === faults.slowTopic ? 0.4 : faults.partitionStalls;
    const delayMs = chance.happens(stallRate)
      ? chance.spread(secondMs, 12 * hourMs)
      : chance.spread(1, 100);
    this.process.after(delayMs, () => this.fetch(place));
  }

  private fetch(place: Partition): void {
    const { chance, faults } = this.process.world;
    const records = place.log.slice(place.position, place.position + chance.integer(1, recordsMax));
    if (records.length === 0) {
      place.isBusy = false;
      return;
    }
    const chunk = { fetchedOffset: place.position, records };
    if (chance.happens(faults.chunkAgain)) {
      // Another owner has fetched the same and wakes up later.
      this.process.after(chance.spread(10, 10 * secondMs), () => this.take(place, chunk));
    }
    this.process.after(chance.integer(0, 20), () => {
      const isBlocked = this.take(place, chunk);
      place.isBusy = false;
      if (isBlocked) this.process.after(5 * secondMs, () => this.fetchSoon(place));
      else if (place.position < place.log.length) this.fetchSoon(place);
    });
  }

  /** One transaction for one chunk; says whether the partition has to wait. */
  private take(place: Partition, chunk: Chunk): boolean {
    const { name } = place;
    let isBlocked = false;
    const nextOffset = this.process.transaction(() => {
      const stored = this.stored(place);
      const entry = enterChunk(BigInt(stored), {
        fetchedOffset: BigInt(chunk.fetchedOffset),
        firstOffset: BigInt(chunk.records[0]?.offset ?? 0),
        lastOffset: BigInt(chunk.records.at(-1)?.offset ?? 0),
        endOffset: BigInt(place.log.length),
      });
      if (entry.do === 'refuse') throw new Violation('the log never shrinks', entry.reason);
      if (entry.do === 'seek') return Number(entry.offset);
      const records = chunk.records.filter(({ offset }) => offset >= stored);
      const taken = this.takeRecords(records);
      isBlocked = taken < records.length;
      this.process.crashPoint('after its handler');
      const next = stored + taken;
      this.progress.offsets.set(name, next);
      return next;
    });
    place.position = nextOffset;
    if (isBlocked) this.waiting.add(name);
    else this.waiting.delete(name);
    this.afterCommit();
    return isBlocked;
  }

  /** Takes records until one has to wait; says how many were taken. */
  private takeRecords(records: readonly LogRecord[]): number {
    if (this.process.world.has('offset-before-the-work')) return this.takeBlindly(records);
    const book = this.openBook(records);
    try {
      this.process.disk.savepoint(() => this.handleAll(records.flatMap((r) => newIn(book, r))));
      this.saveSeen(book, records);
      return records.length;
    } catch (error) {
      if (!(error instanceof NotYetKnown)) throw error;
    }
    return this.takeApart(records);
  }

  /** One record after the other, to find the one that waits. */
  private takeApart(records: readonly LogRecord[]): number {
    for (const [index, record] of records.entries()) {
      const book = this.openBook([record]);
      try {
        this.process.disk.savepoint(() => this.handleAll(newIn(book, record)));
      } catch (error) {
        if (!(error instanceof NotYetKnown)) throw error;
        this.process.world.trace(this.process.name, () => `waits: ${error.message}`);
        return index;
      }
      this.saveSeen(book, [record]);
    }
    return records.length;
  }

  private handleAll(records: readonly LogRecord[]): void {
    const events = records.map(({ recorded }) => recorded);
    this.process.world.trace(
      this.process.name,
      () =>
        `takes ${events.map(({ event: e, metadata: m }) => `${e.type} ${m.sequence} of ${m.subject}`).join(', ')}`,
    );
    if (events.length > 0) this.handle(events);
  }

  private openBook(records: readonly LogRecord[]): KeyBook<LogRecord> {
    const book = new KeyBook<LogRecord>();
    for (const { topic, key } of records) {
      book.open(topic, key, this.progress.seen.get(`${topic}\n${key}`) ?? 0n);
    }
    return this.process.world.has('duplicates-are-taken') ? takesAll(book) : book;
  }

  private saveSeen(book: KeyBook<LogRecord>, records: readonly LogRecord[]): void {
    for (const { topic, key } of records) {
      const name = `${topic}\n${key}`;
      const last = book.lastSequence(topic, key);
      if (this.progress.seen.get(name) !== last) this.progress.seen.set(name, last);
    }
  }

  /** A planted defect: the offset is stored first, and the work is lost when the process dies. */
  private takeBlindly(records: readonly LogRecord[]): number {
    const book = this.openBook(records);
    const fresh = records.flatMap((record) => newIn(book, record));
    this.saveSeen(book, records);
    this.process.after(1, () => {
      this.process.transaction(() => this.handleAll(fresh));
      this.afterCommit();
    });
    return records.length;
  }
}

/** The records to handle; one owner per stream and one relay in order leave no gap. */
const newIn = (book: KeyBook<LogRecord>, record: LogRecord): LogRecord[] =>
  book.offer(record).flatMap((step) => {
    if (step.do === 'park')
      throw new Violation('nothing is parked', `${step.reason}: ${record.key}`);
    return step.do === 'handle' ? [step.record] : [];
  });

/** A planted defect: a book that calls everything new. */
const takesAll = (book: KeyBook<LogRecord>): KeyBook<LogRecord> => {
  const offer = book.offer.bind(book);
  book.offer = (record) => {
    const steps = offer(record);
    return steps.some((step) => step.do === 'drop')
      ? [{ do: 'handle', record, wasParked: false }]
      : steps;
  };
  return book;
};
