import { AsyncLocalStorage } from 'node:async_hooks';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';

const stationAtWork = new AsyncLocalStorage<string>();

/** Runs work on behalf of a charge point: what it submits is committed under that one's lock. */
export const onBehalfOf = <T>(station: string, work: () => T): T =>
  stationAtWork.run(station, work);

export const currentStation = (): string | undefined => stationAtWork.getStore();

/**
 * Locks charge points until the end of the transaction, against every process on the database: one
 * that has come back through another process is still heard in one order, and what it repeats there
 * is seen to be a repetition. All at once and in one order, so that two groups do not block each other.
 */
export const lockStations = async (tx: SqlClient, stations: Iterable<string>): Promise<void> => {
  const sorted = [...new Set(stations)].sort();
  if (sorted.length === 0) return;
  await queryPrepared(
    tx,
    'gateway.lock_stations',
    `SELECT pg_advisory_xact_lock(hashtextextended(station, 0)) FROM unnest($1::text[]) AS station`,
    [sorted],
  );
};
