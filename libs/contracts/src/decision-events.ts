import type {
  ChargingDecision as ChargingDecisionMessage,
  ChargingAuthorized as ChargingAuthorizedMessage,
  ChargingDenied as ChargingDeniedMessage,
} from './gen/tallywatt/access/v1/access_events_pb';
import {
  ChargingAuthorizedSchema,
  ChargingDeniedSchema,
} from './gen/tallywatt/access/v1/access_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

export type ChargingDecision = Readable<ChargingDecisionMessage>;

export type ChargingAuthorized = EventOf<'ChargingAuthorized', ChargingAuthorizedMessage>;
export type ChargingDenied = EventOf<'ChargingDenied', ChargingDeniedMessage>;

/** Events of `access.decisions.v1`: who may charge, and why. */
export type DecisionEvent = ChargingAuthorized | ChargingDenied;

export const decisionContracts = {
  ChargingAuthorized: contractOf('access.decisions.v1', ChargingAuthorizedSchema),
  ChargingDenied: contractOf('access.decisions.v1', ChargingDeniedSchema),
} as const;
