import { Pool } from 'pg';
import type { Logger } from './logger';

/** The service's connections. None of its ways to wait is without an end. */
export const createPool = (
  url: string,
  size: number,
  logger: Logger,
  // Queries that are put side by side on one connection are sent without waiting for each other.
  { isPipelined = false }: Readonly<{ isPipelined?: boolean | undefined }> = {},
): Pool => {
  const pool = new Pool({
    connectionString: url,
    max: size,
    pipeline: isPipelined,
    // A server that vanished without a word would be waited for until TCP gives up, a quarter hour.
    connectionTimeoutMillis: 15_000,
    query_timeout: 35_000,
    keepAlive: true,
    // A transaction that hangs holds its streams and the relay behind them: the database ends it.
    options: '-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000',
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'idle database connection lost'));
  return pool;
};

export type DatabaseProbe = Readonly<{ look: () => Promise<void>; state: () => true | string }>;

/** Looks whether the database answers, for readiness: a check itself may not wait. */
export const probeDatabase = (pool: Pick<Pool, 'query'>): DatabaseProbe => {
  let state: true | string = true;
  return {
    look: async () => {
      try {
        await pool.query('SELECT 1');
        state = true;
      } catch (error) {
        const { code } = error as { code?: unknown };
        state = `the database does not answer${typeof code === 'string' ? ` (${code})` : ''}`;
      }
    },
    state: () => state,
  };
};
