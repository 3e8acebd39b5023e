import type { SessionEvent } from '@tallywatt/contracts';
import { accept, ignore, refuse, type Decision } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';
import type { ChargingSession } from './charging-session';

/** A person says what the stop was, and which doubts that settles. */
export type CorrectStop = Readonly<{
  type: 'CorrectStop';
  now: Instant;
  stoppedAt: Instant;
  meterStopMilliWh: bigint;
  correctedBy: string;
  reason: string;
  releases: readonly string[];
}>;

/** A person has looked at a doubt: the session may be billed as far as that goes. */
export type ReleaseSession = Readonly<{
  type: 'ReleaseSession';
  /** The doubt, as its SessionQuarantined says it. */
  reason: string;
  /** On what evidence, and who says so. */
  detail: string;
}>;

export type ReviewReason =
  | 'session-unknown'
  | 'session-still-active'
  | 'correction-already-recorded'
  | 'stop-before-start'
  | 'stop-after-close'
  | 'stop-in-the-future'
  | 'register-below-start'
  | 'doubt-unknown';

type ReviewDecision = Decision<SessionEvent, ReviewReason>;

/** A corrected stop has to be one that can be priced: the charger's own word is not bound by that. */
export const correctStop = (command: CorrectStop, session: ChargingSession): ReviewDecision => {
  if (session.status === 'absent') return refuse('session-unknown');
  if (session.status === 'active') return refuse('session-still-active', 'it has not stopped yet');
  const { stoppedAt, meterStopMilliWh, correctedBy, reason, releases, now } = command;
  const { cpoId, sessionId, corrected = session.stop } = session;
  const isSame =
    corrected.stoppedAt === stoppedAt && corrected.meterStopMilliWh === meterStopMilliWh;
  const open = releases.filter((doubt) => session.quarantineReasons.includes(doubt));
  if (isSame && open.length === 0) return ignore('correction-already-recorded');
  if (stoppedAt < session.startedAt) {
    return refuse('stop-before-start', `the session started at ${session.startedAt}`);
  }
  if (stoppedAt > now) return refuse('stop-in-the-future', `it is ${now}`);
  if (session.status === 'closed' && session.billsParkingTime && stoppedAt > session.closedAt) {
    return refuse('stop-after-close', `billing ended at ${session.closedAt}`);
  }
  if (meterStopMilliWh < session.meterStartMilliWh) {
    return refuse('register-below-start', `it started at ${session.meterStartMilliWh} mWh`);
  }
  const unknown = releases.find((doubt) => !session.quarantineReasons.includes(doubt));
  if (unknown !== undefined) return refuse('doubt-unknown', unknown);
  const identity = { cpoId, sessionId };
  const said = { stoppedAt, meterStopMilliWh, correctedBy, reason };
  return accept<SessionEvent[]>(
    // The stop goes first: released before it, the session would be billed by the wrong one.
    ...(isSame ? [] : [{ type: 'StopCorrected', ...identity, ...said } as const]),
    ...open.map((doubt) => released(identity, doubt, `${correctedBy}: ${reason}`)),
  );
};

export const releaseSession = (
  { reason, detail }: ReleaseSession,
  session: ChargingSession,
): ReviewDecision => {
  if (session.status === 'absent') return refuse('session-unknown');
  if (!session.quarantineReasons.includes(reason)) return refuse('doubt-unknown', reason);
  return accept(released(session, reason, detail));
};

const released = (
  { cpoId, sessionId }: Readonly<{ cpoId: string; sessionId: string }>,
  reason: string,
  detail: string,
) => ({ type: 'SessionReleased', cpoId, sessionId, reason, detail }) as const;
