import {
  derivedId,
  type FleetClosed,
  type FleetFeeEvent,
  type FleetRegistered,
  type TariffReference,
} from '@tallywatt/contracts';
import { planMonth, roundingPolicyId, type OcpiTariff } from '@tallywatt/tariffs';
import {
  calendarDate,
  instantFromEpochMs,
  localParts,
  parseInstant,
  resolveLocal,
  type Instant,
} from '@tallywatt/time';

/** All that was said of a fleet, in the order of its stream: the first word has sequence 1. */
export type FleetWords = readonly (FleetRegistered | FleetClosed)[];

/** What was said of a fleet up to a sequence of its stream; all of it where none is given. */
export const wordsUntil = (words: FleetWords, fleetSequence: bigint | undefined): FleetWords =>
  fleetSequence === undefined ? words : words.slice(0, Number(fleetSequence));

/** A calendar month of a fleet, `YYYY-MM`, and the instant at which it ends in its IANA zone. */
export type PlanPeriod = Readonly<{ period: string; timeZone: string; endedAt: Instant }>;

/** The days of one calendar month that ended with a fleet on one plan. */
export type PlanStretch = Readonly<{
  cpoId: string;
  feeId: string;
  fleetRef: string;
  period: string;
  timeZone: string;
  monthEndedAt: Instant;
  plan: string;
  /** The tariff that states the fee. */
  tariffId: string;
  days: number;
  daysInMonth: number;
  /** The sequence of the last word that it follows from. */
  fleetSequence: bigint;
}>;

const dayMs = 86_400_000;

/** The first instant of a day of the calendar of an IANA zone. */
const dayStart = (day: number, timeZone: string): Instant => {
  const date = calendarDate(day);
  const midnight = resolveLocal(`${date}T00:00`, timeZone, 'earlier');
  // Where the clocks go forward at midnight the day begins with the jump, not an hour before it.
  return localParts(parseInstant(midnight), timeZone).date === date
    ? midnight
    : resolveLocal(`${date}T00:00`, timeZone, 'later');
};

const firstDayOf = (period: string): number => parseInstant(`${period}-01T00:00:00Z`) / dayMs;

/** The calendar month after one, `YYYY-MM`. */
export const nextPeriod = (period: string): string =>
  calendarDate(firstDayOf(period) + 31).slice(0, 'YYYY-MM'.length);

/** The instant at which a calendar month ends in an IANA zone. */
export const periodEnd = (period: string, timeZone: string): Instant =>
  dayStart(firstDayOf(nextPeriod(period)), timeZone);

const saidAt = (word: FleetWords[number]): Instant =>
  word.type === 'FleetRegistered' ? word.registeredAt : word.closedAt;

/**
 * The IANA zone in which a month of a fleet is counted: that of its last registration before the
 * month ended, by the old zone and by the new one. Undefined for a month before the fleet.
 */
export const periodZone = (words: FleetWords, period: string): string | undefined => {
  let zone: string | undefined;
  for (const word of words) {
    if (word.type !== 'FleetRegistered' || word.timeZone === zone) continue;
    const zones = zone === undefined ? [word.timeZone] : [zone, word.timeZone];
    if (zones.every((of) => word.registeredAt < periodEnd(period, of))) zone = word.timeZone;
  }
  return zone;
};

/** The months of a fleet that ended by an instant, from that in which it was first registered. */
export const endedPeriods = (
  words: FleetWords,
  untilMs: number,
): Readonly<{ ended: readonly PlanPeriod[]; next: PlanPeriod | undefined }> => {
  const [first] = words;
  if (first?.type !== 'FleetRegistered') return { ended: [], next: undefined };
  const ended: PlanPeriod[] = [];
  // No zone is a day behind UTC: its month may be the one before.
  let period = instantFromEpochMs(parseInstant(first.registeredAt) - dayMs).slice(0, 7);
  for (;;) {
    const timeZone = periodZone(words, period);
    if (timeZone !== undefined) {
      const month = { period, timeZone, endedAt: periodEnd(period, timeZone) };
      if (parseInstant(month.endedAt) > untilMs) return { ended, next: month };
      ended.push(month);
    }
    period = nextPeriod(period);
  }
};

/**
 * Which plans a month's days are paid for: each by what held at its end, so that the day on which a
 * fleet is registered counts and the day on which it is closed does not. Nothing for days without a
 * fleet, or without a tariff that states a fee.
 */
export const planStretches = (
  words: FleetWords,
  period: string,
  timeZone: string,
): readonly PlanStretch[] => {
  const monthEndedAt = periodEnd(period, timeZone);
  const [from, until] = [firstDayOf(period), firstDayOf(nextPeriod(period))];
  const stretches = new Map<string, PlanStretch>();
  for (let day = from; day < until; day += 1) {
    const endedAt = dayStart(day + 1, timeZone);
    const held = words.findLast((word) => saidAt(word) < endedAt);
    if (held?.type !== 'FleetRegistered' || held.feeTariffId === undefined) continue;
    const { cpoId, fleetRef, plan, feeTariffId: tariffId } = held;
    const feeId = derivedId('fleet-fee', cpoId, fleetRef, period, plan, tariffId);
    const days = (stretches.get(feeId)?.days ?? 0) + 1;
    const which = { cpoId, feeId, fleetRef, period, timeZone, monthEndedAt, plan, tariffId };
    const fleetSequence = BigInt(words.length);
    stretches.set(feeId, { ...which, days, daysInMonth: until - from, fleetSequence });
  }
  return [...stretches.values()];
};

/** The tariff version that states the fee of a stretch, as far as there is one. */
export type StatedFee = Readonly<{ reference: TariffReference; tariff: OcpiTariff }>;

/** What is charged for a stretch, or why nothing can be yet. */
export const fleetFee = (stretch: PlanStretch, stated: StatedFee | undefined): FleetFeeEvent => {
  const { tariffId, ...which } = stretch;
  const { cpoId, feeId, fleetRef, period, plan, fleetSequence } = which;
  const withheld = (reason: string, detail: string): FleetFeeEvent => ({
    type: 'FleetFeeWithheld',
    cpoId,
    feeId,
    fleetRef,
    period,
    plan,
    tariffId,
    reason,
    detail,
    fleetSequence,
  });
  if (stated === undefined) {
    return withheld('tariff-unknown', `tariff ${tariffId} has no version in force at its end`);
  }
  const month = planMonth(stated.tariff, plan, stretch);
  if (!month.ok) return withheld(month.reason, month.detail);
  const { ok: _, ...amounts } = month;
  return {
    type: 'FleetFeeCharged',
    ...which,
    tariff: stated.reference,
    ...amounts,
    roundingPolicyId,
  };
};
