import type {
  TariffPublished as TariffPublishedMessage,
  TariffWithdrawn as TariffWithdrawnMessage,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import {
  TariffPublishedSchema,
  TariffWithdrawnSchema,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type TariffPublished = EventOf<'TariffPublished', TariffPublishedMessage>;
export type TariffWithdrawn = EventOf<'TariffWithdrawn', TariffWithdrawnMessage>;

/** Events of `pricing.tariffs.v1`: tariff versions. */
export type TariffEvent = TariffPublished | TariffWithdrawn;

export const tariffContracts = {
  TariffPublished: contractOf('pricing.tariffs.v1', TariffPublishedSchema),
  TariffWithdrawn: contractOf('pricing.tariffs.v1', TariffWithdrawnSchema),
} as const;
