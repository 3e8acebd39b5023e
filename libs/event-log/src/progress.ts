import { queryPrepared, type SqlClient } from './sql-client';

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
  const select = () =>
    queryPrepared<{ next_offset: string }>(tx, 'event_log.lock_offset', selectOffset, values);
  let { rows } = await select();
  if (rows.length === 0) {
    await tx.query(
      `INSERT INTO event_log.offsets (consumer, cluster_id, topic, partition, next_offset)
       VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING`,
      values,
    );
    ({ rows } = await select());
  }
  return BigInt(rows[0]?.next_offset ?? '0');
};

/**
 * Compare-and-set, with the cluster's id beside it: this is what fences a zombie. In the same
 * statement, how far the streams are that were taken.
 */
export const advanceOffset = async (
  tx: SqlClient,
  place: ConsumedPartition,
  from: bigint,
  to: bigint,
  seen: ReadonlyMap<string, bigint>,
): Promise<void> => {
  const entries = inKeyOrder(seen);
  const { rowCount } = await queryPrepared(
    tx,
    'event_log.advance_offset',
    `WITH taken AS (
       INSERT INTO event_log.seen (consumer, topic, stream_key, last_sequence)
       SELECT $1, $3, u.stream_key, u.last_sequence
       FROM unnest($7::text[], $8::bigint[]) AS u (stream_key, last_sequence)
       ON CONFLICT (consumer, topic, stream_key)
         DO UPDATE SET last_sequence = excluded.last_sequence
     )
     UPDATE event_log.offsets SET next_offset = $6
     WHERE consumer = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4
       AND next_offset = $5`,
    [
      place.consumer,
      place.clusterId,
      place.topic,
      place.partition,
      from.toString(),
      to.toString(),
      entries.map(([key]) => key),
      entries.map(([, last]) => last.toString()),
    ],
  );
  if (rowCount !== 1) throw new OffsetMoved(place, from);
};

/** How far the streams are, and which of them wait. The offset's row has to be held. */
export const loadKeys = async (
  tx: SqlClient,
  consumer: string,
  topic: string,
  keys: readonly string[],
): Promise<{ seen: Map<string, bigint>; parkedKeys: string[] }> => {
  const { rows } = await tx.query<{ stream_key: string; last_sequence: string | null }>(
    `SELECT stream_key, last_sequence FROM event_log.seen
     WHERE consumer = $1 AND topic = $2 AND stream_key = ANY($3)
     UNION ALL
     SELECT DISTINCT stream_key, NULL::bigint FROM event_log.parked
     WHERE consumer = $1 AND topic = $2 AND stream_key = ANY($3)`,
    [consumer, topic, keys],
  );
  const seen = new Map<string, bigint>();
  const parkedKeys: string[] = [];
  for (const { stream_key: key, last_sequence: last } of rows) {
    if (last === null) parkedKeys.push(key);
    else seen.set(key, BigInt(last));
  }
  return { seen, parkedKeys };
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

const inKeyOrder = (seen: ReadonlyMap<string, bigint>): [string, bigint][] =>
  [...seen].sort(([a], [b]) => (a < b ? -1 : 1));

export const saveSeen = async (
  tx: SqlClient,
  consumer: string,
  topic: string,
  seen: ReadonlyMap<string, bigint>,
): Promise<void> => {
  if (seen.size === 0) return;
  const entries = inKeyOrder(seen);
  await tx.query(
    `INSERT INTO event_log.seen (consumer, topic, stream_key, last_sequence)
     SELECT $1, $2, u.stream_key, u.last_sequence
     FROM unnest($3::text[], $4::bigint[]) AS u (stream_key, last_sequence)
     ON CONFLICT (consumer, topic, stream_key) DO UPDATE SET last_sequence = excluded.last_sequence`,
    [consumer, topic, entries.map(([key]) => key), entries.map(([, last]) => last.toString())],
  );
};
