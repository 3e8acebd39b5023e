import type { Rational } from '@tallywatt/money';
import type { LocalParts } from '@tallywatt/time';
import type {
  OcpiTariff,
  PriceComponent,
  TariffDimension,
  TariffRestrictions,
} from './ocpi-tariff';
import { componentOf } from './ocpi-tariff';
import type { Use } from './occupancy-timeline';

/** Everything restrictions can ask about one moment. Costly answers are worked out on demand. */
export type Moment = Readonly<{
  use: Use;
  energyMilliWh: Rational;
  sinceStartMs: number;
  local: () => LocalParts;
  powerMilliW: () => Rational;
  currentMilliA: () => Rational;
}>;

export type Match = Readonly<{ elementIndex: number; component: PriceComponent }>;

/**
 * OCPI 2.2.1 mod_tariffs: for each dimension the first element counts that has a component of it
 * and whose restrictions all hold. No element means that the dimension is not charged.
 */
export const firstMatch = (
  tariff: OcpiTariff,
  dimension: TariffDimension,
  moment: Moment,
): Match | undefined => {
  for (let elementIndex = 0; elementIndex < tariff.elements.length; elementIndex += 1) {
    const element = tariff.elements[elementIndex];
    const component = element === undefined ? undefined : componentOf(element, dimension);
    if (element === undefined || component === undefined) continue;
    if (holds(element.restrictions, moment)) return { elementIndex, component };
  }
  return undefined;
};

const holds = (restrictions: TariffRestrictions, moment: Moment): boolean =>
  reservationHolds(restrictions, moment.use) &&
  within(
    { numerator: BigInt(moment.sinceStartMs), denominator: 1000n },
    restrictions.minDurationSeconds,
    restrictions.maxDurationSeconds,
  ) &&
  within(moment.energyMilliWh, restrictions.minEnergyMilliWh, restrictions.maxEnergyMilliWh) &&
  calendarHolds(restrictions, moment) &&
  (unlimited(restrictions.minPowerMilliW, restrictions.maxPowerMilliW) ||
    within(moment.powerMilliW(), restrictions.minPowerMilliW, restrictions.maxPowerMilliW)) &&
  (unlimited(restrictions.minCurrentMilliA, restrictions.maxCurrentMilliA) ||
    within(moment.currentMilliA(), restrictions.minCurrentMilliA, restrictions.maxCurrentMilliA));

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

const calendarHolds = (restrictions: TariffRestrictions, moment: Moment): boolean => {
  const { startTime, endTime, startDate, endDate, dayOfWeek } = restrictions;
  if ((startTime ?? endTime ?? startDate ?? endDate ?? dayOfWeek) === undefined) return true;
  const local = moment.local();
  return (
    (dayOfWeek === undefined || dayOfWeek.includes(local.weekday)) &&
    (startDate === undefined || local.date >= startDate) &&
    (endDate === undefined || local.date < endDate) &&
    timeOfDayHolds(startTime, endTime, local.time)
  );
};

// Wrapped windows (22:00 to 06:00) hold on both sides of midnight; equal times only as 00:00.
const timeOfDayHolds = (
  start: string | undefined,
  end: string | undefined,
  time: string,
): boolean => {
  if (start !== undefined && start === end && start !== '00:00') return false;
  const from = start ?? '00:00';
  if (end === undefined || end === '00:00') return time >= from;
  return from < end ? time >= from && time < end : time >= from || time < end;
};

const unlimited = (min: bigint | undefined, max: bigint | undefined): boolean =>
  min === undefined && max === undefined;

const within = (value: Rational, min: bigint | undefined, max: bigint | undefined): boolean =>
  (min === undefined || value.numerator >= min * value.denominator) &&
  (max === undefined || value.numerator < max * value.denominator);
