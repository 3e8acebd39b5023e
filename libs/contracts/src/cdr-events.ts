import type {
  CdrLine as CdrLineMessage,
  CdrIssued as CdrIssuedMessage,
  CdrWithheld as CdrWithheldMessage,
  CreditCdrIssued as CreditCdrIssuedMessage,
  EnergyCost as EnergyCostMessage,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import {
  CdrIssuedSchema,
  CdrWithheldSchema,
  CreditCdrIssuedSchema,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

export type CdrLine = Readable<CdrLineMessage>;
/** What the energy of a session cost its operator; beside the price and never part of it. */
export type EnergyCost = Readable<EnergyCostMessage>;

export type CdrIssued = EventOf<'CdrIssued', CdrIssuedMessage>;
export type CdrWithheld = EventOf<'CdrWithheld', CdrWithheldMessage>;
export type CreditCdrIssued = EventOf<'CreditCdrIssued', CreditCdrIssuedMessage>;

/** Events of `pricing.cdrs.v1`: priced sessions. */
export type CdrEvent = CdrIssued | CreditCdrIssued | CdrWithheld;

export const cdrContracts = {
  CdrIssued: contractOf('pricing.cdrs.v1', CdrIssuedSchema),
  CreditCdrIssued: contractOf('pricing.cdrs.v1', CreditCdrIssuedSchema),
  CdrWithheld: contractOf('pricing.cdrs.v1', CdrWithheldSchema),
} as const;
