import type { EventLog } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { Patience } from '../domain/overdue';
import { judgeAndStore } from './judgement';
import { lockSubjects, subjectsToLookAt } from './subject-tables';

const atOnce = 200;

/** Looks at sessions whose next fact is overdue. Says how many it looked at. */
export const sweepOverdue = async (
  eventLog: EventLog,
  now: Instant,
  patience: Patience,
): Promise<number> => {
  for (let total = 0; ;) {
    const lookedAt = await eventLog.transaction(async (tx) => {
      const keys = await subjectsToLookAt(tx, now, atOnce);
      if (keys.length === 0) return 0;
      await judgeAndStore(eventLog, tx, await lockSubjects(tx, keys), patience, now);
      return keys.length;
    });
    total += lookedAt;
    // What was looked at is due later or never, so every round has others.
    if (lookedAt < atOnce) return total;
  }
};
