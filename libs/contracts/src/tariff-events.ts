import type {
  TariffAssigned as TariffAssignedMessage,
  LevelRange as LevelRangeMessage,
  PriceAdjustment as PriceAdjustmentMessage,
  PriceBounds as PriceBoundsMessage,
  PricingRuleRemoved as PricingRuleRemovedMessage,
  PricingRuleSet as PricingRuleSetMessage,
  PricingStep as PricingStepMessage,
  SiteObservation as SiteObservationMessage,
  TariffAdjustment as TariffAdjustmentMessage,
  TariffPublished as TariffPublishedMessage,
  TariffUnassigned as TariffUnassignedMessage,
  TariffWithdrawn as TariffWithdrawnMessage,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import {
  TariffAssignedSchema,
  PricingRuleRemovedSchema,
  PricingRuleSetSchema,
  TariffPublishedSchema,
  TariffUnassignedSchema,
  TariffWithdrawnSchema,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

export type TariffPublished = EventOf<'TariffPublished', TariffPublishedMessage>;
export type TariffWithdrawn = EventOf<'TariffWithdrawn', TariffWithdrawnMessage>;
export type TariffAssigned = EventOf<'TariffAssigned', TariffAssignedMessage>;
export type TariffUnassigned = EventOf<'TariffUnassigned', TariffUnassignedMessage>;

/** A version of a tariff was offered, or is no more. */
export type TariffVersionEvent = TariffPublished | TariffWithdrawn;
/** Where, for whom and when a tariff prices sessions. */
export type TariffAssignmentEvent = TariffAssigned | TariffUnassigned;

export type PricingRuleSet = EventOf<'PricingRuleSet', PricingRuleSetMessage>;
export type PricingRuleRemoved = EventOf<'PricingRuleRemoved', PricingRuleRemovedMessage>;

/** Why a rule published a version of a tariff. */
export type TariffAdjustment = Readable<TariffAdjustmentMessage>;
/** What was known of a site at one instant. */
export type SiteObservation = Readable<SiteObservationMessage>;
export type LevelRange = Readable<LevelRangeMessage>;
export type PriceAdjustment = Readable<PriceAdjustmentMessage>;
export type PriceBounds = Readable<PriceBoundsMessage>;
export type PricingStep = Readable<PricingStepMessage>;

/** A rule adjusts a tariff within bounds, or does no more. */
export type PricingRuleEvent = PricingRuleSet | PricingRuleRemoved;

/** Events of `pricing.tariffs.v1`: tariff versions, where they hold, and what adjusts them. */
export type TariffEvent = TariffVersionEvent | TariffAssignmentEvent | PricingRuleEvent;

export const tariffContracts = {
  TariffPublished: contractOf('pricing.tariffs.v1', TariffPublishedSchema),
  TariffWithdrawn: contractOf('pricing.tariffs.v1', TariffWithdrawnSchema),
  TariffAssigned: contractOf('pricing.tariffs.v1', TariffAssignedSchema),
  TariffUnassigned: contractOf('pricing.tariffs.v1', TariffUnassignedSchema),
  PricingRuleSet: contractOf('pricing.tariffs.v1', PricingRuleSetSchema),
  PricingRuleRemoved: contractOf('pricing.tariffs.v1', PricingRuleRemovedSchema),
} as const;
