import type { CdrEvent, CdrIssued, CdrWithheld, SessionEvent } from '@tallywatt/contracts';
import { accept, ignore, unreachable, type Decider, type Decision } from '@tallywatt/decider';
import { money, type Money } from '@tallywatt/money';
import { rate } from '@tallywatt/tariffs';
import { billsTheSame, creditCdr, issuedCdr } from './cdr';
import type { PinnedTariff } from './pinned-tariff';
import { pricedFacts, type ClosedFacts } from './priced-facts';
import { factsOf, ratingInput, type SessionFacts, type StoppedFacts } from './session-facts';
import { afterFact } from './settled-energy';

/**
 * A session on its way to a price, and after it. A fact that comes after the CDR and changes the
 * bill leads to a credit CDR and a new CDR: nothing issued is ever edited.
 */
export type RatedSession =
  | Readonly<{ status: 'absent' }>
  | Readonly<{ status: 'unrated'; facts: SessionFacts }>
  | Readonly<{
      status: 'withheld';
      facts: SessionFacts;
      reason: string;
      detail: string;
      /** All that has been said of why, the last included. */
      said?: readonly string[];
    }>
  | Readonly<{
      status: 'rated';
      facts: SessionFacts;
      /** The CDR that stands. */
      cdr: CdrIssued;
      /** How many CDRs have been issued, credited ones included. */
      revision: number;
      /** What has been said of why facts after this CDR cannot be priced; it stands meanwhile. */
      said?: readonly string[];
    }>;

export type IssueCdr = Readonly<{
  type: 'IssueCdr';
  pinned: PinnedTariff;
  /** One sentence for a credit CDR: which fact asks for the price again. */
  because: string;
  /** What was drawn in all for the energy as it is settled now; left out where nothing draws. */
  includedEnergyMilliWh?: bigint;
}>;

export type RatedSessionEvent = SessionEvent | CdrEvent;

export type IgnoreReason =
  | 'session-unknown'
  | 'session-not-closed'
  | 'draw-awaited'
  | 'cdr-already-issued'
  | 'cdr-already-withheld';

const evolve = (session: RatedSession, event: RatedSessionEvent): RatedSession => {
  if (session.status === 'absent') {
    if (event.type === 'SessionStarted') return { status: 'unrated', facts: factsOf(event) };
    throw new Error(`${event.type} of session ${event.sessionId}, which has not started`);
  }
  const { facts } = session;
  switch (event.type) {
    case 'CdrIssued': {
      const revision = session.status === 'rated' ? session.revision + 1 : 1;
      return { status: 'rated', facts, cdr: event, revision };
    }
    case 'CreditCdrIssued':
      // The CDR that takes its place follows at once.
      return session;
    case 'CdrWithheld': {
      const { reason, detail } = event;
      const said = [...saidOf(session), wordsOf(event)];
      return session.status === 'rated'
        ? { ...session, said }
        : { status: 'withheld', facts, reason, detail, said };
    }
    default:
      return { ...session, facts: afterFact(facts, event) };
  }
};

/** An event is known by its words: what was said before, with others since, is not said again. */
const wordsOf = ({ reason, detail }: CdrWithheld): string => `${reason}: ${detail}`;

const saidOf = (session: RatedSession): readonly string[] =>
  session.status === 'withheld' || session.status === 'rated' ? (session.said ?? []) : [];

/**
 * Whether an event asks for a price: the close does, so does what a person decides about a session
 * that is held back, and every fact that comes after the CDR.
 */
export const isCdrDue = (session: RatedSession, { type }: SessionEvent): boolean =>
  type === 'SessionClosed' ||
  type === 'SessionReleased' ||
  type === 'StopCorrected' ||
  session.status === 'rated';

const decide = (command: IssueCdr, session: RatedSession): Decision<CdrEvent, IgnoreReason> => {
  if (session.status !== 'absent' && lacksDraw(command, session.facts)) {
    return ignore('draw-awaited');
  }
  switch (session.status) {
    case 'absent':
      return ignore('session-unknown');
    case 'rated':
      return correct(command, session);
    case 'unrated':
    case 'withheld': {
      const { closedAt } = session.facts;
      if (closedAt === undefined) return ignore('session-not-closed');
      const cdr = price({ ...session.facts, closedAt }, command);
      const isKnown = cdr.type === 'CdrWithheld' && saidOf(session).includes(wordsOf(cdr));
      return isKnown ? ignore('cdr-already-withheld') : accept(cdr);
    }
    default:
      return unreachable(session);
  }
};

/** What is included is not guessed: without the draw there is no price yet. */
const lacksDraw = (command: IssueCdr, { settledEnergy }: SessionFacts): boolean =>
  settledEnergy !== undefined && command.includedEnergyMilliWh === undefined;

type Rated = Extract<RatedSession, { status: 'rated' }>;

const correct = (command: IssueCdr, session: Rated): Decision<CdrEvent, IgnoreReason> => {
  const { because } = command;
  const { facts, cdr, revision } = session;
  const { closedAt } = facts;
  if (closedAt === undefined) return ignore('session-not-closed');
  const now = price({ ...facts, closedAt }, command, { cdrId: cdr.cdrId, revision });
  if (now.type === 'CdrIssued') {
    // A withheld correction that turns out to change nothing is billed anew all the same: whoever
    // waits for it hears so on the stream that withheld it, and on no other.
    return billsTheSame(cdr, now) && saidOf(session).length === 0
      ? ignore('cdr-already-issued')
      : accept(creditCdr(cdr, revision, because), now);
  }
  // What is at risk is a difference that nobody can name; the CDR itself is billed.
  const { moneyAtRisk: _, ...unpriced } = now;
  // Which CDR stands makes these other words than those said after the CDR before it.
  const withheld = { ...unpriced, detail: `${now.detail}; CDR ${cdr.cdrId} stands` };
  return saidOf(session).includes(wordsOf(withheld))
    ? ignore('cdr-already-withheld')
    : accept(withheld);
};

const price = (
  facts: ClosedFacts,
  { pinned, includedEnergyMilliWh }: Pick<IssueCdr, 'pinned' | 'includedEnergyMilliWh'>,
  replaced?: Readonly<{ cdrId: string; revision: number }>,
): CdrIssued | CdrWithheld => {
  const priced = pricedFacts(facts, pinned, includedEnergyMilliWh);
  return priced.ok
    ? issuedCdr(priced.facts, priced.reference, priced.report, replaced)
    : withheldCdr(facts, pinned, priced.reason, priced.detail);
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
