import { Client, type Pool, type PoolClient } from 'pg';
import { crashPoint } from './crash-point';
import { isSerializationFailure } from './failure';

/** The part of a PostgreSQL connection that handlers and adapters need; `pg.PoolClient` fits. */
export type SqlClient = {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  query<R = any>(text: string, values?: unknown[]): Promise<{ rows: R[]; rowCount: number | null }>;
};

/**
 * PostgreSQL keeps the plan of a prepared statement that it made while a table was small, also when
 * that reads the whole of it. Within a transaction that says this, it takes the index from the
 * beginning.
 */
export const lookUpByIndex = 'SET LOCAL enable_seqscan = off';

/**
 * Runs a statement that each connection parses and plans once, under a name of its own; on anything
 * but a connection of pg it is an ordinary statement. Only within a transaction of the event log
 * (`lookUpByIndex`), and only for what is always carried out the same way, however large its tables
 * are: an insert, or a look-up that has its index.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const queryPrepared = <R extends Record<string, unknown> = any>(
  tx: SqlClient,
  name: string,
  text: string,
  values: unknown[],
): Promise<{ rows: R[]; rowCount: number | null }> =>
  tx instanceof Client ? tx.query<R>({ name, text, values }) : tx.query<R>(text, values);

/**
 * A connection of the pool, heard from the moment it is handed over: a server that goes down says so
 * in the same packet as that the connection is ready, and an error unheard would end the process.
 */
const connectHeard = (pool: Pool, onError: () => void): Promise<PoolClient> =>
  new Promise((resolve, reject) =>
    pool.connect((error, client) => {
      if (client === undefined) return reject(error ?? new Error('the pool lent no connection'));
      client.on('error', onError);
      return resolve(client);
    }),
  );

/**
 * Lends a connection and ends whatever transaction a failure has left open. A connection that
 * cannot even do that is thrown away, so that nobody gets a dead socket from the pool.
 */
export const withClient = async <T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> => {
  let broken = false;
  const onError = (): void => {
    broken = true;
  };
  const client = await connectHeard(pool, onError);
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
        await client.query(`BEGIN; ${lookUpByIndex}`);
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
