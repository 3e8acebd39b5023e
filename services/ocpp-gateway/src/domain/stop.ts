import type { SessionStopped } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { clockFault, laterOf } from './clock';

/** What a stop says; two stops with the same words are one. */
export type Stop = Readonly<
  Omit<SessionStopped, 'type' | 'cpoId' | 'sessionId' | 'linkedBy'> & { tokenRef?: string }
>;

/** The same words, so the same stop again. */
export const sameStop = (one: Stop, other: Stop): boolean =>
  one.stoppedAt === other.stoppedAt &&
  one.meterStopMilliWh === other.meterStopMilliWh &&
  one.stopReason === other.stopReason &&
  one.tokenRef === other.tokenRef;

/** Idle time of unknown length is not billed: an impossible end counts as the end of energy. */
export const closingTime = (stop: Stop, at: Instant, now: Instant): Instant =>
  clockFault(at, now) === undefined ? laterOf(stop.stoppedAt, at) : stop.stoppedAt;
