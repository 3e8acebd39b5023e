import type { CdrEvent, CdrWithheld, SessionEvent } from '@tallywatt/contracts';
import { accept, ignore, unreachable, type Decider, type Decision } from '@tallywatt/decider';
import { money, type Money } from '@tallywatt/money';
import { rate, type OcpiTariff } from '@tallywatt/tariffs';
import { issuedCdr } from './cdr';
import { ratingInput, withFact, type SessionFacts, type StoppedFacts } from './session-facts';

/** A session on its way to a price. One CDR ends it; what comes later is kept and not billed. */
export type RatedSession =
  | Readonly<{ status: 'absent' }>
  | Readonly<{ status: 'unrated'; facts: SessionFacts }>
  | Readonly<{ status: 'withheld'; facts: SessionFacts; reason: string; detail: string }>
  | Readonly<{ status: 'rated'; cdrId: string; lateFacts: readonly SessionEvent[] }>;

/** The tariff version that the session's decision names, as this service knows it. */
export type PinnedTariff =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'found'; contentHash: string; tariff: OcpiTariff }>
  /** Taken from the log, and not a tariff that this version can read. */
  | Readonly<{ kind: 'unreadable'; contentHash: string; detail: string }>;

export type IssueCdr = Readonly<{ type: 'IssueCdr'; pinned: PinnedTariff }>;

export type RatedSessionEvent = SessionEvent | CdrEvent;

export type IgnoreReason =
  'session-unknown' | 'session-not-closed' | 'cdr-already-issued' | 'cdr-already-withheld';

const evolve = (session: RatedSession, event: RatedSessionEvent): RatedSession => {
  if (event.type === 'CdrIssued') {
    return session.status === 'rated'
      ? session
      : { status: 'rated', cdrId: event.cdrId, lateFacts: [] };
  }
  if (session.status === 'rated') {
    return event.type === 'CdrWithheld'
      ? session
      : { ...session, lateFacts: [...session.lateFacts, event] };
  }
  if (session.status === 'absent') {
    if (event.type === 'SessionStarted') return { status: 'unrated', facts: factsOf(event) };
    throw new Error(`${event.type} of session ${event.sessionId}, which has not started`);
  }
  if (event.type === 'CdrWithheld') {
    const { reason, detail } = event;
    return { status: 'withheld', facts: session.facts, reason, detail };
  }
  return { ...session, facts: withFact(session.facts, event) };
};

const factsOf = ({
  type: _,
  ...started
}: Extract<SessionEvent, { type: 'SessionStarted' }>): SessionFacts => ({
  started,
  readings: [],
  states: [],
  doubts: [],
});

/**
 * Whether an event asks for a CDR: the close does, so does the release of a quarantined session,
 * and whatever comes after the CDR does, to be told that it is too late.
 */
export const isCdrDue = (session: RatedSession, { type }: SessionEvent): boolean =>
  type === 'SessionClosed' || type === 'SessionReleased' || session.status === 'rated';

const decide = ({ pinned }: IssueCdr, session: RatedSession): Decision<CdrEvent, IgnoreReason> => {
  switch (session.status) {
    case 'absent':
      return ignore('session-unknown');
    case 'rated':
      return ignore('cdr-already-issued');
    case 'unrated':
    case 'withheld': {
      const { closedAt } = session.facts;
      if (closedAt === undefined) return ignore('session-not-closed');
      const cdr = price({ ...session.facts, closedAt }, pinned);
      const isKnown =
        session.status === 'withheld' &&
        cdr.type === 'CdrWithheld' &&
        cdr.reason === session.reason &&
        cdr.detail === session.detail;
      return isKnown ? ignore('cdr-already-withheld') : accept(cdr);
    }
    default:
      return unreachable(session);
  }
};

type ClosedFacts = SessionFacts & Required<Pick<SessionFacts, 'closedAt'>>;

const price = (facts: ClosedFacts, pinned: PinnedTariff): CdrEvent => {
  const { stop, doubts, started } = facts;
  const reference = started.decision.tariff;
  const withhold = (reason: string, detail: string): CdrWithheld =>
    withheldCdr(facts, pinned, reason, detail);
  const [doubt] = doubts;
  if (doubt !== undefined) {
    return withhold(doubt.reason, doubts.map(({ detail }) => detail).join('; '));
  }
  if (reference === undefined || pinned.kind === 'none') {
    return withhold('tariff-unknown', 'the decision at the start names no tariff');
  }
  const named = `version ${reference.version} of tariff ${reference.tariffId}`;
  if (pinned.contentHash !== reference.contentHash) {
    const found = `${named} is ${pinned.contentHash}, the decision names ${reference.contentHash}`;
    return withhold('tariff-hash-differs', found);
  }
  if (pinned.kind === 'unreadable') {
    return withhold('tariff-unreadable', `${named}: ${pinned.detail}`);
  }
  if (stop === undefined) return withhold('stop-unknown', 'the session was closed without a stop');
  const stopped = { ...facts, stop };
  const rating = rate(ratingInput(stopped, pinned.tariff));
  return rating.ok
    ? issuedCdr(stopped, reference, rating.report)
    : withhold(rating.reason, rating.detail);
};

const withheldCdr = (
  facts: ClosedFacts,
  pinned: PinnedTariff,
  reason: string,
  detail: string,
): CdrWithheld => {
  const { started, stop } = facts;
  const energyMilliWh =
    stop === undefined || isMeterDoubted(facts)
      ? undefined
      : stop.meterStopMilliWh - started.meterStartMilliWh;
  const atRisk = moneyAtRisk(facts, pinned);
  return {
    type: 'CdrWithheld',
    cpoId: started.cpoId,
    sessionId: started.sessionId,
    reason,
    detail,
    ...(energyMilliWh === undefined || energyMilliWh < 0n ? {} : { energyMilliWh }),
    ...(atRisk === undefined ? {} : { moneyAtRisk: atRisk }),
  };
};

/**
 * What the session would cost if nothing but its quarantine stood against it; else what was held
 * for it; else unknown, which is not zero.
 */
const moneyAtRisk = (facts: ClosedFacts, pinned: PinnedTariff): Money | undefined => {
  const { stop, started } = facts;
  const { hold, tariff } = started.decision;
  const isPriceable =
    stop !== undefined && pinned.kind === 'found' && pinned.contentHash === tariff?.contentHash;
  if (isPriceable && !isMeterDoubted(facts) && !isClockDoubted(facts)) {
    const rating = rate(ratingInput({ ...facts, stop } satisfies StoppedFacts, pinned.tariff));
    if (rating.ok) return money(rating.report.totals.inclTaxMinor, rating.report.currency);
  }
  return hold;
};

// An estimate from a meter or a clock that is not believed would be no estimate.
const isMeterDoubted = ({ doubts }: SessionFacts): boolean =>
  doubts.some(({ reason }) => reason.startsWith('meter-'));
const isClockDoubted = ({ doubts }: SessionFacts): boolean =>
  doubts.some(({ reason }) => reason.startsWith('clock-'));

export const ratedSession = {
  initial: { status: 'absent' } as RatedSession,
  decide,
  evolve,
} satisfies Decider<IssueCdr, RatedSession, RatedSessionEvent, IgnoreReason>;
