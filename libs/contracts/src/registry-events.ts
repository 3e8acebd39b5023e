import type { ChargePointRegistered as ChargePointRegisteredMessage } from './gen/tallywatt/registry/v1/registry_events_pb';
import { ChargePointRegisteredSchema } from './gen/tallywatt/registry/v1/registry_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type ChargePointRegistered = EventOf<'ChargePointRegistered', ChargePointRegisteredMessage>;

/** Events of `charging.registry.v1`: which charge points exist. */
export type RegistryEvent = ChargePointRegistered;

export const registryContracts = {
  ChargePointRegistered: contractOf('charging.registry.v1', ChargePointRegisteredSchema),
} as const;
