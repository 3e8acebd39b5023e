import { keptMs, type TopicName } from '@tallywatt/contracts';
import type { Pool } from 'pg';
import type { Look } from './completeness';
import type { LogAdmin } from './log-port';

/**
 * How many records of its topics a consumer has not taken, where it stands, and how many of its
 * keys are parked.
 */
export const measureLag = async (
  pool: Pool,
  admin: LogAdmin,
  consumer: string,
  topics: readonly string[],
): Promise<{ lag: number; parkedKeys: number; look: Look }> => {
  const clusterId = await admin.clusterId();
  const { rows } = await pool.query<{ topic: string; partition: number; next_offset: string }>(
    `SELECT topic, partition, next_offset FROM event_log.offsets
     WHERE consumer = $1 AND cluster_id = $2`,
    [consumer, clusterId],
  );
  const next = new Map(
    rows.map((row) => [`${row.topic}/${row.partition}`, BigInt(row.next_offset)]),
  );
  let lag = 0n;
  const atMs = Date.now();
  const partitions = new Map<string, { from: bigint; end: bigint }>();
  for (const topic of topics) {
    const expires = keptMs(topic as TopicName) !== undefined;
    for (const { partition, start, end } of await admin.offsets(topic)) {
      const name = `${topic}/${partition}`;
      const stored = next.get(name) ?? start;
      // What has expired is not waited for; what a topic lost that keeps its records is missing.
      const from = expires && stored < start ? start : stored;
      partitions.set(name, { from, end });
      if (end > from) lag += end - from;
    }
  }
  const parked = await pool.query<{ keys: number }>(
    `SELECT count(DISTINCT (topic, stream_key))::int AS keys FROM event_log.parked
     WHERE consumer = $1`,
    [consumer],
  );
  const parkedKeys = parked.rows[0]?.keys ?? 0;
  return { lag: Number(lag), parkedKeys, look: { atMs, partitions } };
};
