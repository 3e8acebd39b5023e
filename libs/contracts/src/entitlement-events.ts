import type {
  EntitlementChanged as EntitlementChangedMessage,
  EntitlementExpired as EntitlementExpiredMessage,
  EntitlementGranted as EntitlementGrantedMessage,
  EntitlementRevoked as EntitlementRevokedMessage,
} from './gen/tallywatt/access/v1/access_events_pb';
import {
  EntitlementChangedSchema,
  EntitlementExpiredSchema,
  EntitlementGrantedSchema,
  EntitlementRevokedSchema,
} from './gen/tallywatt/access/v1/access_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type EntitlementGranted = EventOf<'EntitlementGranted', EntitlementGrantedMessage>;
export type EntitlementChanged = EventOf<'EntitlementChanged', EntitlementChangedMessage>;
export type EntitlementRevoked = EventOf<'EntitlementRevoked', EntitlementRevokedMessage>;
export type EntitlementExpired = EventOf<'EntitlementExpired', EntitlementExpiredMessage>;

/** Events of `access.entitlements.v1`: membership tiers, by driver reference. */
export type EntitlementEvent =
  EntitlementGranted | EntitlementChanged | EntitlementRevoked | EntitlementExpired;

export const entitlementContracts = {
  EntitlementGranted: contractOf('access.entitlements.v1', EntitlementGrantedSchema),
  EntitlementChanged: contractOf('access.entitlements.v1', EntitlementChangedSchema),
  EntitlementRevoked: contractOf('access.entitlements.v1', EntitlementRevokedSchema),
  EntitlementExpired: contractOf('access.entitlements.v1', EntitlementExpiredSchema),
} as const;
