import type { CdrEvent, CdrIssued, SessionEvent, SessionStarted } from '@tallywatt/contracts';
import {
  localStartDay,
  progressUnder,
  ratedSession,
  type Draws,
  type RatedSession,
} from '@tallywatt/derivations';
import { hasParkingTime, type OcpiTariff } from '@tallywatt/tariffs';

/** Which sessions to rate again, and under what. Days are those of the location's calendar. */
export type WhatIfQuestion = Readonly<{
  cpoId: string;
  /** Of all sessions, or of each by what was decided at its start. */
  tariff: OcpiTariff | ((started: SessionStarted) => OcpiTariff);
  /** Only sessions that were priced by this tariff; left out: all. */
  replaces?: string | undefined;
  /** Included. */
  from?: string | undefined;
  /** Not included. */
  to?: string | undefined;
  locationId?: string | undefined;
  /** Only sessions that started from the one instant, included, to the other, not included. */
  startedWithin?: Readonly<{ from: string; to: string }>;
}>;

type SessionPlace = Readonly<{
  sessionId: string;
  locationId: string;
  day: string;
  currency: string;
}>;

type Reason = Readonly<{ reason: string; detail: string }>;

/** What one session brought in, and what it would have brought in under the other tariff. */
export type SessionAnswer = SessionPlace &
  (
    | Readonly<{
        kind: 'priced';
        energyMilliWh: bigint;
        thenMinor: bigint;
        nowMinor: bigint;
        /** The tariff bills idle time, and the facts end where energy did. */
        idleUnknown: boolean;
      }>
    /** A CDR stands and the other tariff cannot price the session. */
    | (Readonly<{ kind: 'not-priced'; energyMilliWh: bigint; thenMinor: bigint }> & Reason)
    /** There was no price then. */
    | (Readonly<{ kind: 'withheld' }> & Reason)
    /** Neither a CDR nor its refusal is in the log: it runs, or is about to be billed. */
    | Readonly<{ kind: 'not-billed' }>
  );

/** The reason for what is wrong with the log and not with the session. */
export const logUnsound = 'log-unsound';

/** Where a time zone is unknown, so is the day; such a session is in every range. */
const unknownDay = 'unknown';

const isAsked = (question: WhatIfQuestion, started: SessionStarted): boolean => {
  const { cpoId, replaces, from, to, locationId, startedWithin } = question;
  if (started.cpoId !== cpoId) return false;
  if (locationId !== undefined && started.location.locationId !== locationId) return false;
  if (replaces !== undefined && started.decision.tariff?.tariffId !== replaces) return false;
  if (startedWithin !== undefined) {
    if (started.startedAt < startedWithin.from || started.startedAt >= startedWithin.to)
      return false;
  }
  const day = localStartDay(started);
  return (
    day === undefined || ((from === undefined || day >= from) && (to === undefined || day < to))
  );
};

/**
 * Follows one session under another tariff, fact by fact as its CDR was made, and beside it the
 * CDR that stands. Facts of one stream have to come in order; repeated ones are recognised.
 */
export class SessionWhatIf {
  private session: RatedSession = ratedSession.initial;
  private standing: CdrIssued | undefined;
  private refusal: Reason | undefined;
  private incomplete: string | undefined;
  /** A fact needs a draw that is not in the log; it and those behind it are not taken. */
  private isAwaitingDraw = false;
  private lastFact = 0n;
  private lastCdr = 0n;

  private constructor(
    private readonly tariff: OcpiTariff,
    private readonly started: SessionStarted,
    private readonly draws: Draws,
  ) {}

  /** Of a session that the question is about; undefined for any other. */
  static of(
    question: WhatIfQuestion,
    started: SessionStarted,
    draws: Draws = () => undefined,
  ): SessionWhatIf | undefined {
    if (!isAsked(question, started)) return undefined;
    const { tariff } = question;
    return new SessionWhatIf(
      typeof tariff === 'function' ? tariff(started) : tariff,
      started,
      draws,
    );
  }

  takeFact(event: SessionEvent, sequence: bigint): void {
    if (!this.isNext('fact', sequence, this.lastFact)) return;
    this.lastFact = sequence;
    if (this.isAwaitingDraw) return;
    const { session, awaitsDraw } = progressUnder(this.session, event, this.tariff, this.draws);
    this.session = session;
    this.isAwaitingDraw = awaitsDraw !== undefined;
  }

  takeCdr(event: CdrEvent, sequence: bigint): void {
    if (!this.isNext('CDR event', sequence, this.lastCdr)) return;
    this.lastCdr = sequence;
    switch (event.type) {
      case 'CdrIssued':
        this.standing = event;
        return;
      case 'CreditCdrIssued':
        if (event.creditedCdrId === this.standing?.cdrId) this.standing = undefined;
        return;
      case 'CdrWithheld':
        this.refusal = { reason: event.reason, detail: event.detail };
    }
  }

  /** A record of the session cannot be read: what follows from the others would be a guess. */
  spoil(detail: string): void {
    this.incomplete ??= detail;
  }

  answer(): SessionAnswer {
    const { sessionId, location } = this.started;
    const place: SessionPlace = {
      sessionId,
      locationId: location.locationId,
      day: localStartDay(this.started) ?? unknownDay,
      currency: location.currency,
    };
    const { standing } = this;
    if (standing === undefined) {
      // A CDR may be what cannot be read: that is not the same as none.
      const refusal = this.unsound() ?? this.refusal;
      return refusal === undefined
        ? { ...place, kind: 'not-billed' }
        : { ...place, kind: 'withheld', ...refusal };
    }
    const { energyMilliWh, currency, totalExclTaxMinor: thenMinor } = standing;
    const billed = { ...place, currency, energyMilliWh, thenMinor };
    const refusal = this.refusalNow();
    if (refusal !== undefined) return { ...billed, kind: 'not-priced', ...refusal };
    const { session } = this;
    if (session.status !== 'rated') throw new Error(`session ${sessionId} has no price`);
    return {
      ...billed,
      kind: 'priced',
      nowMinor: session.cdr.totalExclTaxMinor,
      idleUnknown: hasParkingTime(this.tariff) && session.facts.closedBy === 'stop',
    };
  }

  private refusalNow(): Reason | undefined {
    const unsound = this.unsound();
    if (unsound !== undefined) return unsound;
    const { session } = this;
    switch (session.status) {
      case 'rated':
        return undefined;
      case 'withheld':
        return { reason: session.reason, detail: session.detail };
      default:
        return {
          reason: logUnsound,
          detail: this.isAwaitingDraw
            ? 'a CDR stands, and no record says what the session draws'
            : 'a CDR stands, and the session has no close',
        };
    }
  }

  private unsound(): Reason | undefined {
    return this.incomplete === undefined
      ? undefined
      : { reason: logUnsound, detail: this.incomplete };
  }

  /** A number that was seen is a repetition. One that was skipped spoils what would follow. */
  private isNext(what: string, sequence: bigint, last: bigint): boolean {
    if (sequence > last + 1n) this.spoil(`${what} ${last + 1n} of the session is missing`);
    return sequence > last;
  }
}
