import type { Pool, PoolClient } from 'pg';

/** One batch in a transaction of its own. */
export type InsertBatch<Row> = (client: PoolClient, rows: readonly Row[]) => Promise<unknown>;

/** Writes rows in batches, each its own transaction, over so many connections; gives the seconds. */
export const insertInBatches = async <Row>(
  pool: Pool,
  rows: readonly Row[],
  batchSize: number,
  connections: number,
  insert: InsertBatch<Row>,
): Promise<number> => {
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  let next = 0;
  const work = async (client: PoolClient): Promise<void> => {
    while (next < rows.length) {
      const batch = rows.slice(next, next + batchSize);
      next += batchSize;
      await client.query('BEGIN');
      await insert(client, batch);
      await client.query('COMMIT');
    }
  };
  try {
    const startedMs = performance.now();
    await Promise.all(clients.map(work));
    return (performance.now() - startedMs) / 1_000;
  } finally {
    for (const client of clients) client.release();
  }
};
