import type {
  DriverRegistered as DriverRegisteredMessage,
  FleetClosed as FleetClosedMessage,
  FleetRegistered as FleetRegisteredMessage,
  TokenBlocked as TokenBlockedMessage,
  TokenIssued as TokenIssuedMessage,
} from './gen/tallywatt/access/v1/access_events_pb';
import {
  DriverRegisteredSchema,
  FleetClosedSchema,
  FleetRegisteredSchema,
  TokenBlockedSchema,
  TokenIssuedSchema,
} from './gen/tallywatt/access/v1/access_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type DriverRegistered = EventOf<'DriverRegistered', DriverRegisteredMessage>;
export type TokenIssued = EventOf<'TokenIssued', TokenIssuedMessage>;
export type TokenBlocked = EventOf<'TokenBlocked', TokenBlockedMessage>;

export type FleetRegistered = EventOf<'FleetRegistered', FleetRegisteredMessage>;
export type FleetClosed = EventOf<'FleetClosed', FleetClosedMessage>;

/** Events of `access.accounts.v1`: drivers, tokens and fleets, by reference. */
export type AccountEvent =
  DriverRegistered | TokenIssued | TokenBlocked | FleetRegistered | FleetClosed;

export const accountContracts = {
  DriverRegistered: contractOf('access.accounts.v1', DriverRegisteredSchema),
  TokenIssued: contractOf('access.accounts.v1', TokenIssuedSchema),
  TokenBlocked: contractOf('access.accounts.v1', TokenBlockedSchema),
  FleetRegistered: contractOf('access.accounts.v1', FleetRegisteredSchema),
  FleetClosed: contractOf('access.accounts.v1', FleetClosedSchema),
} as const;
