import {
  derivedId,
  type FleetClosed,
  type FleetFeeEvent,
  type FleetRegistered,
  type TariffReference,
} from '@tallywatt/contracts';
import { planMonth, roundingPolicyId, type OcpiTariff } from '@tallywatt/tariffs';
import { calendarDate, parseInstant, resolveLocal, type Instant } from '@tallywatt/time';

/** What was said of a fleet, in the order of its stream. */
export type FleetWords = readonly (FleetRegistered | FleetClosed)[];

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
}>;

const dayMs = 86_400_000;

/** The first instant of a day of the calendar of an IANA zone. */
const dayStart = (day: number, timeZone: string): Instant =>
  resolveLocal(`${calendarDate(day)}T00:00`, timeZone, 'earlier');

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
    stretches.set(feeId, { ...which, days, daysInMonth: until - from });
  }
  return [...stretches.values()];
};

/** The tariff version that states the fee of a stretch, as far as there is one. */
export type StatedFee = Readonly<{ reference: TariffReference; tariff: OcpiTariff }>;

/** What is charged for a stretch, or why nothing can be yet. */
export const fleetFee = (stretch: PlanStretch, stated: StatedFee | undefined): FleetFeeEvent => {
  const { tariffId, ...which } = stretch;
  const { cpoId, feeId, fleetRef, period, plan } = which;
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
