import { instantFromEpochMs } from '@tallywatt/time';
import { putOffMatching } from '../outbound/orphan-rows';
import { onBehalfOf } from '../outbound/station-lock';
import { laneOf } from './charger-connection';
import type { Gateway } from './frame';

/**
 * Looks for the sessions of orphans whose charge points have said nothing more for a while. One that
 * cannot be matched holds up none of the others; it is tried again.
 */
export const attachOrphans = async ({
  sql,
  commits,
  orphans,
  logger,
}: Pick<Gateway, 'sql' | 'commits' | 'orphans' | 'logger'>): Promise<void> => {
  for (const station of await orphans.due(sql)) {
    const now = instantFromEpochMs(Date.now());
    try {
      const attached = await onBehalfOf(laneOf(station), () =>
        commits.submit((tx) => orphans.match(tx, station, now)),
      );
      if (attached > 0) logger.info({ ...station, attached }, 'orphans attached to their sessions');
    } catch (error) {
      logger.warn({ ...station, err: error }, 'orphans cannot be matched, and are tried again');
      await putOffMatching(sql, station);
    }
  }
};
