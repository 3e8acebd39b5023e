import { setTimeout } from 'node:timers/promises';
import { isRetriable } from '@tallywatt/event-log';
import type { Logger } from './logger';

const pauseMs = 500;
/** One line at first, and then one in ten seconds. */
const pausesForOneLine = 20;
/** An operator that creates database, role and password may be a moment behind the service. */
const creationLimitMs = 60_000;
// invalid_catalog_name, invalid_authorization_specification, invalid_password
const notCreatedStates = new Set(['3D000', '28000', '28P01']);

/**
 * Prepares a database that may be away, coming up, or going away in between: for as long as that
 * takes, and for a minute when it, its role or its password does not exist yet. Readiness says so
 * meanwhile; whoever starts services decides how long is too long.
 *
 * @throws what waiting cannot cure, such as a migration that the database refuses.
 */
export const untilPrepared = async (
  prepare: () => Promise<void>,
  logger: Pick<Logger, 'warn'>,
): Promise<void> => {
  const startedMs = performance.now();
  for (let attempts = 0; ; attempts += 1) {
    try {
      return await prepare();
    } catch (error) {
      const { code } = error as { code?: string };
      const isAwaited =
        notCreatedStates.has(code ?? '') && performance.now() - startedMs < creationLimitMs;
      if (!isAwaited && !isRetriable(error)) throw error;
      if (attempts % pausesForOneLine === 0) {
        logger.warn({ err: error, attempts }, 'waiting for the database');
      }
      await setTimeout(pauseMs);
    }
  }
};
