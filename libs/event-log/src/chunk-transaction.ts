import type { RecordedEvent } from '@tallywatt/contracts';
import type { Pool, PoolClient } from 'pg';
import { type ChunkPlace, enterChunk } from './chunk-entry';
import { crashPoint } from './crash-point';
import type { Timing } from './event-log-api';
import { isRetriable, RetriableError } from './failure';
import type { KeyBook } from './key-book';
import type { LogRecord } from './log-record';
import { park, type Parking, type ReadRecord, readRecord, unpark } from './parking';
import { advanceOffsets, type ConsumedPartition, lockOffsets, type Step } from './progress';
import {
  eventsOf,
  type Handle,
  handleApart,
  handleTogether,
  openBook,
  type Work,
} from './record-work';
import { lookUpByIndex, withClient } from './sql-client';

export type { Handle } from './record-work';

export type Chunk = Readonly<{
  place: ConsumedPartition;
  at: ChunkPlace;
  records: readonly LogRecord[];
}>;

export type ChunkOutcome =
  | Readonly<{
      result: 'committed';
      nextOffset: bigint;
      handled: readonly RecordedEvent[];
      parkings: readonly Parking[];
      dropped: number;
      /** The record at `nextOffset` waits for something; what is before it is committed. */
      blockedBy?: Error;
    }>
  | Readonly<{ result: 'elsewhere'; offset: bigint }>
  | Readonly<{ result: 'refused'; offset: bigint; reason: string }>;

/** A chunk that is to be taken, from the stored offset on. */
type Entered = Readonly<{ chunk: Chunk; stored: bigint; records: readonly ReadRecord[] }>;

const begin = (client: PoolClient, timing: Timing): Promise<unknown> =>
  // A frozen owner must not hold the offset's row for ever, nor must we wait for it for ever.
  client.query(
    `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${timing.idleTransactionMs};
     SET LOCAL lock_timeout = ${timing.idleTransactionMs};
     SET LOCAL statement_timeout = ${timing.idleTransactionMs * 4};
     ${lookUpByIndex}`,
  );

/** Ends an attempt whose work has to be undone, and begun anew record by record. */
class HandleApart extends Error {}

/** What was parked and drained within one transaction never waited as far as anyone can see. */
const keepParkings = async (
  client: PoolClient,
  place: ConsumedPartition,
  works: readonly Work[],
): Promise<void> => {
  const drained = new Set(works.flatMap((work) => work.drained));
  for (const work of works) {
    work.parkings = work.parkings.filter(({ record }) => !drained.has(record));
  }
  await unpark(client, place.consumer, [...drained]);
  const parkings = works.flatMap((work) => work.parkings);
  await park(client, place, parkings);
};

const commit = async (
  client: PoolClient,
  steps: readonly Step[],
  book: KeyBook<ReadRecord>,
  works: readonly Work[],
): Promise<void> => {
  const [first] = steps as readonly [Step];
  crashPoint('consumer.after-handle');
  await keepParkings(client, first.place, works);
  const seen = new Map(
    works.flatMap(({ handled }) =>
      handled.map(({ topic, key }) => {
        return [`${topic}\n${key}`, { topic, key, last: book.lastSequence(topic, key) }];
      }),
    ),
  );
  await advanceOffsets(client, steps, [...seen.values()]);
  crashPoint('consumer.before-commit');
  await client.query('COMMIT');
  crashPoint('consumer.after-commit');
};

const committed = (work: Work, nextOffset: bigint, blockedBy?: Error): ChunkOutcome => ({
  result: 'committed',
  nextOffset,
  handled: eventsOf(work.handled),
  parkings: work.parkings,
  dropped: work.dropped,
  ...(blockedBy === undefined ? {} : { blockedBy }),
});

const takeTogether = async (
  client: PoolClient,
  handle: Handle,
  entered: readonly Entered[],
): Promise<ChunkOutcome[]> => {
  const { consumer } = (entered[0] as Entered).chunk.place;
  const book = await openBook(
    client,
    consumer,
    entered.flatMap(({ records }) => records),
  );
  crashPoint('consumer.before-handle');
  let works: Work[];
  try {
    const parts = entered.map(({ records }) => records);
    works = await handleTogether(client, handle, book, parts);
  } catch (thrown) {
    // What the world does to us is not the records' fault, unless the handler says it waits.
    if (isRetriable(thrown) && !(thrown instanceof RetriableError)) throw thrown;
    throw new HandleApart('the records are taken one by one', { cause: thrown });
  }
  const steps = entered.map(({ chunk, stored }): Step => {
    return { place: chunk.place, from: stored, to: chunk.at.lastOffset + 1n };
  });
  await commit(client, steps, book, works);
  return works.map((work, index) => committed(work, (steps[index] as Step).to));
};

const takeApart = async (
  client: PoolClient,
  handle: Handle,
  { chunk, stored, records }: Entered,
): Promise<ChunkOutcome> => {
  const { place } = chunk;
  const book = await openBook(client, place.consumer, records);
  crashPoint('consumer.before-handle');
  const { work, blocked } = await handleApart(client, handle, book, records);
  if (blocked?.index === 0) throw blocked.error;
  const to =
    blocked === undefined
      ? chunk.at.lastOffset + 1n
      : (records[blocked.index] as ReadRecord).record.position.offset;
  await commit(client, [{ place, from: stored, to }], book, [work]);
  return committed(work, to, blocked?.error);
};

/** Locks the offsets of all chunks and takes those that begin where they stand. */
const attempt = (
  { pool, timing }: { pool: Pool; timing: Timing },
  chunks: readonly Chunk[],
  take: (client: PoolClient, entered: readonly Entered[]) => Promise<ChunkOutcome[]>,
): Promise<ChunkOutcome[]> =>
  withClient(pool, async (client) => {
    await begin(client, timing);
    const stored = await lockOffsets(
      client,
      chunks.map(({ place }) => place),
    );
    const entered: Entered[] = [];
    const outcomes = chunks.map((chunk, index): ChunkOutcome | undefined => {
      const offset = stored[index] ?? 0n;
      const entry = enterChunk(offset, chunk.at);
      if (entry.do === 'seek') return { result: 'elsewhere', offset: entry.offset };
      if (entry.do === 'refuse') return { result: 'refused', offset, reason: entry.reason };
      const records = chunk.records.filter(({ position }) => position.offset >= offset);
      entered.push({ chunk, stored: offset, records: records.map(readRecord) });
      return undefined;
    });
    const taken = entered.length === 0 ? [] : await take(client, entered);
    if (entered.length === 0) await client.query('ROLLBACK');
    return outcomes.map((outcome) => outcome ?? (taken.shift() as ChunkOutcome));
  });

/**
 * One transaction for chunks of several partitions, one of each: check the stored offsets, take the
 * records, store how far we are. Throws when the world misbehaves; then nothing has happened, or,
 * if the connection broke at COMMIT, all of it: the stored offsets tell at the next attempt. Also
 * throws, with nothing done, when a record of several chunks cannot be taken: then each chunk is to
 * be run for itself. A single one is rolled back and entered again, to take its records one by one:
 * the usual chunk pays for no savepoint.
 */
export const runChunks = async (
  parts: { pool: Pool; handle: Handle; timing: Timing },
  chunks: readonly Chunk[],
): Promise<ChunkOutcome[]> => {
  const { handle } = parts;
  try {
    return await attempt(parts, chunks, (client, entered) => takeTogether(client, handle, entered));
  } catch (thrown) {
    if (!(thrown instanceof HandleApart) || chunks.length > 1) throw thrown;
    return attempt(parts, chunks, async (client, [entered]) => [
      await takeApart(client, handle, entered as Entered),
    ]);
  }
};
