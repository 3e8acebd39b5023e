import type {
  ChargingState,
  MeterReading,
  MeterValuesOrphaned,
  SessionClosed,
  SessionEvent,
  SessionStarted,
  StopOrphaned,
} from '@tallywatt/contracts';
import { accept, type Decider, type Decision, ignore, unreachable } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';
import { clockFault } from './clock';
import { chargingStateOf, type ConnectorStatus } from './connector-status';
import { assessReadings, type MeterTrack, trackAfter } from './meter-track';
import { type Origin, orphanedReadings, orphanedStop } from './orphan';
import {
  correctStop,
  releaseSession,
  type CorrectStop,
  type ReleaseSession,
  type ReviewReason,
} from './session-review';
import { closingTime, sameStop, type Stop } from './stop';
import { type Doubt, startDoubts, stopDoubts } from './session-doubts';

type Running = Readonly<{
  cpoId: string;
  sessionId: string;
  startedAt: Instant;
  meterStartMilliWh: bigint;
  powerWMax: bigint;
  billsParkingTime: boolean;
  track: MeterTrack;
  chargingState?: ChargingState;
  quarantineReasons: readonly string[];
}>;
type Over = Running &
  Readonly<{
    /** As the charger said it. */
    stop: Stop;
    conflicts: readonly Stop[];
    /** As a person has decided since. */
    corrected?: Pick<Stop, 'stoppedAt' | 'meterStopMilliWh'>;
  }>;

/** OCPP 1.6 calls it a transaction. `stopped` is the end of energy, `closed` the end of billing. */
export type ChargingSession =
  | Readonly<{ status: 'absent' }>
  | (Readonly<{ status: 'active' }> & Running)
  | (Readonly<{ status: 'stopped' }> & Over)
  | (Readonly<{ status: 'closed'; closedAt: Instant }> & Over);

export type StartSession = Readonly<{
  type: 'StartSession';
  now: Instant;
  started: Omit<SessionStarted, 'type'>;
}>;
export type RecordReadings = Readonly<{
  type: 'RecordReadings';
  now: Instant;
  origin: Origin;
  readings: readonly MeterReading[];
}>;
export type StopSession = Readonly<{
  type: 'StopSession';
  now: Instant;
  origin: Origin;
  stop: Stop;
  readings: readonly MeterReading[];
  /** Since when the connector is known to be Available, if it is: the stop was overtaken. */
  availableAt?: Instant;
}>;
export type RecordConnectorStatus = Readonly<{
  type: 'RecordConnectorStatus';
  now: Instant;
  status: ConnectorStatus;
  changedAt: Instant;
}>;
/** A stop came that cannot be read: that the session ended is known, at which register is not. */
export type DoubtStop = Readonly<{ type: 'DoubtStop'; detail: string }>;
export type CloseSession =
  | Readonly<{ type: 'CloseSession'; closedBy: 'next-start'; now: Instant; nextStartAt: Instant }>
  | Readonly<{ type: 'CloseSession'; closedBy: 'time-out' }>;
export type SessionCommand =
  | StartSession
  | RecordReadings
  | StopSession
  | RecordConnectorStatus
  | DoubtStop
  | CloseSession
  | CorrectStop
  | ReleaseSession;

/** Facts of a session, and those of no session that still are kept. */
export type SessionFact = SessionEvent | StopOrphaned | MeterValuesOrphaned;

export type IgnoreReason =
  | ReviewReason
  | 'start-already-recorded'
  | 'stop-already-recorded'
  | 'conflict-already-recorded'
  | 'doubt-already-recorded'
  | 'session-already-closed'
  | 'status-says-nothing'
  | 'charging-state-unchanged'
  | 'no-readings';

export const initial: ChargingSession = { status: 'absent' };

const running = (event: SessionStarted): ChargingSession => ({
  status: 'active',
  cpoId: event.cpoId,
  sessionId: event.sessionId,
  startedAt: event.startedAt,
  meterStartMilliWh: event.meterStartMilliWh,
  powerWMax: event.powerWMax,
  billsParkingTime: event.decision.tariff?.billsParkingTime ?? false,
  track: { registerMilliWh: event.meterStartMilliWh, readAt: event.startedAt },
  quarantineReasons: [],
});

const stopOf = (event: Omit<Stop, 'tokenRef'> & { tokenRef?: string }): Stop => ({
  stoppedAt: event.stoppedAt,
  meterStopMilliWh: event.meterStopMilliWh,
  stopReason: event.stopReason,
  ...(event.tokenRef === undefined ? {} : { tokenRef: event.tokenRef }),
});

export const evolve = (session: ChargingSession, event: SessionFact): ChargingSession => {
  if (event.type === 'SessionStarted') return running(event);
  // Orphans belong to their charge point; every other fact of a session follows its start.
  if (session.status === 'absent') return session;
  switch (event.type) {
    case 'MeterValuesRecorded':
      return { ...session, track: event.readings.reduce(trackAfter, session.track) };
    case 'ChargingStateChanged':
      return { ...session, chargingState: event.chargingState };
    case 'SessionStopped':
      return { ...session, status: 'stopped', stop: stopOf(event), conflicts: [] };
    case 'SessionClosed':
      return session.status === 'stopped'
        ? { ...session, status: 'closed', closedAt: event.closedAt }
        : session;
    case 'StopConflicted':
      return session.status === 'active'
        ? session
        : { ...session, conflicts: [...session.conflicts, stopOf(event)] };
    case 'SessionQuarantined':
      return { ...session, quarantineReasons: [...session.quarantineReasons, event.reason] };
    case 'SessionReleased':
      return {
        ...session,
        quarantineReasons: session.quarantineReasons.filter((reason) => reason !== event.reason),
      };
    case 'StopCorrected': {
      if (session.status === 'active') return session;
      const { stoppedAt, meterStopMilliWh } = event;
      return { ...session, corrected: { stoppedAt, meterStopMilliWh } };
    }
    case 'StopOrphaned':
    case 'MeterValuesOrphaned':
      return session;
    default:
      return unreachable(event);
  }
};

type Identity = Readonly<{ cpoId: string; sessionId: string }>;

const identityOf = ({ cpoId, sessionId }: Identity): Identity => ({ cpoId, sessionId });

const quarantined = (session: Identity, { reason, detail }: Doubt): SessionFact => ({
  type: 'SessionQuarantined',
  ...identityOf(session),
  reason,
  detail,
});

const start = ({ started, now }: StartSession): Decision<SessionFact, IgnoreReason> => {
  return accept<SessionFact[]>(
    { type: 'SessionStarted', ...started },
    ...startDoubts(started, now).map((doubt) => quarantined(started, doubt)),
  );
};

const closed = (
  session: Identity,
  closedBy: SessionClosed['closedBy'],
  closedAt: Instant,
): SessionClosed => ({ type: 'SessionClosed', ...identityOf(session), closedAt, closedBy });

const recorded = (
  session: Running,
  readings: readonly MeterReading[],
  reportedIn: 'meter-values' | 'transaction-data',
  now: Instant,
  stoppedAt?: Instant,
): SessionFact[] =>
  readings.length === 0
    ? []
    : [
        {
          type: 'MeterValuesRecorded',
          ...identityOf(session),
          reportedIn,
          readings: assessReadings(
            readings,
            session.track,
            { ...session, ...(stoppedAt === undefined ? {} : { stoppedAt }) },
            now,
          ),
        },
      ];

const stopActive = (
  session: Extract<ChargingSession, { status: 'active' }>,
  { stop, readings, now, availableAt }: StopSession,
): Decision<SessionFact, IgnoreReason> => {
  const read = recorded(session, readings, 'transaction-data', now);
  const atStop = read.reduce(evolve, session) as typeof session;
  const doubts = stopDoubts(atStop, stop, now).filter(
    ({ reason }) => !session.quarantineReasons.includes(reason),
  );
  const closing: SessionFact[] = [];
  if (!session.billsParkingTime) closing.push(closed(session, 'stop', stop.stoppedAt));
  else if (availableAt !== undefined && availableAt > session.startedAt) {
    closing.push(closed(session, 'available', closingTime(stop, availableAt, now)));
  }
  return accept<SessionFact[]>(
    ...read,
    { type: 'SessionStopped', ...identityOf(session), ...stop },
    ...doubts.map((doubt) => quarantined(session, doubt)),
    ...closing,
  );
};

const stopAgain = (session: Over, stop: Stop): Decision<SessionFact, IgnoreReason> => {
  // Chargers resend a stop until it is confirmed: the same words count once, others are evidence.
  if (sameStop(stop, session.stop)) return ignore('stop-already-recorded');
  const { tokenRef: _, ...words } = stop;
  const isKnown = session.conflicts.some((conflict) => sameStop({ ...words }, conflict));
  return isKnown
    ? ignore('conflict-already-recorded')
    : accept({ type: 'StopConflicted', ...identityOf(session), ...words });
};

const doubtStop = (
  session: ChargingSession,
  { detail }: DoubtStop,
): Decision<SessionFact, IgnoreReason> => {
  if (session.status === 'absent') return ignore('session-unknown');
  if (session.status !== 'active') return ignore('stop-already-recorded');
  return session.quarantineReasons.includes('stop-unreadable')
    ? ignore('doubt-already-recorded')
    : accept(quarantined(session, { reason: 'stop-unreadable', detail }));
};

/** The stop as a person has corrected it, if one has: billing ends no earlier. */
const endOf = ({ stop, corrected }: Over): Stop => ({ ...stop, ...corrected });

const recordStatus = (
  session: ChargingSession,
  { status, changedAt, now }: RecordConnectorStatus,
): Decision<SessionFact, IgnoreReason> => {
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
  return chargingState === session.chargingState
    ? ignore('charging-state-unchanged')
    : accept({ type: 'ChargingStateChanged', ...identityOf(session), changedAt, chargingState });
};

const close = (
  session: ChargingSession,
  command: CloseSession,
): Decision<SessionFact, IgnoreReason> => {
  switch (session.status) {
    case 'absent':
      return ignore('session-unknown');
    case 'active':
      return ignore('session-still-active');
    case 'closed':
      return ignore('session-already-closed');
    case 'stopped': {
      const stop = endOf(session);
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

export const decide = (
  command: SessionCommand,
  session: ChargingSession,
): Decision<SessionFact, IgnoreReason> => {
  switch (command.type) {
    case 'StartSession':
      return session.status === 'absent' ? start(command) : ignore('start-already-recorded');
    case 'RecordReadings': {
      if (command.readings.length === 0) return ignore('no-readings');
      if (session.status === 'absent') {
        return accept(orphanedReadings(command.origin, command.readings));
      }
      const stoppedAt = session.status === 'active' ? undefined : session.stop.stoppedAt;
      return accept<SessionFact[]>(
        ...recorded(session, command.readings, 'meter-values', command.now, stoppedAt),
      );
    }
    case 'StopSession':
      if (session.status === 'absent') {
        // The charger is always answered; the fact waits on its charge point.
        return accept(orphanedStop(command.origin, command.stop, command.readings));
      }
      return session.status === 'active'
        ? stopActive(session, command)
        : stopAgain(session, command.stop);
    case 'RecordConnectorStatus':
      return recordStatus(session, command);
    case 'DoubtStop':
      return doubtStop(session, command);
    case 'CloseSession':
      return close(session, command);
    case 'CorrectStop':
      return correctStop(command, session);
    case 'ReleaseSession':
      return releaseSession(command, session);
    default:
      return unreachable(command);
  }
};

export const chargingSession: Decider<SessionCommand, ChargingSession, SessionFact, IgnoreReason> =
  { initial, decide, evolve };
