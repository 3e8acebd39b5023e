import type { SqlClient } from './sql-client';

/** A partition as one consumer reads it. */
export type ConsumedPartition = Readonly<{
  consumer: string;
  clusterId: string;
  topic: string;
  partition: number;
}>;

/** The stored offset was moved by somebody else although we held its row: we are not the owner. */
export class OffsetMoved extends Error {
  readonly retriable = true;
  constructor(place: ConsumedPartition, expected: bigint) {
    super(`${place.consumer}: ${place.topic}/${place.partition} is no longer at ${expected}`);
    this.name = 'OffsetMoved';
  }
}

const selectOffset = `SELECT next_offset FROM event_log.offsets
  WHERE consumer = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4 FOR UPDATE`;

/** Reads the stored offset and holds its row: two owners of a partition go one after the other. */
export const lockOffset = async (tx: SqlClient, place: ConsumedPartition): Promise<bigint> => {
  const values = [place.consumer, place.clusterId, place.topic, place.partition];
  let { rows } = await tx.query<{ next_offset: string }>(selectOffset, values);
  if (rows.length === 0) {
    await tx.query(
      `INSERT INTO event_log.offsets (consumer, cluster_id, topic, partition, next_offset)
       VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING`,
      values,
    );
    ({ rows } = await tx.query<{ next_offset: string }>(selectOffset, values));
  }
  return BigInt(rows[0]?.next_offset ?? '0');
};

/** Compare-and-set, with the cluster's id beside it: this is what fences a zombie. */
export const advanceOffset = async (
  tx: SqlClient,
  place: ConsumedPartition,
  from: bigint,
  to: bigint,
): Promise<void> => {
  const { rowCount } = await tx.query(
    `UPDATE event_log.offsets SET next_offset = $6
     WHERE consumer = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4
       AND next_offset = $5`,
    [place.consumer, place.clusterId, place.topic, place.partition, from.toString(), to.toString()],
  );
  if (rowCount !== 1) throw new OffsetMoved(place, from);
};

export const loadSeen = async (
  tx: SqlClient,
  consumer: string,
  topic: string,
  keys: readonly string[],
): Promise<Map<string, bigint>> => {
  const { rows } = await tx.query<{ stream_key: string; last_sequence: string }>(
    `SELECT stream_key, last_sequence FROM event_log.seen
     WHERE consumer = $1 AND topic = $2 AND stream_key = ANY($3)`,
    [consumer, topic, keys],
  );
  return new Map(rows.map((row) => [row.stream_key, BigInt(row.last_sequence)]));
};

export const saveSeen = async (
  tx: SqlClient,
  consumer: string,
  topic: string,
  seen: ReadonlyMap<string, bigint>,
): Promise<void> => {
  if (seen.size === 0) return;
  const entries = [...seen].sort(([a], [b]) => (a < b ? -1 : 1));
  await tx.query(
    `INSERT INTO event_log.seen (consumer, topic, stream_key, last_sequence)
     SELECT $1, $2, u.stream_key, u.last_sequence
     FROM unnest($3::text[], $4::bigint[]) AS u (stream_key, last_sequence)
     ON CONFLICT (consumer, topic, stream_key) DO UPDATE SET last_sequence = excluded.last_sequence`,
    [consumer, topic, entries.map(([key]) => key), entries.map(([, last]) => last.toString())],
  );
};
