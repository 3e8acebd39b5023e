import type { RecordedEvent } from '@tallywatt/contracts';
import { isRetriable, RetriableError, toError } from './failure';
import { KeyBook } from './key-book';
import { loadParked, type Parking, type ReadRecord } from './parking';
import { loadKeys } from './progress';
import type { SqlClient } from './sql-client';

export type Handle = (events: readonly RecordedEvent[], tx: SqlClient) => Promise<void>;

/** What became of the records of one partition. */
export type Work = {
  handled: ReadRecord[];
  drained: ReadRecord[];
  parkings: Parking[];
  dropped: number;
};

export const noWork = (): Work => ({ handled: [], drained: [], parkings: [], dropped: 0 });

/** A book of all keys of the records, as the database knows them. */
export const openBook = async (
  tx: SqlClient,
  consumer: string,
  records: readonly ReadRecord[],
): Promise<KeyBook<ReadRecord>> => {
  const places = new Map(records.map((record) => [`${record.topic}\n${record.key}`, record]));
  const known = await loadKeys(tx, consumer, [...places.values()]);
  const book = new KeyBook<ReadRecord>();
  const parkedKeys = known.filter(({ isParked }) => isParked);
  for (const topic of new Set(parkedKeys.map((key) => key.topic))) {
    const keys = parkedKeys.filter((key) => key.topic === topic);
    const parked = await loadParked(
      tx,
      consumer,
      topic,
      keys.map(({ key }) => key),
    );
    for (const { key, last } of keys) book.open(topic, key, last, parked.get(key));
  }
  for (const { topic, key, last, isParked } of known) if (!isParked) book.open(topic, key, last);
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

export const eventsOf = (records: readonly ReadRecord[]): RecordedEvent[] =>
  records.flatMap(({ recorded }) => (recorded === undefined ? [] : [recorded]));

/** The usual way: everything that can be taken, in one call for each topic. */
export const handleTogether = async (
  tx: SqlClient,
  handle: Handle,
  book: KeyBook<ReadRecord>,
  parts: readonly (readonly ReadRecord[])[],
): Promise<Work[]> => {
  const works = parts.map((records) => {
    const work = noWork();
    for (const record of records) {
      for (const step of fileSteps(book, record, work)) {
        work.handled.push(step.record);
        if (step.wasParked) work.drained.push(step.record);
      }
    }
    return work;
  });
  const handled = works.flatMap((work) => work.handled);
  for (const topic of new Set(handled.map((record) => record.topic))) {
    await handle(eventsOf(handled.filter((record) => record.topic === topic)), tx);
  }
  return works;
};

/**
 * After a failure: one record after the other, each behind a savepoint, to find the one that fails.
 * One that waits for the outside ends the search; what came before it counts.
 */
export const handleApart = async (
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
