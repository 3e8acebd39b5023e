import type { SessionCostEstimated as SessionCostEstimatedMessage } from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { SessionCostEstimatedSchema } from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type SessionCostEstimated = EventOf<'SessionCostEstimated', SessionCostEstimatedMessage>;

/** Events of `pricing.estimates.v1`: what running sessions would cost now. */
export type EstimateEvent = SessionCostEstimated;

export const estimateContracts = {
  SessionCostEstimated: contractOf('pricing.estimates.v1', SessionCostEstimatedSchema),
} as const;
