import { derivedId } from '@tallywatt/contracts';
import type { SessionCommand } from './charging-session';
import { registerSlackMilliWh } from './meter-track';
import type { Departure } from './session-occupancy';
import type { StoredSession } from './session-record';
import {
  type Beginning,
  beginningIn,
  hasEnded,
  registersOf,
  type Speaker,
  startRegisterIn,
} from './transaction-beginning';
import type { Grant, HeardEvent, TransactionEvent } from './transaction-event';
import { takeTurns, type TurnedEvent, type Turns } from './transaction-turns';

const stopRegisterOf = (event: TransactionEvent): bigint | undefined => {
  const registers = registersOf(event).filter(({ context }) => context !== 'Transaction.Begin');
  const end = registers.find(({ context }) => context === 'Transaction.End') ?? registers.at(-1);
  return end?.milliWh;
};

const isStill = (taken: readonly HeardEvent[], end: HeardEvent): boolean => {
  const start = startRegisterIn(taken);
  const stopMilliWh = stopRegisterOf(end);
  if (start === undefined || stopMilliWh === undefined || start.doubts.length > 0) return false;
  const riseMilliWh = stopMilliWh - start.milliWh;
  return riseMilliWh >= 0n && riseMilliWh < registerSlackMilliWh;
};

/**
 * Whether a transaction is over and was no session: a cable that was in and out again without a token
 * and without energy, or a card that was shown and no cable came. Its words are kept with its charge
 * point.
 */
const isUneventful = (taken: readonly HeardEvent[]): boolean => {
  const end = taken.find(({ eventType }) => eventType === 'Ended');
  if (end === undefined) return false;
  const hasToken = taken.some(({ tokenMark }) => tokenMark !== undefined);
  if (!hasToken) return isStill(taken, end);
  const isUnplugged = end.stoppedReason === 'Timeout' || end.triggerReason === 'EVConnectTimeout';
  const hasRegister = taken.some((event) => registersOf(event).length > 0);
  return isUnplugged && (!hasRegister || isStill(taken, end));
};

/** An end that cannot be read ends what has begun, too. */
const isOverIn = (taken: readonly TransactionEvent[], isEndDoubted: boolean): boolean =>
  hasEnded(taken) || (isEndDoubted && taken.length > 0);

/** What a transaction waits for; `putting-aside` is for one that is nobody's. */
export type Want = 'nothing' | 'missing-events' | 'decision-about-nobody' | 'putting-aside';

const wantOf = (turns: Turns, hasSession: boolean, isEndDoubted: boolean): Want => {
  const isOver = !hasSession && isOverIn(turns.taken, isEndDoubted);
  const hasToken = turns.taken.some(({ tokenMark }) => tokenMark !== undefined);
  if (isOver && isUneventful(turns.taken)) return 'putting-aside';
  if (isOver && !hasToken) return 'decision-about-nobody';
  // A token that nobody could be asked about comes again: the station has had no answer yet.
  return isOver || turns.held.length > 0 ? 'missing-events' : 'nothing';
};

/** How far a transaction comes with the events that wait. */
export type Advance = Turns & Readonly<{ beginning?: Beginning; want: Want }>;

export type HowFar = Readonly<{
  /** What is missing has been waited for. */
  isGapGivenUp?: boolean;
  /** The station said that it is over, and nothing else of that can be read. */
  isEndDoubted?: boolean;
  /** What was decided about no token at all, if that was asked for. */
  nobody?: Grant;
}>;

/**
 * Takes what can be taken. Nothing is, and all of it waits, while there is no session to take it to:
 * `nextSeqNo` is absent then.
 */
export const advance = (
  nextSeqNo: number | undefined,
  events: readonly HeardEvent[],
  { isGapGivenUp = false, isEndDoubted = false, nobody }: HowFar = {},
): Advance => {
  const turns = takeTurns(nextSeqNo, events, isGapGivenUp);
  if (nextSeqNo !== undefined) return { ...turns, want: wantOf(turns, true, isEndDoubted) };
  const endIndex = turns.taken.findIndex(({ eventType }) => eventType === 'Ended');
  const beforeEnd = endIndex < 0 ? turns.taken : turns.taken.slice(0, endIndex);
  // What could begin before its end has begun, whatever the end says and whenever it came.
  const beginning =
    beginningIn(beforeEnd, events) ??
    (isUneventful(turns.taken)
      ? undefined
      : beginningIn(turns.taken, events, nobody, isOverIn(turns.taken, isEndDoubted)));
  return beginning === undefined
    ? { taken: [], held: events, want: wantOf(turns, false, isEndDoubted) }
    : { ...turns, beginning, want: wantOf(turns, true, isEndDoubted) };
};

const originOf = ({ cpoId, chargePointId, transactionId }: Speaker, event: HeardEvent) => ({
  cpoId,
  chargePointId,
  connectorId: event.connectorId ?? 0,
  ocppTransactionId: transactionId,
  orphanId: derivedId('orphaned-event', cpoId, chargePointId, transactionId, event.contentHash),
});

const stopCommands = (
  speaker: Speaker,
  event: TurnedEvent,
  session: StoredSession | undefined,
  departure: Departure,
): SessionCommand[] => {
  const { now } = speaker;
  const { happenedAt, readings, stoppedReason = 'Local', tokenMark, chargingState } = event;
  const { clockCorrection } = event;
  const said = stopRegisterOf(event);
  const state = session?.state;
  const known = state === undefined || state.status === 'absent' ? undefined : state.track;
  const meterStopMilliWh = said ?? known?.registerMilliWh;
  const origin = originOf(speaker, event);
  // A stop of no session and no register says nothing but its readings.
  if (meterStopMilliWh === undefined) return [{ type: 'RecordReadings', now, origin, readings }];
  const isOwnToken = tokenMark !== undefined && tokenMark === session?.tokenMark;
  const isUnplugged = stoppedReason === 'EVDisconnected' || chargingState === 'Idle';
  const detail = 'the stop has no register; the last one known stands in for it';
  return [
    {
      type: 'StopSession',
      now,
      origin,
      stop: {
        stoppedAt: happenedAt,
        meterStopMilliWh,
        stopReason: stoppedReason,
        ...(clockCorrection === undefined ? {} : { clockCorrection }),
        ...(isOwnToken ? { tokenRef: session?.tokenRef } : {}),
      },
      readings,
      ...(isUnplugged ? { availableAt: happenedAt } : departure),
      ...(said === undefined ? { doubts: [{ reason: 'stop-register-unknown', detail }] } : {}),
    },
  ];
};

/**
 * What an event means for its session, or for the charge point when it has none. `departure` is what
 * has ended the session's stay, should the event be its end.
 */
export const commandsOf = (
  speaker: Speaker,
  event: TurnedEvent,
  session: StoredSession | undefined,
  {
    isStateTold = false,
    departure = {},
  }: Readonly<{ isStateTold?: boolean; departure?: Departure }> = {},
): SessionCommand[] => {
  const { now } = speaker;
  const { chargingState: reported, happenedAt: changedAt, readings, isInTurn } = event;
  const { clockCorrection } = event;
  const note = clockCorrection === undefined ? {} : { clockCorrection };
  const states: SessionCommand[] =
    reported === undefined || isStateTold || (reported === 'Idle' && event.eventType === 'Ended')
      ? []
      : [{ type: 'RecordChargingState', now, reported, changedAt, ...note, isInTurn }];
  if (event.eventType === 'Ended')
    return [...states, ...stopCommands(speaker, event, session, departure)];
  const origin = originOf(speaker, event);
  return readings.length === 0
    ? states
    : [{ type: 'RecordReadings', now, origin, readings }, ...states];
};

/**
 * Whether a transaction is over, however much of it is missing, and nothing but a decision about no
 * token keeps it from being a session that a person can look at.
 */
export const isOverUndecided = (events: readonly HeardEvent[], isEndDoubted: boolean): boolean => {
  const { beginning, want } = advance(undefined, events, { isGapGivenUp: true, isEndDoubted });
  const isOver = isOverIn(takeTurns(undefined, events, true).taken, isEndDoubted);
  return isOver && beginning === undefined && want !== 'putting-aside';
};
