import type { RecordedEvent } from '@tallywatt/contracts';
import type { Pool } from 'pg';
import type { Handle } from './chunk-transaction';
import type { ParkedRecord } from './event-log-api';
import { KeyBook } from './key-book';
import { loadParked, type ParkedRow, type ReadRecord, unpark } from './parking';
import { loadSeen, saveSeen } from './progress';
import { runTransaction, type SqlClient } from './sql-client';

/** What waits for an operator, oldest first. */
export const listParked = async (sql: SqlClient): Promise<ParkedRecord[]> => {
  const { rows } = await sql.query<ParkedRow>(
    `SELECT * FROM event_log.parked ORDER BY consumer, topic, stream_key, partition, log_offset`,
  );
  return rows.map((row) => ({
    consumer: row.consumer,
    topic: row.topic,
    key: row.stream_key,
    partition: row.partition,
    offset: BigInt(row.log_offset),
    ...(row.sequence === null ? {} : { sequence: BigInt(row.sequence) }),
    kind: row.kind,
    reason: row.reason,
    parkedAt: row.parked_at.toISOString(),
  }));
};

const bySequence = (a: ReadRecord, b: ReadRecord): number =>
  Number((a.sequence ?? 0n) - (b.sequence ?? 0n));

/**
 * Hands everything that is parked of a key to the handler again, in order, in one transaction. The
 * parking ends only if all of it succeeds; else nothing has happened and the reason is thrown.
 */
export const replayParked = async (
  pool: Pool,
  handle: Handle,
  place: { consumer: string; topic: string; key: string },
): Promise<readonly RecordedEvent[]> => {
  const { consumer, topic, key } = place;
  return runTransaction(pool, async (tx) => {
    // The consumer loop holds the same rows: meanwhile it parks and takes nothing of this topic.
    await tx.query(
      `SELECT FROM event_log.offsets WHERE consumer = $1 AND topic = $2
       ORDER BY cluster_id, partition FOR UPDATE`,
      [consumer, topic],
    );
    const records = ((await loadParked(tx, consumer, topic, [key])).get(key) ?? []).map(
      ({ record }) => record,
    );
    if (records.length === 0) throw new Error(`nothing of ${topic} ${key} is parked`);
    const unreadable = records.find(({ recorded }) => recorded === undefined);
    if (unreadable !== undefined) {
      const { partition, offset } = unreadable.record.position;
      throw new Error(
        `${topic}/${partition} at ${offset} still cannot be decoded: ${unreadable.fault?.message}`,
      );
    }
    const book = new KeyBook<ReadRecord>();
    const seen = await loadSeen(tx, consumer, topic, [key]);
    book.open(topic, key, seen.get(key) ?? 0n);
    const events: RecordedEvent[] = [];
    for (const record of [...records].sort(bySequence)) {
      for (const step of book.offer(record)) {
        if (step.do === 'park') throw new Error(`${topic} ${key}: ${step.reason}`);
        if (step.do === 'handle' && step.record.recorded) events.push(step.record.recorded);
      }
    }
    if (events.length > 0) await handle(events, tx);
    await saveSeen(tx, consumer, topic, new Map([[key, book.lastSequence(topic, key)]]));
    await unpark(tx, consumer, records);
    return events;
  });
};
