import type {
  CdrLine as CdrLineMessage,
  CdrIssued as CdrIssuedMessage,
  CdrWithheld as CdrWithheldMessage,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { CdrIssuedSchema, CdrWithheldSchema } from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

export type CdrLine = Readable<CdrLineMessage>;

export type CdrIssued = EventOf<'CdrIssued', CdrIssuedMessage>;
export type CdrWithheld = EventOf<'CdrWithheld', CdrWithheldMessage>;

/** Events of `pricing.cdrs.v1`: priced sessions. */
export type CdrEvent = CdrIssued | CdrWithheld;

export const cdrContracts = {
  CdrIssued: contractOf('pricing.cdrs.v1', CdrIssuedSchema),
  CdrWithheld: contractOf('pricing.cdrs.v1', CdrWithheldSchema),
} as const;
