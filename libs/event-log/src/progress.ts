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
  constructor(steps: readonly Step[]) {
    const places = steps.map(({ place, from }) => `${place.topic}/${place.partition} at ${from}`);
    super(`${steps[0]?.place.consumer}: no longer are all of ${places.join(', ')}`);
    this.name = 'OffsetMoved';
  }
}

const selectOffsets = `SELECT topic, partition, next_offset FROM event_log.offsets
  WHERE consumer = $1 AND cluster_id = $2
    AND (topic, partition) IN (SELECT * FROM unnest($3::text[], $4::int[]))
  ORDER BY topic, partition FOR UPDATE`;

/** How far a partition was and will be. */
export type Step = Readonly<{ place: ConsumedPartition; from: bigint; to: bigint }>;

/**
 * Reads the stored offsets of partitions of one consumer and holds their rows: two owners of a
 * partition go one after the other. Gives them in the order of the places.
 */
export const lockOffsets = async (
  tx: SqlClient,
  places: readonly ConsumedPartition[],
): Promise<bigint[]> => {
  const values = [
    places[0]?.consumer,
    places[0]?.clusterId,
    places.map(({ topic }) => topic),
    places.map(({ partition }) => partition),
  ];
  type Row = { topic: string; partition: number; next_offset: string };
  const select = () => queryPrepared<Row>(tx, 'event_log.lock_offsets', selectOffsets, values);
  let { rows } = await select();
  if (rows.length < places.length) {
    await tx.query(
      `INSERT INTO event_log.offsets (consumer, cluster_id, topic, partition, next_offset)
       SELECT $1, $2, topic, partition, 0 FROM unnest($3::text[], $4::int[]) AS u (topic, partition)
       ORDER BY topic, partition ON CONFLICT DO NOTHING`,
      values,
    );
    ({ rows } = await select());
  }
  const stored = new Map(rows.map((row) => [`${row.topic}/${row.partition}`, row.next_offset]));
  return places.map(({ topic, partition }) => BigInt(stored.get(`${topic}/${partition}`) ?? '0'));
};

/** A stream, and the last of it that was taken. */
export type SeenKey = Readonly<{ topic: string; key: string; last: bigint }>;

/**
 * Compare-and-set, with the cluster's id beside it: this is what fences a zombie. In the same
 * statement, how far the streams are that were taken.
 */
export const advanceOffsets = async (
  tx: SqlClient,
  steps: readonly Step[],
  seen: readonly SeenKey[],
): Promise<void> => {
  const entries = [...seen].sort((a, b) => byText(a.topic, b.topic) || byText(a.key, b.key));
  const place = steps[0]?.place;
  const { rowCount } = await queryPrepared(
    tx,
    'event_log.advance_offsets',
    `WITH taken AS (
       INSERT INTO event_log.seen (consumer, topic, stream_key, last_sequence)
       SELECT $1, u.topic, u.stream_key, u.last_sequence
       FROM unnest($7::text[], $8::text[], $9::bigint[]) AS u (topic, stream_key, last_sequence)
       ON CONFLICT (consumer, topic, stream_key)
         DO UPDATE SET last_sequence = excluded.last_sequence
     )
     UPDATE event_log.offsets o SET next_offset = u.next_offset
     FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[])
       AS u (topic, partition, from_offset, next_offset)
     WHERE o.consumer = $1 AND o.cluster_id = $2 AND o.topic = u.topic
       AND o.partition = u.partition AND o.next_offset = u.from_offset`,
    [
      place?.consumer,
      place?.clusterId,
      steps.map((step) => step.place.topic),
      steps.map((step) => step.place.partition),
      steps.map(({ from }) => from.toString()),
      steps.map(({ to }) => to.toString()),
      entries.map(({ topic }) => topic),
      entries.map(({ key }) => key),
      entries.map(({ last }) => last.toString()),
    ],
  );
  if (rowCount !== steps.length) throw new OffsetMoved(steps);
};

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** How far streams are, and which of them wait. The rows of their offsets have to be held. */
export const loadKeys = async (
  tx: SqlClient,
  consumer: string,
  keys: readonly Readonly<{ topic: string; key: string }>[],
): Promise<(SeenKey & { isParked: boolean })[]> => {
  type Row = { topic: string; stream_key: string; last_sequence: string; is_parked: boolean };
  const { rows } = await queryPrepared<Row>(
    tx,
    'event_log.load_keys',
    `SELECT u.topic, u.stream_key,
       coalesce((SELECT s.last_sequence FROM event_log.seen s
         WHERE s.consumer = $1 AND s.topic = u.topic AND s.stream_key = u.stream_key), 0)
         AS last_sequence,
       EXISTS (SELECT FROM event_log.parked p
         WHERE p.consumer = $1 AND p.topic = u.topic AND p.stream_key = u.stream_key) AS is_parked
     FROM unnest($2::text[], $3::text[]) AS u (topic, stream_key)`,
    [consumer, keys.map(({ topic }) => topic), keys.map(({ key }) => key)],
  );
  return rows.map(({ topic, stream_key, last_sequence, is_parked }) => ({
    topic,
    key: stream_key,
    last: BigInt(last_sequence),
    isParked: is_parked,
  }));
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
