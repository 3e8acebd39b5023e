import type {
  AttachMethod,
  ChargingState,
  MeterReading,
  MeterValuesOrphaned,
  MeterValuesRecorded,
  SessionEvent,
  SessionStarted,
  StopOrphaned,
  TransactionGapEvent,
} from '@tallywatt/contracts';
import { accept, type Decider, type Decision, ignore, unreachable } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';
import { type MeterTrack, trackAfter } from './meter-track';
import { type Origin, orphanedReadings, orphanedStop } from './orphan';
import {
  correctStop,
  releaseSession,
  type CorrectStop,
  type ReleaseSession,
  type ReviewReason,
} from './session-review';
import {
  close,
  closedWithStop,
  recordChargingState,
  recordStatus,
  stateAfter,
  type CloseSession,
  type Departure,
  type OccupancyReason,
  type RecordChargingState,
  type RecordConnectorStatus,
} from './session-occupancy';
import { recordedReadings } from './session-readings';
import { type EstimateStop, estimateStop, isEstimateOpen, replaceEstimate } from './estimated-stop';
import { sameStop, type Stop } from './stop';
import { type Doubt, startDoubts, stopDoubts } from './session-doubts';

export type Running = Readonly<{
  cpoId: string;
  sessionId: string;
  startedAt: Instant;
  meterStartMilliWh: bigint;
  powerWMax: bigint;
  billsParkingTime: boolean;
  track: MeterTrack;
  /** The latest by what the charger says, and not the one heard last. */
  chargingState?: ChargingState;
  chargingStateAt?: Instant;
  /** The one heard last that belongs before that. */
  lateState?: Readonly<{ chargingState: ChargingState; changedAt: Instant }>;
  /** Energy could flow at some time. */
  hasCharged?: true;
  /** The charger has said readings by the id that we gave: it knows it, and will stop by it. */
  isNamedByCharger?: true;
  quarantineReasons: readonly string[];
}>;
export type Over = Running &
  Readonly<{
    /** As the charger said it. */
    stop: Stop;
    conflicts: readonly Stop[];
    /** As a person has decided since. */
    corrected?: Pick<Stop, 'stoppedAt' | 'meterStopMilliWh'>;
  }>;

/** OCPP calls it a transaction. `stopped` is the end of energy, `closed` the end of billing. */
export type ChargingSession =
  | Readonly<{ status: 'absent' }>
  | (Readonly<{ status: 'active' }> & Running)
  | (Readonly<{ status: 'stopped' }> & Over)
  | (Readonly<{ status: 'closed'; closedAt: Instant }> & Over);

export type StartSession = Readonly<{
  type: 'StartSession';
  now: Instant;
  started: Omit<SessionStarted, 'type'>;
  /** What the station left unsaid about its start. */
  doubts?: readonly Doubt[];
}>;
export type RecordReadings = Readonly<{
  type: 'RecordReadings';
  now: Instant;
  origin: Origin;
  readings: readonly MeterReading[];
  /** How the session was found, where the readings did not name it. */
  linkedBy?: AttachMethod;
}>;
export type StopSession = Readonly<{
  type: 'StopSession';
  now: Instant;
  origin: Origin;
  stop: Stop;
  readings: readonly MeterReading[];
  /** What the station left unsaid about its stop. */
  doubts?: readonly Doubt[];
  /** How the session was found, where the stop did not name it. */
  linkedBy?: AttachMethod;
}> &
  Departure;
/** A stop came that cannot be read: that the session ended is known, at which register is not. */
export type DoubtStop = Readonly<{ type: 'DoubtStop'; detail: string }>;
/** Events of the transaction are missing, or are not any more. */
export type RecordGaps = Readonly<{
  type: 'RecordGaps';
  gaps: readonly TransactionGapEvent[];
}>;
export type SessionCommand =
  | StartSession
  | RecordReadings
  | StopSession
  | RecordConnectorStatus
  | RecordChargingState
  | DoubtStop
  | RecordGaps
  | EstimateStop
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
  | OccupancyReason
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
  ...(event.isEstimated === true ? { isEstimated: true } : {}),
  ...(event.clockCorrection === undefined ? {} : { clockCorrection: event.clockCorrection }),
});

/** What was only linked to a session does not name it, nor does what its stop brought along. */
const namesSession = ({ reportedIn, linkedBy }: MeterValuesRecorded): boolean =>
  reportedIn === 'meter-values' && linkedBy === undefined;

export const evolve = (session: ChargingSession, event: SessionFact): ChargingSession => {
  if (event.type === 'SessionStarted') return running(event);
  // Orphans belong to their charge point; every other fact of a session follows its start.
  if (session.status === 'absent') return session;
  switch (event.type) {
    case 'MeterValuesRecorded':
      return {
        ...session,
        track: event.readings.reduce(trackAfter, session.track),
        ...(namesSession(event) ? { isNamedByCharger: true } : {}),
      };
    case 'ChargingStateChanged':
      return stateAfter(session, event);
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
      const { stoppedAt, meterStopMilliWh, stopReason, tokenRef, clockCorrection } = event;
      if (stopReason === undefined) {
        return { ...session, corrected: { stoppedAt, meterStopMilliWh } };
      }
      const note = clockCorrection === undefined ? {} : { clockCorrection };
      const words = { stoppedAt, meterStopMilliWh, stopReason, ...note };
      return { ...session, stop: stopOf(tokenRef === undefined ? words : { ...words, tokenRef }) };
    }
    case 'TransactionGapNoticed':
    case 'TransactionGapHealed':
    case 'TransactionGapGivenUp':
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

const start = ({
  started,
  now,
  doubts = [],
}: StartSession): Decision<SessionFact, IgnoreReason> => {
  return accept<SessionFact[]>(
    { type: 'SessionStarted', ...started },
    ...[...startDoubts(started, now), ...doubts].map((doubt) => quarantined(started, doubt)),
  );
};

const stopActive = (
  session: Extract<ChargingSession, { status: 'active' }>,
  { stop, readings, now, doubts: unsaid = [], linkedBy, ...departure }: StopSession,
): Decision<SessionFact, IgnoreReason> => {
  const read = recordedReadings(session, readings, 'transaction-data', now);
  const atStop = read.reduce(evolve, session) as typeof session;
  const doubts = [...stopDoubts(atStop, stop, now), ...unsaid].filter(
    ({ reason }) => !session.quarantineReasons.includes(reason),
  );
  return accept<SessionFact[]>(
    ...read,
    {
      type: 'SessionStopped',
      ...identityOf(session),
      ...stop,
      ...(linkedBy === undefined ? {} : { linkedBy }),
    },
    ...doubts.map((doubt) => quarantined(session, doubt)),
    ...closedWithStop(session, stop, departure, now),
  );
};

const stopAgain = (
  session: Extract<ChargingSession, { status: 'stopped' | 'closed' }>,
  command: StopSession,
): Decision<SessionFact, IgnoreReason> => {
  const { stop } = command;
  if (isEstimateOpen(session)) return replaceEstimate(session, command);
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
        return accept<SessionFact[]>(...orphanedReadings(command.origin, command.readings));
      }
      const isOver = session.status !== 'active' && !isEstimateOpen(session);
      const stoppedAt = isOver ? session.stop.stoppedAt : undefined;
      return accept<SessionFact[]>(
        ...recordedReadings(session, command.readings, 'meter-values', command.now, {
          stoppedAt,
          linkedBy: command.linkedBy,
        }),
      );
    }
    case 'StopSession':
      if (session.status === 'absent') {
        // The charger is always answered; the fact waits on its charge point.
        return accept<SessionFact[]>(
          ...orphanedStop(command.origin, command.stop, command.readings),
        );
      }
      return session.status === 'active'
        ? stopActive(session, command)
        : stopAgain(session, command);
    case 'RecordConnectorStatus':
      return recordStatus(session, command);
    case 'RecordChargingState':
      return recordChargingState(session, command);
    case 'DoubtStop':
      return doubtStop(session, command);
    case 'RecordGaps':
      return session.status === 'absent'
        ? ignore('session-unknown')
        : accept<SessionFact[]>(...command.gaps);
    case 'EstimateStop':
      return estimateStop(session, command);
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
