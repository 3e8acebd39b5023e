import { instantFromEpochMs } from '@tallywatt/time';
import type { SessionWatch } from '../outbound/session-watch';
import { onBehalfOf } from '../outbound/station-lock';
import { laneOf } from './charger-connection';
import type { Gateway } from './frame';

/** Asks the chargers of sessions that say nothing, and ends those that nobody can say anything of. */
export const watchSessions = async (
  { sql, commits, logger }: Pick<Gateway, 'sql' | 'commits' | 'logger'>,
  watch: SessionWatch,
): Promise<void> => {
  for (const silent of await watch.due(sql)) {
    const now = instantFromEpochMs(Date.now());
    logger.warn({ ...silent }, 'nothing is heard of a session');
    await onBehalfOf(laneOf(silent), () => commits.submit((tx) => watch.look(tx, silent, now)));
  }
};
