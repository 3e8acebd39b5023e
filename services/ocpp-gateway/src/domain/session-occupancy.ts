import type {
  ChargingState,
  ClockCorrection,
  ChargingStateChanged,
  SessionClosed,
  SessionEvent,
} from '@tallywatt/contracts';
import { accept, type Decision, ignore, unreachable } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';
import type { ChargingSession, Over, Running } from './charging-session';
import { clockFault } from './clock';
import { chargingStateOf, type ConnectorStatus, reportedChargingState } from './connector-status';
import { registerSlackMilliWh } from './meter-track';
import { closingTime, type Stop } from './stop';

export type RecordConnectorStatus = Readonly<{
  type: 'RecordConnectorStatus';
  now: Instant;
  status: ConnectorStatus;
  changedAt: Instant;
  /** What the charger claimed, where that cannot have been right. */
  clockCorrection?: ClockCorrection;
}>;

/** A station says itself what the session does (OCPP 2.0.1, TransactionEvent chargingState). */
export type RecordChargingState = Readonly<{
  type: 'RecordChargingState';
  now: Instant;
  reported: ChargingState;
  changedAt: Instant;
  /** What the station claimed, where that cannot have been right. */
  clockCorrection?: ClockCorrection;
  /** Nothing is missing between this and what was said before it. */
  isInTurn: boolean;
}>;

export type CloseSession =
  | Readonly<{ type: 'CloseSession'; closedBy: 'next-start'; now: Instant; nextStartAt: Instant }>
  | Readonly<{ type: 'CloseSession'; closedBy: 'time-out' }>;

/** What ended the stay of a vehicle, where that is known before its stop: the stop was overtaken. */
export type Departure = Readonly<{
  /** When the connector became Available. */
  availableAt?: Instant;
  /** When the next session began on the connector. */
  nextStartAt?: Instant;
}>;

export type OccupancyReason =
  | 'session-unknown'
  | 'session-still-active'
  | 'session-already-closed'
  | 'session-began-later'
  | 'status-says-nothing'
  | 'charging-state-unchanged';

type OccupancyDecision = Decision<SessionEvent, OccupancyReason>;
type Identity = Readonly<{ cpoId: string; sessionId: string }>;

const identityOf = ({ cpoId, sessionId }: Identity): Identity => ({ cpoId, sessionId });

const stateChanged = (
  session: Identity,
  changedAt: Instant,
  chargingState: ChargingState,
  clockCorrection: ClockCorrection | undefined,
): ChargingStateChanged => ({
  type: 'ChargingStateChanged',
  ...identityOf(session),
  changedAt,
  chargingState,
  ...(clockCorrection === undefined ? {} : { clockCorrection }),
});

/** The end of billing. */
export const closed = (
  session: Identity,
  closedBy: SessionClosed['closedBy'],
  closedAt: Instant,
): SessionClosed => ({ type: 'SessionClosed', ...identityOf(session), closedAt, closedBy });

/** The end of billing that comes with a stop, if it does: at the first that ended the stay. */
export const closedWithStop = (
  session: Running,
  stop: Stop,
  { availableAt, nextStartAt }: Departure,
  now: Instant,
): SessionClosed[] => {
  if (!session.billsParkingTime) return [closed(session, 'stop', stop.stoppedAt)];
  const isOfStay = (at: Instant | undefined): at is Instant =>
    at !== undefined && at > session.startedAt;
  const close = (closedBy: 'available' | 'next-start', at: Instant): SessionClosed[] => [
    closed(session, closedBy, closingTime(stop, at, now)),
  ];
  if (isOfStay(nextStartAt) && !(isOfStay(availableAt) && availableAt <= nextStartAt)) {
    return close('next-start', nextStartAt);
  }
  return isOfStay(availableAt) ? close('available', availableAt) : [];
};

/** The stop as a person has corrected it, if one has: billing ends no earlier. */
const endOf = ({ stop, corrected }: Over): Stop => ({ ...stop, ...corrected });

export const recordStatus = (
  session: ChargingSession,
  { status, changedAt, clockCorrection, now }: RecordConnectorStatus,
): OccupancyDecision => {
  if (session.status === 'absent') return ignore('session-unknown');
  if (session.status === 'closed') return ignore('session-already-closed');
  if (status === 'Available') {
    return session.status === 'stopped'
      ? accept(closed(session, 'available', closingTime(endOf(session), changedAt, now)))
      : ignore('session-still-active');
  }
  const chargingState = chargingStateOf(status, session.status);
  // A state at an impossible instant would move idle time about; the session stays as it was known.
  const isTimed = clockFault(changedAt, now) === undefined && changedAt >= session.startedAt;
  if (chargingState === undefined || !isTimed) return ignore('status-says-nothing');
  const isLatest = (session.chargingStateAt ?? changedAt) <= changedAt;
  const { lateState } = session;
  // What was queued belongs before what is known: only its own words again are a repetition of it.
  const isRepeated = isLatest
    ? chargingState === session.chargingState
    : chargingState === lateState?.chargingState && changedAt === lateState.changedAt;
  return isRepeated
    ? ignore('charging-state-unchanged')
    : accept(stateChanged(session, changedAt, chargingState, clockCorrection));
};

/** Whether the other session began earlier, as far as the clock of either can be believed. */
const isEarlier = (
  { startedAt }: Running,
  { nextStartAt, now }: Extract<CloseSession, { closedBy: 'next-start' }>,
): boolean =>
  nextStartAt < startedAt &&
  clockFault(nextStartAt, now) === undefined &&
  clockFault(startedAt, now) === undefined;

export const close = (session: ChargingSession, command: CloseSession): OccupancyDecision => {
  switch (session.status) {
    case 'absent':
      return ignore('session-unknown');
    case 'active':
      return ignore('session-still-active');
    case 'closed':
      return ignore('session-already-closed');
    case 'stopped': {
      const stop = endOf(session);
      // A session that is told late, and began earlier, says nothing of this one's stay.
      if (command.closedBy === 'next-start' && isEarlier(session, command)) {
        return ignore('session-began-later');
      }
      return command.closedBy === 'time-out'
        ? accept(closed(session, 'time-out', stop.stoppedAt))
        : accept(
            closed(session, 'next-start', closingTime(stop, command.nextStartAt, command.now)),
          );
    }
    default:
      return unreachable(session);
  }
};

/** The session after a change of its charging state; one that is told late does not move it back. */
export const stateAfter = <S extends Running>(
  session: S,
  { chargingState, changedAt }: ChargingStateChanged,
): S => ({
  ...session,
  ...((session.chargingStateAt ?? changedAt) > changedAt
    ? { lateState: { chargingState, changedAt } }
    : { chargingState, chargingStateAt: changedAt }),
  ...(chargingState === 'Charging' ? { hasCharged: true as const } : {}),
});

/** A vehicle that waits for power has had none yet: that needs its word, or a register that rose. */
const hasCharged = (session: Running): boolean =>
  session.hasCharged === true ||
  session.chargingState === 'Charging' ||
  session.chargingState === 'Idle' ||
  session.track.registerMilliWh - session.meterStartMilliWh >= registerSlackMilliWh;

/**
 * A state the station was in before its stop, whenever that is told: late words count as well. Only
 * one that follows on what was said before can be a repetition of it.
 */
export const recordChargingState = (
  session: ChargingSession,
  { reported, changedAt, clockCorrection, isInTurn, now }: RecordChargingState,
): OccupancyDecision => {
  if (session.status === 'absent') return ignore('session-unknown');
  const isTimed = clockFault(changedAt, now) === undefined && changedAt >= session.startedAt;
  const isAfterStop = session.status !== 'active' && changedAt >= session.stop.stoppedAt;
  if (!isTimed || isAfterStop) return ignore('status-says-nothing');
  // What is heard late belongs before what is known, so that says nothing about it.
  const isLatest = (session.chargingStateAt ?? changedAt) <= changedAt;
  const known = isLatest ? session.chargingState : undefined;
  const chargingState = reportedChargingState(reported, known !== undefined && hasCharged(session));
  return isInTurn && chargingState === known
    ? ignore('charging-state-unchanged')
    : accept(stateChanged(session, changedAt, chargingState, clockCorrection));
};
