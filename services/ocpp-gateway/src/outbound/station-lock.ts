import { AsyncLocalStorage } from 'node:async_hooks';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';

const stationAtWork = new AsyncLocalStorage<string>();

/** Runs work on behalf of a charge point: what it submits is committed under that one's lock. */
export const onBehalfOf = <T>(station: string, work: () => T): T =>
  stationAtWork.run(station, work);

/** How long a transaction that holds charge points may stand still before the database ends it. */
const standstillMs = 10_000;

export const currentStation = (): string | undefined => stationAtWork.getStore();

/**
 * Locks charge points until the end of the transaction, against every process on the database: one
 * that has come back through another process is still heard in one order, and what it repeats there
 * is seen to be a repetition. Nobody waits here: a process that stands still in the middle of a
 * commit would hold up every other charge point of the group. Its own are free again when the
 * database has ended its transaction, after ten seconds.
 *
 * @returns those that another transaction has; nothing may be done on their behalf now
 */
export const lockStations = async (
  tx: SqlClient,
  stations: Iterable<string>,
): Promise<ReadonlySet<string>> => {
  const distinct = [...new Set(stations)];
  if (distinct.length === 0) return new Set();
  const { rows } = await queryPrepared<{ station: string; is_locked: boolean }>(
    tx,
    'gateway.lock_stations',
    `SELECT station, pg_try_advisory_xact_lock(hashtextextended(station, 0)) AS is_locked,
       set_config('idle_in_transaction_session_timeout', $2, true)
     FROM unnest($1::text[]) AS station`,
    [distinct, String(standstillMs)],
  );
  return new Set(rows.filter((row) => !row.is_locked).map(({ station }) => station));
};
