import { decodeRecord, type RecordedEvent } from '@tallywatt/contracts';
import { toError } from './failure';
import type { BookRecord, ParkedEntry, ParkingKind } from './key-book';
import { headerBytes, keyText, type LogRecord, storableText, storedHeaders } from './log-record';
import type { StoredHeaders } from './log-record';
import { appendParkedCopies } from './outbox';
import type { SqlClient } from './sql-client';

/** A record with what it says, or why it says nothing. */
export type ReadRecord = BookRecord & Readonly<{ record: LogRecord; recorded?: RecordedEvent }>;

/** Reads a record; what cannot be read is told, not thrown. */
export const readRecord = (record: LogRecord): ReadRecord => {
  const place = { record, topic: record.position.topic, key: keyText(record.key) };
  try {
    if (record.value === null) throw new Error('the record has no value');
    const headers = Object.create(null) as Record<string, string>;
    for (const name in record.headers) headers[name] = record.headers[name]?.toString('utf8') ?? '';
    const decoded = decodeRecord(place.key, record.value.toString('utf8'), headers);
    return {
      ...place,
      sequence: decoded.metadata.sequence,
      recorded: { ...decoded, position: record.position },
    };
  } catch (thrown) {
    return { ...place, fault: toError(thrown) };
  }
};

export type ParkedRow = Readonly<{
  consumer: string;
  cluster_id: string;
  topic: string;
  partition: number;
  log_offset: string;
  stream_key: string;
  sequence: string | null;
  kind: ParkingKind;
  reason: string;
  record_key: Buffer | null;
  record_value: Buffer | null;
  headers: StoredHeaders;
  parked_at: Date;
}>;

const fromRow = (row: ParkedRow): ParkedEntry<ReadRecord> => ({
  kind: row.kind,
  record: readRecord({
    position: { topic: row.topic, partition: row.partition, offset: BigInt(row.log_offset) },
    key: row.record_key,
    value: row.record_value,
    headers: headerBytes(row.headers),
  }),
});

/** What waits of these keys, oldest first. */
export const loadParked = async (
  tx: SqlClient,
  consumer: string,
  topic: string,
  keys: readonly string[],
): Promise<Map<string, ParkedEntry<ReadRecord>[]>> => {
  const { rows } = await tx.query<ParkedRow>(
    `SELECT * FROM event_log.parked
     WHERE consumer = $1 AND topic = $2 AND stream_key = ANY($3) ORDER BY log_offset`,
    [consumer, topic, keys],
  );
  const parked = new Map<string, ParkedEntry<ReadRecord>[]>();
  for (const row of rows) {
    parked.set(row.stream_key, [...(parked.get(row.stream_key) ?? []), fromRow(row)]);
  }
  return parked;
};

export type Parking = Readonly<{
  record: ReadRecord;
  kind: ParkingKind;
  reason: string;
  error?: Error;
}>;

/** Keeps the records whole, and sends copies to the parked topic. */
export const park = async (
  tx: SqlClient,
  place: { consumer: string; clusterId: string },
  parkings: readonly Parking[],
): Promise<void> => {
  if (parkings.length === 0) return;
  for (const { record, kind, reason, error } of parkings) {
    const { topic, partition, offset } = record.record.position;
    await tx.query(
      `INSERT INTO event_log.parked (consumer, cluster_id, topic, partition, log_offset, stream_key,
         sequence, kind, reason, stack, record_key, record_value, headers)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT (consumer, cluster_id, topic, partition, log_offset)
       DO UPDATE SET kind = excluded.kind, reason = excluded.reason, stack = excluded.stack`,
      [
        place.consumer,
        place.clusterId,
        topic,
        partition,
        offset.toString(),
        record.key,
        record.sequence?.toString() ?? null,
        kind,
        storableText(reason),
        error?.stack === undefined ? null : storableText(error.stack),
        record.record.key,
        record.record.value,
        JSON.stringify(storedHeaders(record.record.headers)),
      ],
    );
  }
  await appendParkedCopies(
    tx,
    place.clusterId,
    parkings.map(({ record, reason }) => ({
      record: record.record,
      consumer: place.consumer,
      reason,
    })),
  );
};

/** Forgets the parking of records that have been taken at last. */
export const unpark = async (
  tx: SqlClient,
  consumer: string,
  records: readonly ReadRecord[],
): Promise<void> => {
  if (records.length === 0) return;
  await tx.query(
    `DELETE FROM event_log.parked p
     USING unnest($2::text[], $3::int[], $4::bigint[]) AS u (topic, partition, log_offset)
     WHERE p.consumer = $1 AND p.topic = u.topic AND p.partition = u.partition
       AND p.log_offset = u.log_offset`,
    [
      consumer,
      records.map(({ record }) => record.position.topic),
      records.map(({ record }) => record.position.partition),
      records.map(({ record }) => record.position.offset.toString()),
    ],
  );
};
