import { localClock, parseInstant, type Instant } from '@tallywatt/time';
import { timeOfDayHolds, timeOfDayWindow } from './time-of-day';

/** Part of a week on the wall clock of the location. */
export type WeeklyWindow = Readonly<{
  /** OCPI DayOfWeek; empty is every day. The weekday is that of the moment. */
  weekdays: readonly string[];
  /** HH:MM as in OCPI's restrictions: start included, end not, 22:00 to 06:00 wraps. */
  startTime?: string;
  endTime?: string;
}>;

/** Where, for whom and when a tariff prices sessions. An empty list asks nothing. */
export type TariffAssignment = Readonly<{
  assignmentId: string;
  tariffId: string;
  /** Counts what was said of the assignment. */
  revision: bigint;
  priority: number;
  /** Kind and name, such as `tier:member`. */
  driverGroups: readonly string[];
  chargePointIds: readonly string[];
  evseGroups: readonly string[];
  locationIds: readonly string[];
  siteGroups: readonly string[];
  weeklyWindows: readonly WeeklyWindow[];
  /** From inclusive, until exclusive. */
  validFrom?: Instant;
  validUntil?: Instant;
  assignedAt: Instant;
}>;

/** Kinds of driver groups, as `kind:name`. Who a driver is in that sense is decided elsewhere. */
export const driverGroupKinds = ['tier', 'token-type', 'group', 'roaming'] as const;

/**
 * The driver group of a home network among those of a start, where its driver is another network's.
 * What such a driver pays is agreed with the network: only an assignment that asks for this group
 * prices the start, and no other tariff does by accident.
 */
export const roamingGroupOf = ({
  driverGroups,
}: Pick<SessionStart, 'driverGroups'>): string | undefined =>
  driverGroups.find((group) => group.startsWith('roaming:'));

/** A session begins: who, where and when. What is left out is unknown, and is no name's own. */
export type SessionStart = Readonly<{
  at: Instant;
  driverGroups: readonly string[];
  chargePointId: string;
  locationId?: string;
  siteGroups: readonly string[];
  evseGroups: readonly string[];
  /** IANA zone of the location. */
  timeZone?: string;
  /** ISO 4217, of the location. */
  currency: string;
}>;

/** Why an assignment does not hold a start. */
export type AssignmentMismatch =
  | 'outside-validity'
  | 'driver-group-differs'
  | 'charge-point-differs'
  | 'evse-group-differs'
  | 'location-differs'
  | 'site-group-differs'
  | 'time-zone-unknown'
  | 'outside-weekly-windows';

/** Why an assignment does not hold a start; nothing when it does. */
export const assignmentMismatch = (
  assignment: TariffAssignment,
  start: SessionStart,
): AssignmentMismatch | undefined => {
  const { validFrom, validUntil, weeklyWindows } = assignment;
  if (validFrom !== undefined && start.at < validFrom) return 'outside-validity';
  if (validUntil !== undefined && start.at >= validUntil) return 'outside-validity';
  if (!asks(assignment.driverGroups, start.driverGroups)) return 'driver-group-differs';
  const roaming = roamingGroupOf(start);
  if (roaming !== undefined && !assignment.driverGroups.includes(roaming)) {
    return 'driver-group-differs';
  }
  if (!asks(assignment.chargePointIds, [start.chargePointId])) return 'charge-point-differs';
  if (!asks(assignment.evseGroups, start.evseGroups)) return 'evse-group-differs';
  const locations = start.locationId === undefined ? [] : [start.locationId];
  if (!asks(assignment.locationIds, locations)) return 'location-differs';
  if (!asks(assignment.siteGroups, start.siteGroups)) return 'site-group-differs';
  if (weeklyWindows.length === 0) return undefined;
  if (start.timeZone === undefined) return 'time-zone-unknown';
  const { weekday, secondsOfDay } = localClock(parseInstant(start.at), start.timeZone);
  const isInside = weeklyWindows.some(
    ({ weekdays, startTime, endTime }) =>
      (weekdays.length === 0 || weekdays.includes(weekday)) &&
      timeOfDayHolds(timeOfDayWindow(startTime, endTime), secondsOfDay),
  );
  return isInside ? undefined : 'outside-weekly-windows';
};

const asks = (asked: readonly string[], given: readonly string[]): boolean =>
  asked.length === 0 || asked.some((name) => given.includes(name));

/**
 * What an assignment asks, the more specific first: whom before where, where before when, and what
 * is named by its id before what is named by a group.
 */
const placeLists = ['chargePointIds', 'evseGroups', 'locationIds', 'siteGroups'] as const;
const specificityOrder = ['driverGroups', ...placeLists, 'weeklyWindows'] as const;

/** The more specific of two assignments has the larger number; equal ones ask the same kinds. */
export const specificityOf = (assignment: TariffAssignment): number =>
  specificityOrder.reduce((sum, asked) => sum * 2 + (assignment[asked].length === 0 ? 0 : 1), 0);

/**
 * Sorts assignments so that the first one to hold a start wins: the higher priority, then the more
 * specific one, then the one assigned later. Ids settle what is left, so that there is one order.
 */
export const byPrecedence = (one: TariffAssignment, other: TariffAssignment): number =>
  other.priority - one.priority ||
  specificityOf(other) - specificityOf(one) ||
  byText(other.assignedAt, one.assignedAt) ||
  byText(one.assignmentId, other.assignmentId);

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/**
 * Whether only the time of their assignment decides between two: the same priority, as specific,
 * and some start may be held by both. Driver groups of two kinds may hold one driver: a tier and a
 * token type. Site groups and EVSE groups may overlap even where their names differ, which nobody
 * knows who does not know the sites; such pairs are not reported.
 */
export const areTied = (one: TariffAssignment, other: TariffAssignment): boolean =>
  one.assignmentId !== other.assignmentId &&
  one.priority === other.priority &&
  specificityOf(one) === specificityOf(other) &&
  groupsMeet(one.driverGroups, other.driverGroups) &&
  placeLists.every((asked) => one[asked].length === 0 || asks(one[asked], other[asked])) &&
  (one.validUntil === undefined || (other.validFrom ?? '') < one.validUntil) &&
  (other.validUntil === undefined || (one.validFrom ?? '') < other.validUntil) &&
  weeksMeet(one.weeklyWindows, other.weeklyWindows);

// A driver has one tier, and a token one type and one group: two names of a kind do not meet. A home
// network meets nothing but itself, because nothing else that is assigned holds its drivers.
const groupsMeet = (ones: readonly string[], others: readonly string[]): boolean =>
  ones.length === 0 ||
  ones.some((one) =>
    others.some((other) => one === other || kindsMeet(kindOf(one), kindOf(other))),
  );

const kindsMeet = (one: string, other: string): boolean =>
  one !== other && one !== 'roaming' && other !== 'roaming';

const kindOf = (group: string): string => group.slice(0, group.indexOf(':'));

const weeksMeet = (ones: readonly WeeklyWindow[], others: readonly WeeklyWindow[]): boolean =>
  ones.length === 0 ||
  ones.some((one) =>
    others.some((other) => asksMeet(one.weekdays, other.weekdays) && timesMeet(one, other)),
  );

const asksMeet = (one: readonly string[], other: readonly string[]): boolean =>
  other.length === 0 || asks(one, other);

// Two windows meet where one of them begins inside the other.
const timesMeet = (one: WeeklyWindow, other: WeeklyWindow): boolean => {
  const windows = [one, other].map(({ startTime, endTime }) => timeOfDayWindow(startTime, endTime));
  const [left, right] = windows;
  if (left === undefined || right === undefined) return false;
  return timeOfDayHolds(left, right.fromSecondOfDay) || timeOfDayHolds(right, left.fromSecondOfDay);
};
