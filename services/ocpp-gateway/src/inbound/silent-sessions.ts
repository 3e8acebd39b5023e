import { instantFromEpochMs } from '@tallywatt/time';
import { putOffWatch, type SessionWatch } from '../outbound/session-watch';
import { onBehalfOf } from '../outbound/station-lock';
import { laneOf } from './charger-connection';
import type { Gateway } from './frame';

/**
 * Asks the chargers of sessions that say nothing, and ends those that nobody can say anything of. One
 * that cannot be looked at holds up none of the others; it is tried again.
 */
export const watchSessions = async (
  { sql, commits, logger }: Pick<Gateway, 'sql' | 'commits' | 'logger'>,
  watch: SessionWatch,
): Promise<void> => {
  for (const silent of await watch.due(sql)) {
    const now = instantFromEpochMs(Date.now());
    logger.warn({ ...silent }, 'nothing is heard of a session');
    try {
      await onBehalfOf(laneOf(silent), () => commits.submit((tx) => watch.look(tx, silent, now)));
    } catch (error) {
      logger.warn({ ...silent, err: error }, 'a session cannot be looked at, and is tried again');
      await putOffWatch(sql, silent);
    }
  }
};
