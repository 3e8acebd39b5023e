import type { SessionStopped } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { clockFault, laterOf } from './clock';

/** What a stop says; two stops with the same words are one. */
export type Stop = Readonly<
  Omit<SessionStopped, 'type' | 'cpoId' | 'sessionId' | 'linkedBy'> & { tokenRef?: string }
>;

/** When the charger said that it was; a resend says it again, whatever it was corrected to. */
export const claimedStopAt = ({ stoppedAt, clockCorrection }: Stop): Instant =>
  clockCorrection?.claimedAt ?? stoppedAt;

/** The same words, so the same stop again. */
export const sameStop = (one: Stop, other: Stop): boolean =>
  claimedStopAt(one) === claimedStopAt(other) &&
  one.meterStopMilliWh === other.meterStopMilliWh &&
  one.stopReason === other.stopReason &&
  one.tokenRef === other.tokenRef;

/** Idle time of unknown length is not billed: an impossible end counts as the end of energy. */
export const closingTime = (stop: Stop, at: Instant, now: Instant): Instant =>
  clockFault(at, now) === undefined ? laterOf(stop.stoppedAt, at) : stop.stoppedAt;
