import type { RecordedEvent } from '@tallywatt/contracts';
import type { Pool, PoolClient } from 'pg';
import { type ChunkPlace, enterChunk } from './chunk-entry';
import { crashPoint } from './crash-point';
import type { Timing } from './event-log-api';
import { isRetriable, RetriableError, toError } from './failure';
import { KeyBook } from './key-book';
import type { LogRecord } from './log-record';
import { loadParked, park, type Parking, type ReadRecord, readRecord, unpark } from './parking';
import { advanceOffset, type ConsumedPartition, loadKeys, lockOffset } from './progress';
import { type SqlClient, withClient } from './sql-client';

export type Handle = (events: readonly RecordedEvent[], tx: SqlClient) => Promise<void>;

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

type Work = {
  handled: ReadRecord[];
  drained: ReadRecord[];
  parkings: Parking[];
  dropped: number;
};

const noWork = (): Work => ({ handled: [], drained: [], parkings: [], dropped: 0 });

const openBook = async (
  tx: SqlClient,
  place: ConsumedPartition,
  records: readonly ReadRecord[],
): Promise<KeyBook<ReadRecord>> => {
  const keys = [...new Set(records.map(({ key }) => key))];
  const { seen, parkedKeys } = await loadKeys(tx, place.consumer, place.topic, keys);
  const parked =
    parkedKeys.length === 0
      ? undefined
      : await loadParked(tx, place.consumer, place.topic, parkedKeys);
  const book = new KeyBook<ReadRecord>();
  for (const key of keys) book.open(place.topic, key, seen.get(key) ?? 0n, parked?.get(key));
  return book;
};

/** Files the steps of one record, and says which records are to be handled. */
const fileSteps = (
  book: KeyBook<ReadRecord>,
  record: ReadRecord,
  work: Work,
): { record: ReadRecord; wasParked: boolean }[] => {
  const toHandle: { record: ReadRecord; wasParked: boolean }[] = [];
  for (const step of book.offer(record)) {
    if (step.do === 'drop') work.dropped += 1;
    else if (step.do === 'park') work.parkings.push(step);
    else toHandle.push(step);
  }
  return toHandle;
};

const eventsOf = (records: readonly ReadRecord[]): RecordedEvent[] =>
  records.flatMap(({ recorded }) => (recorded === undefined ? [] : [recorded]));

/** The usual way: everything that can be taken, in one call. */
const handleTogether = async (
  tx: SqlClient,
  handle: Handle,
  book: KeyBook<ReadRecord>,
  records: readonly ReadRecord[],
): Promise<Work> => {
  const work = noWork();
  for (const record of records) {
    for (const step of fileSteps(book, record, work)) {
      work.handled.push(step.record);
      if (step.wasParked) work.drained.push(step.record);
    }
  }
  if (work.handled.length > 0) await handle(eventsOf(work.handled), tx);
  return work;
};

/**
 * After a failure: one record after the other, each behind a savepoint, to find the one that fails.
 * One that waits for the outside ends the search; what came before it counts.
 */
const handleApart = async (
  tx: SqlClient,
  handle: Handle,
  book: KeyBook<ReadRecord>,
  records: readonly ReadRecord[],
): Promise<{ work: Work; blocked?: { index: number; error: Error } }> => {
  let work = noWork();
  for (const [index, record] of records.entries()) {
    const undo = book.snapshot(record.topic, record.key);
    const before: Work = {
      handled: [...work.handled],
      drained: [...work.drained],
      parkings: [...work.parkings],
      dropped: work.dropped,
    };
    await tx.query('SAVEPOINT record');
    const steps = fileSteps(book, record, work);
    for (const [at, step] of steps.entries()) {
      await tx.query('SAVEPOINT step');
      try {
        await handle(eventsOf([step.record]), tx);
        await tx.query('RELEASE SAVEPOINT step');
      } catch (thrown) {
        const error = toError(thrown);
        if (error instanceof RetriableError) {
          await tx.query('ROLLBACK TO SAVEPOINT record');
          undo();
          work = before;
          return { work, blocked: { index, error } };
        }
        if (isRetriable(error)) throw error;
        await tx.query('ROLLBACK TO SAVEPOINT step'); // fails if it was the connection that broke
        const followers = steps.slice(at + 1).map((later) => later.record);
        book.poison(step.record, followers);
        work.parkings.push({
          record: step.record,
          kind: 'poison',
          reason: `refused by the handler: ${error.message}`,
          error,
        });
        break; // the followers are parked already: only a parked record has followers
      }
      work.handled.push(step.record);
      if (step.wasParked) work.drained.push(step.record);
    }
    await tx.query('RELEASE SAVEPOINT record');
  }
  return { work };
};

const begin = (client: PoolClient, timing: Timing): Promise<unknown> =>
  // A frozen owner must not hold the offset's row for ever, nor must we wait for it for ever.
  client.query(
    `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${timing.idleTransactionMs};
     SET LOCAL lock_timeout = ${timing.idleTransactionMs};
     SET LOCAL statement_timeout = ${timing.idleTransactionMs * 4}`,
  );

/** Ends an attempt whose work has to be undone, and begun anew record by record. */
class HandleApart extends Error {}

type Attempt = 'together' | 'apart';

const takeRecords = async (
  client: PoolClient,
  handle: Handle,
  chunk: Chunk,
  stored: bigint,
  attempt: Attempt,
): Promise<ChunkOutcome> => {
  const { place } = chunk;
  const records = chunk.records
    .filter(({ position }) => position.offset >= stored)
    .map((record) => readRecord(record));
  const book = await openBook(client, place, records);
  let work: Work;
  let nextOffset = chunk.at.lastOffset + 1n;
  let blockedBy: Error | undefined;
  crashPoint('consumer.before-handle');
  if (attempt === 'together') {
    try {
      work = await handleTogether(client, handle, book, records);
    } catch (thrown) {
      // What the world does to us is not the records' fault, unless the handler says it waits.
      if (isRetriable(thrown) && !(thrown instanceof RetriableError)) throw thrown;
      throw new HandleApart('the records are taken one by one', { cause: thrown });
    }
  } else {
    const apart = await handleApart(client, handle, book, records);
    work = apart.work;
    if (apart.blocked !== undefined) {
      if (apart.blocked.index === 0) throw apart.blocked.error;
      nextOffset = (records[apart.blocked.index] as ReadRecord).record.position.offset;
      blockedBy = apart.blocked.error;
    }
  }
  crashPoint('consumer.after-handle');
  // What was parked and drained within this chunk never waited as far as anyone can see.
  const drained = new Set(work.drained);
  const parkings = work.parkings.filter(({ record }) => !drained.has(record));
  await unpark(client, place.consumer, work.drained);
  await park(client, place, parkings);
  const keys = new Set(work.handled.map(({ key }) => key));
  const seen = new Map([...keys].map((key) => [key, book.lastSequence(place.topic, key)]));
  await advanceOffset(client, place, stored, nextOffset, seen);
  crashPoint('consumer.before-commit');
  await client.query('COMMIT');
  crashPoint('consumer.after-commit');
  return {
    result: 'committed',
    nextOffset,
    handled: eventsOf(work.handled),
    parkings,
    dropped: work.dropped,
    ...(blockedBy === undefined ? {} : { blockedBy }),
  };
};

const attemptChunk = (
  parts: { pool: Pool; handle: Handle; timing: Timing },
  chunk: Chunk,
  attempt: Attempt,
): Promise<ChunkOutcome> =>
  withClient(parts.pool, async (client) => {
    await begin(client, parts.timing);
    const stored = await lockOffset(client, chunk.place);
    const entry = enterChunk(stored, chunk.at);
    if (entry.do === 'take') return takeRecords(client, parts.handle, chunk, stored, attempt);
    await client.query('ROLLBACK');
    return entry.do === 'seek'
      ? { result: 'elsewhere', offset: entry.offset }
      : { result: 'refused', offset: stored, reason: entry.reason };
  });

/**
 * One transaction for one chunk of a partition: check the stored offset, take the records, store
 * how far we are. Throws when the world misbehaves; then nothing has happened, or, if the
 * connection broke at COMMIT, all of it: the stored offset tells at the next attempt. A chunk with
 * a record that cannot be taken is rolled back and entered again, to take its records one by one:
 * the usual chunk pays for no savepoint.
 */
export const runChunk = async (
  parts: { pool: Pool; handle: Handle; timing: Timing },
  chunk: Chunk,
): Promise<ChunkOutcome> => {
  try {
    return await attemptChunk(parts, chunk, 'together');
  } catch (thrown) {
    if (!(thrown instanceof HandleApart)) throw thrown;
    return attemptChunk(parts, chunk, 'apart');
  }
};
