import { derivedId } from '@tallywatt/contracts';
import type { Decision } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';
import {
  chargingSession,
  initial,
  type ChargingSession,
  type IgnoreReason,
  type SessionCommand,
  type SessionFact,
} from './charging-session';
import type { KnownStart } from './session-identity';

/**
 * IdTagInfo (1.6) or idTokenInfo (2.0.1) as it was answered, for resends. A
 * parent tag is personal and is not kept.
 */
export type IdTagInfo = Readonly<{ status: string; expiryDate?: Instant }>;

/** What the gateway knows of a session besides its state. */
export type SessionKey = Readonly<{
  cpoId: string;
  sessionId: string;
  chargePointId: string;
  connectorId: number;
  ocppVersion: string;
  /** As given to (1.6) or by (2.0.1) the charge point. */
  ocppTransactionId: string;
  fingerprint: string;
  occurrence: number;
  tokenMark: string;
  tokenRef: string;
  idTagInfo: IdTagInfo;
}>;

/** A session as it is kept: whose it is, its state, and how many events that took. */
export type StoredSession = SessionKey &
  Readonly<{ state: ChargingSession; /** Events recorded so far. */ eventCount: number }>;

/** What a new start is compared with. */
export const knownStart = (session: StoredSession | undefined): KnownStart | undefined =>
  session === undefined || session.state.status === 'absent'
    ? undefined
    : { occurrence: session.occurrence, status: session.state.status };

/** The session that a report without a transaction id must be about; none where two could be. */
export const onlyActive = <S extends Pick<StoredSession, 'state'>>(
  open: readonly S[],
): S | undefined => {
  const active = open.filter(({ state }) => state.status === 'active');
  return active.length === 1 ? active[0] : undefined;
};

/** When the charger says that it happened; what we conclude happens when we conclude it. */
export const factTime = (event: SessionFact, now: Instant): Instant => {
  switch (event.type) {
    case 'SessionStarted':
      return event.startedAt;
    case 'SessionStopped':
    case 'StopConflicted':
    case 'StopCorrected':
    case 'StopOrphaned':
      return event.stoppedAt;
    case 'SessionClosed':
      return event.closedAt;
    case 'ChargingStateChanged':
      return event.changedAt;
    case 'MeterValuesRecorded':
    case 'MeterValuesOrphaned':
      return event.readings.at(-1)?.readAt ?? now;
    case 'TransactionGapNoticed':
      return event.noticedAt;
    case 'TransactionGapHealed':
      return event.healedAt;
    case 'TransactionGapGivenUp':
      return event.givenUpAt;
    case 'SessionQuarantined':
    case 'SessionReleased':
      return now;
  }
};

/** A fact on its way to the log. Facts of no session go by what they say alone. */
export type DatedFact = Readonly<{
  event: SessionFact;
  occurredAt: Instant;
  id?: string;
  correlationId?: string;
}>;

/** What a command does to a session, with all that has to be written down for it. */
export type Outcome = Readonly<{
  decision: Decision<SessionFact, IgnoreReason>;
  facts: readonly DatedFact[];
  /** The session afterwards; left out when nothing changed, or when no session is known. */
  after?: Pick<StoredSession, 'state' | 'eventCount'>;
}>;

/** A session may say the same twice (charging, suspended, charging), so its ids count its events. */
const numbered = (
  { cpoId, sessionId }: SessionKey,
  number: number,
): Pick<DatedFact, 'id' | 'correlationId'> => ({
  id: derivedId('session-event', cpoId, sessionId, number.toString()),
  correlationId: sessionId,
});

/** Decides on a command about a stored session, or about none. */
export const carryOut = (
  command: SessionCommand,
  session: StoredSession | undefined,
  now: Instant,
): Outcome => {
  const decision = chargingSession.decide(command, session?.state ?? initial);
  if (decision.kind !== 'accepted') return { decision, facts: [] };
  const facts = decision.events.map((event, index): DatedFact => ({
    event,
    occurredAt: factTime(event, now),
    ...(session === undefined ? {} : numbered(session, session.eventCount + index + 1)),
  }));
  if (session === undefined) return { decision, facts };
  const state = decision.events.reduce(chargingSession.evolve, session.state);
  return { decision, facts, after: { state, eventCount: session.eventCount + facts.length } };
};
