import type { Rational, Whole } from '@tallywatt/money';
import { multiplyWhole, wholeOf } from '@tallywatt/money';
import type { LocalClock } from '@tallywatt/time';
import { calendarDate } from '@tallywatt/time';
import { seasonHolds } from './calendar-days';
import type {
  OcpiTariff,
  PriceComponent,
  TariffDimension,
  TariffElement,
  TariffRestrictions,
} from './ocpi-tariff';
import { componentOf } from './ocpi-tariff';
import type { Use } from './occupancy-timeline';
import { CannotRate } from './rated-session';
import type { TimeOfDayWindow } from './time-of-day';
import { timeOfDayHolds, timeOfDayWindow } from './time-of-day';

/** Everything restrictions can ask about one moment. */
export type Moment = Readonly<{
  use: Use;
  energyMilliWh: Rational;
  sinceStartMs: number;
  local: LocalClock;
  powerMilliW: Rational;
  /** Undefined is unknown. */
  currentMilliA: Rational | undefined;
  /** Since the vehicle stopped taking energy, grace included. */
  idleMs: number;
}>;

export type Match = Readonly<{ elementIndex: number; component: PriceComponent }>;

/** The components of one dimension in the order of their elements, laid out for look-up. */
export type Rules = readonly Rule[];

type Range = Readonly<{ min: Whole | undefined; max: Whole | undefined }>;

type Rule = Readonly<{
  match: Match;
  restrictions: TariffRestrictions;
  /** Nothing is asked but that this is no reservation. */
  isFree: boolean;
  sinceStartMs: Range;
  energyMilliWh: Range;
  powerMilliW: Range | undefined;
  currentMilliA: Range | undefined;
  isOnCalendar: boolean;
  timeOfDay: TimeOfDayWindow;
  holidays: ReadonlySet<string>;
  idleMs: Range;
}>;

/** A tariff laid out for look-up: worked out once, the same for every session it prices. */
export type TariffRules = Readonly<Record<TariffDimension, Rules>>;

const remembered = new WeakMap<OcpiTariff, TariffRules>();

export const rulesOf = (tariff: OcpiTariff): TariffRules => {
  const known = remembered.get(tariff);
  if (known !== undefined) return known;
  const holidays = new Set(tariff.holidays);
  const of = (dimension: TariffDimension): Rules =>
    tariff.elements.flatMap((element, elementIndex) => {
      const component = componentOf(element, dimension);
      return component === undefined
        ? []
        : [ruleOf(element, { elementIndex, component }, holidays)];
    });
  const rules = {
    ENERGY: of('ENERGY'),
    TIME: of('TIME'),
    PARKING_TIME: of('PARKING_TIME'),
    FLAT: of('FLAT'),
  };
  remembered.set(tariff, rules);
  return rules;
};

const ruleOf = (
  { restrictions }: TariffElement,
  match: Match,
  holidays: ReadonlySet<string>,
): Rule => {
  const { startTime, endTime, startDate, endDate, dayOfWeek, seasonStart, holiday } = restrictions;
  return {
    match,
    restrictions,
    isFree: Object.values(restrictions).every((value) => value === undefined),
    sinceStartMs: rangeOf(
      millisecondsOf(restrictions.minDurationSeconds),
      millisecondsOf(restrictions.maxDurationSeconds),
    ),
    energyMilliWh: rangeOf(restrictions.minEnergyMilliWh, restrictions.maxEnergyMilliWh),
    powerMilliW: limitOf(restrictions.minPowerMilliW, restrictions.maxPowerMilliW),
    currentMilliA: limitOf(restrictions.minCurrentMilliA, restrictions.maxCurrentMilliA),
    isOnCalendar:
      (startTime ?? endTime ?? startDate ?? endDate ?? dayOfWeek ?? seasonStart ?? holiday) !==
      undefined,
    timeOfDay: timeOfDayWindow(startTime, endTime),
    holidays,
    idleMs: rangeOf(
      millisecondsOf(restrictions.minIdleSeconds),
      millisecondsOf(restrictions.maxIdleSeconds),
    ),
  };
};

const millisecondsOf = (seconds: bigint | undefined): bigint | undefined =>
  seconds === undefined ? undefined : seconds * 1000n;

const rangeOf = (min: bigint | undefined, max: bigint | undefined): Range => ({
  min: min === undefined ? undefined : wholeOf(min),
  max: max === undefined ? undefined : wholeOf(max),
});

const limitOf = (min: bigint | undefined, max: bigint | undefined): Range | undefined =>
  (min ?? max) === undefined ? undefined : rangeOf(min, max);

/**
 * OCPI 2.2.1 mod_tariffs: for each dimension the first element counts that has a component of it
 * and whose restrictions all hold. No element means that the dimension is not charged.
 */
export const firstMatch = (rules: Rules, moment: Moment): Match | undefined => {
  for (const rule of rules) {
    if (holds(rule, moment)) return rule.match;
  }
  return undefined;
};

const holds = (rule: Rule, moment: Moment): boolean =>
  reservationHolds(rule.restrictions, moment.use) &&
  (rule.isFree ||
    (contains(rule.sinceStartMs, moment.sinceStartMs, 1) &&
      contains(rule.idleMs, moment.idleMs, 1) &&
      contains(
        rule.energyMilliWh,
        moment.energyMilliWh.numerator,
        moment.energyMilliWh.denominator,
      ) &&
      calendarHolds(rule, moment.local) &&
      electricityHolds(rule, moment)));

const reservationHolds = ({ reservation }: TariffRestrictions, use: Use): boolean => {
  switch (use) {
    case 'charging':
    case 'parking':
      return reservation === undefined;
    case 'reserved':
      return reservation === 'RESERVATION';
    case 'reservation-expired':
      return reservation !== undefined;
  }
};

const calendarHolds = (rule: Rule, local: LocalClock): boolean => {
  if (!rule.isOnCalendar) return true;
  const { startDate, endDate, dayOfWeek, seasonStart, seasonEnd, holiday } = rule.restrictions;
  return (
    (dayOfWeek === undefined || dayOfWeek.includes(local.weekday)) &&
    (startDate === undefined || calendarDate(local.day) >= startDate) &&
    (endDate === undefined || calendarDate(local.day) < endDate) &&
    (seasonStart === undefined || seasonHolds(seasonStart, seasonEnd, calendarDate(local.day))) &&
    (holiday === undefined ||
      rule.holidays.has(calendarDate(local.day)) === (holiday === 'only')) &&
    timeOfDayHolds(rule.timeOfDay, local.secondsOfDay)
  );
};

const electricityHolds = ({ powerMilliW, currentMilliA }: Rule, moment: Moment): boolean => {
  if (powerMilliW !== undefined) {
    const { numerator, denominator } = moment.powerMilliW;
    if (!contains(powerMilliW, numerator, denominator)) return false;
  }
  if (currentMilliA === undefined) return true;
  if (moment.currentMilliA === undefined) {
    const why = 'the tariff depends on the current and no reading reports one';
    throw new CannotRate('power-or-current-unknown', why);
  }
  const { numerator, denominator } = moment.currentMilliA;
  return contains(currentMilliA, numerator, denominator);
};

// Minimums include, maximums exclude.
const contains = ({ min, max }: Range, numerator: Whole, denominator: Whole): boolean =>
  (min === undefined || numerator >= multiplyWhole(min, denominator)) &&
  (max === undefined || numerator < multiplyWhole(max, denominator));
