import type { AttachMethod } from '@tallywatt/contracts';
import { parseInstant, type Instant } from '@tallywatt/time';
import { clockFault } from './clock';
import { awaitsStop } from './estimated-stop';
import { canHaveRisen, registerSlackMilliWh } from './meter-track';
import type { ChargingSession } from './charging-session';
import type { MeterMessage, StopMessage } from './session-message';
import type { StoredSession } from './session-record';
import type { Stop } from './stop';

/** A stop that named no session, as it was said. */
export type WaitingStop = Readonly<{
  kind: 'stop';
  orphanId: string;
  message: Omit<StopMessage, 'now'>;
}>;
/** Readings that named no session, as they were said. */
export type WaitingReadings = Readonly<{
  kind: 'readings';
  orphanId: string;
  message: Omit<MeterMessage, 'now'>;
}>;

export type WaitingOrphan = WaitingStop | WaitingReadings;

/** The session of an orphan, and what says so. */
export type Attachment<Orphan> = Readonly<{
  orphan: Orphan;
  session: StoredSession;
  method: AttachMethod;
  /** What was compared, in one sentence; no tag is named. */
  evidence: string;
}>;

type Known = Exclude<ChargingSession, { status: 'absent' }>;
type Match = Pick<Attachment<unknown>, 'method' | 'evidence'>;

const knownState = ({ state }: StoredSession): Known | undefined =>
  state.status === 'absent' ? undefined : state;

const isTimed = (at: Instant, now: Instant): boolean => clockFault(at, now) === undefined;

/** When the next session began on the same connector, as far as clocks can be believed. */
const nextStartAfter = (
  { sessionId, connectorId }: StoredSession,
  startedAt: Instant,
  sessions: readonly StoredSession[],
  now: Instant,
): Instant | undefined =>
  sessions
    .flatMap((other) => {
      const state = knownState(other);
      const isOther = other.sessionId !== sessionId && other.connectorId === connectorId;
      return isOther && state !== undefined && isTimed(state.startedAt, now)
        ? [state.startedAt]
        : [];
    })
    .filter((at) => at > startedAt)
    .sort()[0];

const secondsBetween = (from: Instant, until: Instant): string =>
  `${Math.round((parseInstant(until) - parseInstant(from)) / 1_000)} s`;

/** Whether the register that a stop says the transaction began with is the session's. */
const beginAgrees = (
  { message }: WaitingStop,
  { meterStartMilliWh }: Known,
): boolean | undefined => {
  const begin = message.readings.find(({ context }) => context === 'Transaction.Begin');
  if (begin?.registerMilliWh === undefined) return undefined;
  const apart = begin.registerMilliWh - meterStartMilliWh;
  return apart < registerSlackMilliWh && -apart < registerSlackMilliWh;
};

/** Whether the register of a stop can be where this session's meter went, in that time if known. */
const registerFits = (
  { message: { stop } }: WaitingStop,
  state: Known,
  hasTime: boolean,
): boolean =>
  stop.meterStopMilliWh >= state.meterStartMilliWh &&
  stop.meterStopMilliWh + registerSlackMilliWh > state.track.registerMilliWh &&
  (!hasTime ||
    canHaveRisen(
      stop.meterStopMilliWh - state.meterStartMilliWh,
      state.startedAt,
      stop.stoppedAt,
      state.powerWMax,
    ));

/**
 * How a stop agrees with a session that waits for one, or undefined when something speaks against it:
 * another tag, another register at the beginning, a register that the meter cannot have reached, a
 * time outside of the session's, a register that was read after it, or that the charger knows the
 * session by its id: what names none is then of another. Only a session of OCPP 1.6 has no name of its
 * own.
 */
const stopMatch = (
  orphan: WaitingStop,
  session: StoredSession,
  sessions: readonly StoredSession[],
  now: Instant,
): Match | undefined => {
  const state = knownState(session);
  if (state === undefined || !awaitsStop(state) || session.ocppVersion !== '1.6') return undefined;
  if (state.isNamedByCharger === true) return undefined;
  const { stop, tokenMark } = orphan.message;
  const { startedAt, meterStartMilliWh, track } = state;
  const hasToken = tokenMark !== undefined;
  const begins = beginAgrees(orphan, state);
  const hasTime = isTimed(startedAt, now) && isTimed(stop.stoppedAt, now);
  if (hasToken && tokenMark !== session.tokenMark) return undefined;
  if (begins === false || !registerFits(orphan, state, hasTime)) return undefined;
  const rise = `${stop.meterStopMilliWh - meterStartMilliWh} mWh`;
  if (!hasTime) {
    // Without a clock the tag has to say it.
    const evidence = `the token of the session; ${rise} after its start; no clock to go by`;
    return hasToken ? { method: 'token-register', evidence } : undefined;
  }
  const next = nextStartAfter(session, startedAt, sessions, now);
  const isInTime =
    stop.stoppedAt > startedAt &&
    stop.stoppedAt >= track.readAt &&
    (next === undefined || stop.stoppedAt <= next);
  if (!isInTime) return undefined;
  const passed = `${rise} and ${secondsBetween(startedAt, stop.stoppedAt)} after its start`;
  if (hasToken) {
    return { method: 'token-register-time', evidence: `the token of the session; ${passed}` };
  }
  if (begins === true) {
    return { method: 'begin-register-time', evidence: `the register it began with; ${passed}` };
  }
  // A register that counts from zero in each session tells none from another.
  return meterStartMilliWh >= registerSlackMilliWh
    ? { method: 'register-time', evidence: passed }
    : undefined;
};

/** How readings agree with a session: they are of its connector, and none of outside its time. */
const readingsMatch = (
  { message }: WaitingReadings,
  session: StoredSession,
  end: Instant | undefined,
  now: Instant,
): Match | undefined => {
  const state = knownState(session);
  const { connectorId, readings } = message;
  if (state === undefined || connectorId < 1 || connectorId !== session.connectorId) {
    return undefined;
  }
  const { startedAt, meterStartMilliWh } = state;
  const isOfSession = ({ readAt }: (typeof readings)[number]): boolean =>
    isTimed(readAt, now) && readAt >= startedAt && (end === undefined || readAt <= end);
  const [first] = readings;
  if (!isTimed(startedAt, now) || first === undefined || !readings.every(isOfSession)) {
    return undefined;
  }
  const hasRegister = readings.some(
    ({ registerMilliWh: register }) => register !== undefined && register >= meterStartMilliWh,
  );
  const place = `connector ${connectorId}, ${secondsBetween(startedAt, first.readAt)} after its start`;
  return hasRegister
    ? { method: 'connector-register-time', evidence: `${place}, not below its first register` }
    : { method: 'connector-time', evidence: place };
};

const agreements = <Orphan>(
  orphans: readonly Orphan[],
  sessions: readonly StoredSession[],
  match: (orphan: Orphan, session: StoredSession) => Match | undefined,
): Attachment<Orphan>[] =>
  orphans.flatMap((orphan) =>
    sessions.flatMap((session) => {
      const found = match(orphan, session);
      return found === undefined ? [] : [{ orphan, session, ...found }];
    }),
  );

/**
 * A stop is attached where it agrees with one session alone, and no other stop agrees with that one:
 * of two that could be meant neither is.
 */
const certain = (all: readonly Attachment<WaitingStop>[]): Attachment<WaitingStop>[] =>
  all.filter(
    ({ orphan, session }) =>
      all.filter((one) => one.orphan === orphan || one.session === session).length === 1,
  );

/**
 * Until when readings can be a session's: its stop, or the first that may be its stop, or the next
 * start on its connector.
 */
const endOf = (
  session: StoredSession,
  sessions: readonly StoredSession[],
  stops: readonly Attachment<WaitingStop>[],
  now: Instant,
): Instant | undefined => {
  const state = knownState(session);
  if (state === undefined) return undefined;
  if (state.status !== 'active' && !awaitsStop(state)) return state.stop.stoppedAt;
  const [first] = stops
    .filter((stop) => stop.session === session)
    .map(({ orphan }) => orphan.message.stop.stoppedAt)
    .filter((at) => isTimed(at, now))
    .sort();
  return first ?? nextStartAfter(session, state.startedAt, sessions, now);
};

/** The sessions of readings that named none; a session can have many. */
const matchReadings = (
  orphans: readonly WaitingReadings[],
  sessions: readonly StoredSession[],
  stops: readonly Attachment<WaitingStop>[],
  now: Instant,
): Attachment<WaitingReadings>[] => {
  const ends = new Map(
    sessions.map((session) => [session, endOf(session, sessions, stops, now)] as const),
  );
  const all = agreements(orphans, sessions, (orphan, session) =>
    readingsMatch(orphan, session, ends.get(session), now),
  );
  return all.filter(({ orphan }) => all.filter((one) => one.orphan === orphan).length === 1);
};

const saidAt = (orphan: WaitingOrphan): Instant =>
  orphan.kind === 'stop'
    ? orphan.message.stop.stoppedAt
    : (orphan.message.readings[0]?.readAt ?? '');

const inOrder = <Orphan extends WaitingOrphan>(found: readonly Attachment<Orphan>[]) =>
  [...found].sort((one, other) => {
    const [a, b] = [one.orphan, other.orphan].map(
      (orphan) => `${saidAt(orphan)} ${orphan.orphanId}`,
    ) as [string, string];
    return a < b ? -1 : a > b ? 1 : 0;
  });

/**
 * The sessions of what waits with a charge point, in the order in which it is to be taken: readings
 * before stops, so that a session is whole when it is billed. What comes out depends on what was said,
 * and not on the order in which it came.
 */
export const matchOrphans = (
  orphans: readonly WaitingOrphan[],
  sessions: readonly StoredSession[],
  now: Instant,
): Attachment<WaitingOrphan>[] => {
  const stops = agreements(
    orphans.filter((orphan) => orphan.kind === 'stop'),
    sessions,
    (orphan, session) => stopMatch(orphan, session, sessions, now),
  );
  const readings = orphans.filter((orphan) => orphan.kind === 'readings');
  return [
    ...inOrder(matchReadings(readings, sessions, stops, now)),
    ...inOrder<WaitingOrphan>(certain(stops)),
  ];
};

/**
 * Readings that wait, and are of a session that is about to take a stop that named it: they are taken
 * before, so that it is whole when it is billed.
 */
export const matchBeforeStop = (
  orphans: readonly WaitingOrphan[],
  sessions: readonly StoredSession[],
  { sessionId, stop }: Readonly<{ sessionId: string; stop: Stop }>,
  now: Instant,
): Attachment<WaitingReadings>[] => {
  const stopping = sessions.map((session) => {
    const state = knownState(session);
    if (session.sessionId !== sessionId || state === undefined) return session;
    return { ...session, state: { ...state, status: 'stopped', stop, conflicts: [] } as const };
  });
  const readings = orphans.filter((orphan) => orphan.kind === 'readings');
  const found = matchReadings(readings, stopping, [], now);
  return inOrder(found.filter(({ session }) => session.sessionId === sessionId));
};
