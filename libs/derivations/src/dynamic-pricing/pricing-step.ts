import type {
  LevelRange,
  PricingRuleSet,
  PricingStep,
  SiteObservation,
} from '@tallywatt/contracts';
import { localParts, parseInstant } from '@tallywatt/time';

/**
 * Which step of a rule holds: the first of which all that is asked for holds. A step whose prices
 * are in force is asked whether it stays, all others whether they begin.
 *
 * @returns its index; undefined when none does, which means the base prices.
 */
export const holdingStep = (
  { steps }: Pick<PricingRuleSet, 'steps'>,
  observation: SiteObservation,
  isInForce: (index: number) => boolean,
): number | undefined => {
  const index = steps.findIndex((step, at) => holds(step, observation, isInForce(at)));
  return index < 0 ? undefined : index;
};

const holds = (step: PricingStep, observation: SiteObservation, isHeld: boolean): boolean => {
  const { connectors, connectorsInSession, sessionsStartedInHour } = observation;
  const { utilisationPercent, sessionsStartedInHour: starts } = step;
  return (
    isWithin(utilisationPercent, connectorsInSession * 100, connectors, isHeld) &&
    isWithin(starts, sessionsStartedInHour, 1, isHeld) &&
    isTimely(step, observation)
  );
};

/** Compares `quantity / per` with a range, without dividing. */
const isWithin = (
  range: LevelRange | undefined,
  quantity: number,
  per: number,
  isHeld: boolean,
): boolean => {
  if (range === undefined) return true;
  const from = isHeld ? (range.stayFrom ?? range.from) : range.from;
  const to = isHeld ? (range.stayTo ?? range.to) : range.to;
  return (
    (from === undefined || quantity >= from * per) && (to === undefined || quantity < to * per)
  );
};

const isTimely = (
  { startTime, endTime, daysOfWeek }: PricingStep,
  { observedAt, timeZone }: SiteObservation,
): boolean => {
  const { time, weekday } = localParts(parseInstant(observedAt), timeZone);
  if (daysOfWeek.length > 0 && !daysOfWeek.includes(weekday)) return false;
  if (startTime === undefined || endTime === undefined) return true;
  const clock = time.slice(0, 5);
  return startTime < endTime
    ? clock >= startTime && clock < endTime
    : clock >= startTime || clock < endTime;
};
