import { Client, type Pool } from 'pg';

const channel = 'event_log_outbox';

/**
 * Tells relays of other processes that rows wait. Sent after the commit on its own: NOTIFY inside
 * the writers' transactions would make PostgreSQL commit them one after another.
 */
export const notifyRelays = (pool: Pool): Promise<unknown> =>
  pool.query(`SELECT pg_notify('${channel}', '')`);

/** Listens on a connection of its own; without one the relay still polls. Returns how to end it. */
export const listenForRows = (pool: Pool, onRows: () => void): (() => Promise<void>) => {
  let client: Client | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const connect = async (): Promise<void> => {
    const fresh = new Client(pool.options);
    client = fresh;
    fresh.on('error', () => undefined); // followed by 'end'
    fresh.on('end', again);
    fresh.on('notification', onRows);
    await fresh.connect();
    await fresh.query(`LISTEN ${channel}`);
  };
  const again = (): void => {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => void connect().catch(again), 1_000);
    timer.unref();
  };
  void connect().catch(again);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await client?.end().catch(() => undefined);
  };
};
