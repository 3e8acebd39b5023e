import type {
  DriverRegistered as DriverRegisteredMessage,
  TokenBlocked as TokenBlockedMessage,
  TokenIssued as TokenIssuedMessage,
} from './gen/tallywatt/access/v1/access_events_pb';
import {
  DriverRegisteredSchema,
  TokenBlockedSchema,
  TokenIssuedSchema,
} from './gen/tallywatt/access/v1/access_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type DriverRegistered = EventOf<'DriverRegistered', DriverRegisteredMessage>;
export type TokenIssued = EventOf<'TokenIssued', TokenIssuedMessage>;
export type TokenBlocked = EventOf<'TokenBlocked', TokenBlockedMessage>;

/** Events of `access.accounts.v1`: drivers and tokens, by reference. */
export type AccountEvent = DriverRegistered | TokenIssued | TokenBlocked;

export const accountContracts = {
  DriverRegistered: contractOf('access.accounts.v1', DriverRegisteredSchema),
  TokenIssued: contractOf('access.accounts.v1', TokenIssuedSchema),
  TokenBlocked: contractOf('access.accounts.v1', TokenBlockedSchema),
} as const;
