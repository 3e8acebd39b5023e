export type { Instant } from './instant';
export { instantFromEpochMs, InvalidInstant, normalizeInstant, parseInstant } from './instant';
export type { OffsetTransition } from './time-zone';
export {
  isTimeZone,
  timeZoneDataVersion,
  UnknownTimeZone,
  zoneOffsetMs,
  zoneOffsetTransitions,
} from './time-zone';
export type { Disambiguation, LocalClock, LocalParts, Weekday } from './local-time';
export {
  calendarDate,
  localClock,
  localParts,
  localWallClockBoundaries,
  resolveLocal,
  wallClockText,
  weekdays,
} from './local-time';
