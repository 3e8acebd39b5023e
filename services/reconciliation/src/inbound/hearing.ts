import type { ConsumerState } from '@tallywatt/event-log';

/** Records that may be on their way while we still count as up to date: about one batch. */
const lagMax = 500;
/** What was on its way at the beginning of this time has long been taken at its end. */
const settlingMs = 60_000;

/**
 * Tells, each time it is asked, whether silence means something by now: only to one who has heard
 * everything so far. A few records behind is not enough at the start: in a new database they may be
 * the answers that are missed, and their silence is as old as the log.
 */
export const hearing = (nowMs: () => number): ((consumer: ConsumerState) => boolean) => {
  let hasHeardAll = false;
  let nearSinceMs: number | undefined;
  return ({ joined, lag, waiting }) => {
    if (!joined || waiting.length > 0 || lag === undefined || lag > lagMax) {
      hasHeardAll = false;
      nearSinceMs = undefined;
      return false;
    }
    nearSinceMs ??= nowMs();
    // On a busy log something is always on its way.
    hasHeardAll ||= lag === 0 || nowMs() - nearSinceMs >= settlingMs;
    return hasHeardAll;
  };
};
