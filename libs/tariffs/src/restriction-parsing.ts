import type { Weekday } from '@tallywatt/time';
import type { Findings, JsonObject } from './json-fields';
import {
  fault,
  listAt,
  objectAt,
  patternAt,
  present,
  scaledAt,
  unknownFields,
  warn,
  wholeNumberAt,
  wordAt,
} from './json-fields';
import type { TariffRestrictions } from './ocpi-tariff';

const weekdays: readonly Weekday[] = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
];

const timeOfDay = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const calendarDate = /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/** OCPI TariffRestrictions. An unknown one is a fault: to skip it would change the price. */
export const parseRestrictions = (
  value: unknown,
  path: string,
  findings: Findings,
): TariffRestrictions => {
  if (value === undefined || value === null) return {};
  const json = objectAt(value, path, findings);
  if (json === undefined) return {};
  unknownFields(json, path, restrictionFields, findings.faults);

  const read = <Value>(
    name: RestrictionField,
    parse: (field: unknown, fieldPath: string) => Value | undefined,
  ): Value | undefined => {
    const field = json[name];
    return field === undefined || field === null ? undefined : parse(field, `${path}.${name}`);
  };
  const time = (field: unknown, at: string) => patternAt(field, at, findings, timeOfDay, 'HH:MM');
  const date = (field: unknown, at: string) =>
    patternAt(field, at, findings, calendarDate, 'YYYY-MM-DD');
  const milli = (field: unknown, at: string) => scaledAt(field, at, findings, 3);
  const micro = (field: unknown, at: string) => scaledAt(field, at, findings, 6);
  const whole = (field: unknown, at: string) => wholeNumberAt(field, at, findings);

  const restrictions = present({
    startTime: read('start_time', time),
    endTime: read('end_time', time),
    startDate: read('start_date', date),
    endDate: read('end_date', date),
    minEnergyMilliWh: read('min_kwh', micro),
    maxEnergyMilliWh: read('max_kwh', micro),
    minCurrentMilliA: read('min_current', milli),
    maxCurrentMilliA: read('max_current', milli),
    minPowerMilliW: read('min_power', micro),
    maxPowerMilliW: read('max_power', micro),
    minDurationSeconds: read('min_duration', whole),
    maxDurationSeconds: read('max_duration', whole),
    dayOfWeek: read('day_of_week', (field, at) => parseWeekdays(field, at, findings)),
    reservation: read('reservation', (field, at) =>
      wordAt(field, at, findings, ['RESERVATION', 'RESERVATION_EXPIRES'] as const),
    ),
  });
  checkWindows(restrictions, json, path, findings);
  return restrictions;
};

type RestrictionField = (typeof restrictionFields)[number];

const restrictionFields = [
  'start_time',
  'end_time',
  'start_date',
  'end_date',
  'min_kwh',
  'max_kwh',
  'min_current',
  'max_current',
  'min_power',
  'max_power',
  'min_duration',
  'max_duration',
  'day_of_week',
  'reservation',
] as const;

const parseWeekdays = (
  value: unknown,
  path: string,
  findings: Findings,
): readonly Weekday[] | undefined => {
  const list = listAt(value, path, findings);
  if (list === undefined || list.length === 0) return undefined;
  return list.flatMap((day, index) => wordAt(day, `${path}[${index}]`, findings, weekdays) ?? []);
};

const checkWindows = (
  restrictions: TariffRestrictions,
  json: JsonObject,
  path: string,
  findings: Findings,
): void => {
  const { startTime, endTime } = restrictions;
  if (startTime !== undefined && startTime === endTime && startTime !== '00:00') {
    fault(findings, `${path}.end_time`, 'equals start_time, whose meaning is disputed');
  }
  const bounds = [
    ['kwh', restrictions.minEnergyMilliWh, restrictions.maxEnergyMilliWh],
    ['current', restrictions.minCurrentMilliA, restrictions.maxCurrentMilliA],
    ['power', restrictions.minPowerMilliW, restrictions.maxPowerMilliW],
    ['duration', restrictions.minDurationSeconds, restrictions.maxDurationSeconds],
  ] as const;
  for (const [name, min, max] of bounds) {
    if (min !== undefined && max !== undefined && min >= max) {
      const found = `min_${name} ${String(json[`min_${name}`])}`;
      warn(findings, `${path}.max_${name}`, `is not above ${found}, so this never matches`);
    }
  }
  const { startDate, endDate } = restrictions;
  if (startDate !== undefined && endDate !== undefined && startDate >= endDate) {
    warn(findings, `${path}.end_date`, 'is not after start_date, so this never matches');
  }
};
