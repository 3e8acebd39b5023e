import type { Instant } from '@tallywatt/time';
import { clockFault } from './clock';
import type { Departure } from './session-occupancy';

/** What is known of a connector when a stop there is told. */
export type ConnectorHistory = Readonly<{
  /** The first time that it was Available since the stop. */
  freedAt: Instant | undefined;
  /** Since when it is Available, if it is now. */
  availableSince: Instant | undefined;
  /** When the next session began there. */
  nextStartAt: Instant | undefined;
}>;

/**
 * What has ended a session's stay already: the first Available since its stop, and the next session
 * there. Where a clock cannot be right only the present status counts.
 */
export const departureOf = (
  { startedAt, stoppedAt }: Readonly<{ startedAt: Instant; stoppedAt: Instant }>,
  { freedAt, availableSince, nextStartAt }: ConnectorHistory,
  now: Instant,
): Departure => {
  const isTimed = (at: Instant | undefined): at is Instant =>
    at !== undefined && clockFault(at, now) === undefined;
  const isStayTimed = isTimed(startedAt) && isTimed(stoppedAt);
  const availableAt = (isStayTimed ? freedAt : undefined) ?? availableSince;
  return {
    ...(availableAt === undefined ? {} : { availableAt }),
    ...(isStayTimed && isTimed(nextStartAt) ? { nextStartAt } : {}),
  };
};
