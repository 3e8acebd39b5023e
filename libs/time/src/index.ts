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
export type { Disambiguation, LocalParts, Weekday } from './local-time';
export { localParts, localWallClockBoundaries, resolveLocal } from './local-time';
