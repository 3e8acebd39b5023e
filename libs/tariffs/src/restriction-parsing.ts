import type { Weekday } from '@tallywatt/time';
import type { Findings } from './json-fields';
import {
  extensionFields,
  fault,
  listAt,
  objectAt,
  patternAt,
  present,
  scaledAt,
  unknownFields,
  wholeNumberAt,
  whenGiven,
  wordAt,
} from './json-fields';
import type { HolidayRestriction, TariffRestrictions } from './ocpi-tariff';

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
const monthAndDay =
  /^(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|[12]\d))$/;

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
    ...whenGiven(json['tallywatt'], (own) => parseOwn(own, `${path}.tallywatt`, findings)),
  });
  checkWindow(restrictions, path, findings);
  return restrictions;
};

type OwnRestrictions = Pick<
  TariffRestrictions,
  'holiday' | 'seasonStart' | 'seasonEnd' | 'minIdleSeconds' | 'maxIdleSeconds'
>;

const ownFields = ['holiday', 'season_start', 'season_end', 'min_idle_seconds', 'max_idle_seconds'];

// What OCPI cannot ask; see docs/tariff-extension.md.
const parseOwn = (value: unknown, path: string, findings: Findings): OwnRestrictions => {
  const json = objectAt(value, path, findings);
  if (json === undefined) return {};
  extensionFields(json, path, ownFields, findings);
  const season = (name: string) =>
    whenGiven(json[name], (field) =>
      patternAt(field, `${path}.${name}`, findings, monthAndDay, 'MM-DD'),
    );
  const seconds = (name: string) =>
    whenGiven(json[name], (field) => wholeNumberAt(field, `${path}.${name}`, findings));
  const seasonStart = season('season_start');
  const seasonEnd = season('season_end');
  if ((seasonStart === undefined) !== (seasonEnd === undefined)) {
    const missing = seasonStart === undefined ? 'season_start' : 'season_end';
    fault(findings, `${path}.${missing}`, 'is missing: a season has a start and an end');
  } else if (seasonStart !== undefined && seasonStart === seasonEnd) {
    fault(findings, `${path}.season_end`, 'equals season_start; leave both out for the whole year');
  }
  return present({
    holiday: whenGiven(json['holiday'], (field) =>
      wordAt(field, `${path}.holiday`, findings, holidayWords),
    ),
    seasonStart,
    seasonEnd,
    minIdleSeconds: seconds('min_idle_seconds'),
    maxIdleSeconds: seconds('max_idle_seconds'),
  });
};

const holidayWords: readonly HolidayRestriction[] = ['only', 'never'];

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
  'tallywatt',
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

const checkWindow = (
  { startTime, endTime }: TariffRestrictions,
  path: string,
  findings: Findings,
): void => {
  if (startTime !== undefined && startTime === endTime && startTime !== '00:00') {
    fault(findings, `${path}.end_time`, 'equals start_time, whose meaning is disputed');
  }
};
