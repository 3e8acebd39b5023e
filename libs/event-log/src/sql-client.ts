import type { Pool, PoolClient } from 'pg';
import { crashPoint } from './crash-point';
import { isSerializationFailure } from './failure';

/** The part of a PostgreSQL connection that handlers and adapters need; `pg.PoolClient` fits. */
export type SqlClient = {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  query<R = any>(text: string, values?: unknown[]): Promise<{ rows: R[]; rowCount: number | null }>;
};

/**
 * Lends a connection and ends whatever transaction a failure has left open. A connection that
 * cannot even do that is thrown away, so that nobody gets a dead socket from the pool.
 */
export const withClient = async <T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> => {
  const client = await pool.connect();
  // A checked-out client that loses its connection emits 'error'; unheard it would end the process.
  let broken = false;
  const onError = (): void => {
    broken = true;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    await client.query('ROLLBACK').catch(onError);
    throw error;
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
};

const attemptsMax = 8;

/**
 * Runs `work` in one transaction. Serialization failures and deadlocks are run again from the
 * start, so `work` must have no effect outside the transaction.
 */
export const runTransaction = async <T>(
  pool: Pool,
  work: (tx: SqlClient) => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withClient(pool, async (client) => {
        await client.query('BEGIN');
        const result = await work(client);
        crashPoint('append.before-commit');
        await client.query('COMMIT');
        return result;
      });
    } catch (error) {
      if (attempt >= attemptsMax || !isSerializationFailure(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2 ** attempt * (1 + Math.random())));
    }
  }
};
