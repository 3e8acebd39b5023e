import type { SessionEvent } from '@tallywatt/contracts';
import { accept, type Decision, ignore } from '@tallywatt/decider';
import type { ChargingSession, StopSession } from './charging-session';
import { laterOf } from './clock';
import { type Doubt, stopDoubts } from './session-doubts';
import { closedWithStop, type Departure } from './session-occupancy';
import { recordedReadings } from './session-readings';
import type { Stop } from './stop';
import { trackAfter } from './meter-track';

/** What is known of a session of which nothing has been heard for long. */
export type Silence = Readonly<{
  /** Its charger was asked before, or would have been had it been there. */
  hasAsked: boolean;
  isConnected: boolean;
  /** Its connector is Available, or the next session has begun there. */
  isConnectorFree: boolean;
}>;

/**
 * What is done about it: the charger is asked first. One that is there and says nothing of its meter
 * may still charge, so its session ends only when its connector is free; it is asked again.
 */
export const watchStep = ({ hasAsked, isConnected, isConnectorFree }: Silence): 'ask' | 'end' =>
  hasAsked && (isConnectorFree || !isConnected) ? 'end' : 'ask';

/** Nobody has told the stop, and nobody is waited for any longer. */
export type EstimateStop = Readonly<{ type: 'EstimateStop'; now: string; detail: string }> &
  Departure;

type Over = Extract<ChargingSession, { status: 'stopped' | 'closed' }>;

/** A stop that was estimated, and that no person has decided on: the charger's own takes its place. */
export const isEstimateOpen = (session: ChargingSession): boolean =>
  session.status !== 'absent' &&
  session.status !== 'active' &&
  session.stop.isEstimated === true &&
  session.corrected === undefined &&
  session.quarantineReasons.includes('stop-estimated');

/** Whether a stop that comes would be the first of the session. */
export const awaitsStop = (session: ChargingSession): boolean =>
  session.status === 'active' || isEstimateOpen(session);

/** Ends a session with the last that was heard of it; its money waits for a person or for the charger. */
export const estimateStop = (
  session: ChargingSession,
  { now, detail, ...departure }: EstimateStop,
): Decision<SessionEvent, 'session-unknown' | 'stop-already-recorded'> => {
  if (session.status === 'absent') return ignore('session-unknown');
  if (session.status !== 'active') return ignore('stop-already-recorded');
  const { cpoId, sessionId, startedAt, track, chargingStateAt = startedAt } = session;
  const stop: Stop = {
    stoppedAt: laterOf(laterOf(startedAt, track.readAt), chargingStateAt),
    meterStopMilliWh: track.registerMilliWh,
    stopReason: 'Other',
    isEstimated: true,
  };
  return accept<SessionEvent[]>(
    { type: 'SessionStopped', cpoId, sessionId, ...stop },
    { type: 'SessionQuarantined', cpoId, sessionId, reason: 'stop-estimated', detail },
    ...closedWithStop(session, stop, departure, now),
  );
};

/** Billing ends at the close: with the charger's stop after it nothing can be priced. */
const closeDoubts = (session: Over, { stoppedAt }: Stop): Doubt[] =>
  session.status === 'closed' && session.billsParkingTime && stoppedAt > session.closedAt
    ? [
        {
          reason: 'stop-after-close',
          detail: `it stopped at ${stoppedAt}, and billing ended at ${session.closedAt}`,
        },
      ]
    : [];

const told = 'the charger told its stop after it was estimated';

/** The charger's own stop takes the place of the estimate, and has to be plausible like any other. */
export const replaceEstimate = (
  session: Over,
  { stop, readings, now, doubts: unsaid = [], linkedBy, ...departure }: StopSession,
): Decision<SessionEvent, never> => {
  const { cpoId, sessionId } = session;
  const read = recordedReadings(session, readings, 'transaction-data', now, { linkedBy });
  const track = read.flatMap((event) => event.readings).reduce(trackAfter, session.track);
  const doubts = [
    ...stopDoubts({ ...session, track }, stop, now),
    ...closeDoubts(session, stop),
    ...unsaid,
  ].filter(({ reason }) => !session.quarantineReasons.includes(reason));
  const { isEstimated: _, ...words } = stop;
  return accept<SessionEvent[]>(
    ...read,
    {
      type: 'StopCorrected',
      cpoId,
      sessionId,
      ...words,
      correctedBy: 'charger',
      reason: linkedBy === undefined ? told : `${told}; found by ${linkedBy}`,
    },
    ...doubts.map((doubt) => ({ type: 'SessionQuarantined', cpoId, sessionId, ...doubt }) as const),
    { type: 'SessionReleased', cpoId, sessionId, reason: 'stop-estimated', detail: told },
    ...(session.status === 'stopped' ? closedWithStop(session, stop, departure, now) : []),
  );
};
