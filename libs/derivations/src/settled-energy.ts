import type { SessionEvent, SessionStarted } from '@tallywatt/contracts';
import { meteredEnergy } from '@tallywatt/tariffs';
import { isTimeZone, localParts, parseInstant, type Instant } from '@tallywatt/time';
import { meteredSession, withFact, type SessionFacts } from './session-facts';

/** The facts with one more, and what the session draws for from there on, if it draws. */
export const afterFact = (before: SessionFacts, event: SessionEvent): SessionFacts => {
  const facts = withFact(before, event);
  if (facts.started.decision.includedEnergy === undefined) return facts;
  const energyMilliWh = energyToSettle(facts);
  const { settledEnergy: known } = facts;
  if (energyMilliWh === undefined || energyMilliWh === known?.energyMilliWh) return facts;
  return { ...facts, settledEnergy: { revision: (known?.revision ?? 0) + 1, energyMilliWh } };
};

/**
 * The energy of a session that is over and in no doubt, by the function that prices it. While it is
 * unknown, what was settled before stands: nothing is drawn or returned for a guess.
 */
const energyToSettle = (facts: SessionFacts): bigint | undefined => {
  const { stop, closedAt, doubts, started } = facts;
  if (stop === undefined || closedAt === undefined || doubts.length > 0) return undefined;
  if (allowancePeriod(started) === undefined) return undefined;
  const metered = meteredEnergy(meteredSession({ ...facts, stop, closedAt }));
  return metered.ok ? metered.energyMilliWh : undefined;
};

/** The day on which a session started in its location's calendar; undefined where that has none. */
export const localStartDay = ({
  startedAt,
  location,
}: Pick<SessionStarted, 'startedAt' | 'location'>): string | undefined =>
  localDay(startedAt, location.timeZone);

const localDay = (at: Instant, timeZone: string): string | undefined =>
  isTimeZone(timeZone) ? localParts(parseInstant(at), timeZone).date : undefined;

/** The calendar month of an instant, `YYYY-MM`, on the wall clock of an IANA zone, if it is one. */
export const localMonth = (at: Instant, timeZone: string): string | undefined =>
  localDay(at, timeZone)?.slice(0, 'YYYY-MM'.length);

/**
 * The calendar month that a session draws from, `YYYY-MM`: the one its decision names, for a charger
 * without a clock may claim any start. Of a decision that names none, that of the start.
 */
export const allowancePeriod = ({
  startedAt,
  location,
  decision,
}: Pick<SessionStarted, 'startedAt' | 'location' | 'decision'>): string | undefined =>
  decision.includedEnergy?.period ?? localMonth(startedAt, location.timeZone);
