import type {
  TariffAssigned as TariffAssignedMessage,
  TariffPublished as TariffPublishedMessage,
  TariffUnassigned as TariffUnassignedMessage,
  TariffWithdrawn as TariffWithdrawnMessage,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import {
  TariffAssignedSchema,
  TariffPublishedSchema,
  TariffUnassignedSchema,
  TariffWithdrawnSchema,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type TariffPublished = EventOf<'TariffPublished', TariffPublishedMessage>;
export type TariffWithdrawn = EventOf<'TariffWithdrawn', TariffWithdrawnMessage>;
export type TariffAssigned = EventOf<'TariffAssigned', TariffAssignedMessage>;
export type TariffUnassigned = EventOf<'TariffUnassigned', TariffUnassignedMessage>;

/** A version of a tariff was offered, or is no more. */
export type TariffVersionEvent = TariffPublished | TariffWithdrawn;
/** Where, for whom and when a tariff prices sessions. */
export type TariffAssignmentEvent = TariffAssigned | TariffUnassigned;

/** Events of `pricing.tariffs.v1`: tariff versions and where they hold. */
export type TariffEvent = TariffVersionEvent | TariffAssignmentEvent;

export const tariffContracts = {
  TariffPublished: contractOf('pricing.tariffs.v1', TariffPublishedSchema),
  TariffWithdrawn: contractOf('pricing.tariffs.v1', TariffWithdrawnSchema),
  TariffAssigned: contractOf('pricing.tariffs.v1', TariffAssignedSchema),
  TariffUnassigned: contractOf('pricing.tariffs.v1', TariffUnassignedSchema),
} as const;
