import type {
  FleetFeeCharged as FleetFeeChargedMessage,
  FleetFeeWithheld as FleetFeeWithheldMessage,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import {
  FleetFeeChargedSchema,
  FleetFeeWithheldSchema,
} from './gen/tallywatt/pricing/v1/pricing_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type FleetFeeCharged = EventOf<'FleetFeeCharged', FleetFeeChargedMessage>;
export type FleetFeeWithheld = EventOf<'FleetFeeWithheld', FleetFeeWithheldMessage>;

/** Events of `pricing.fleet-fees.v1`: monthly fees of fleet plans. */
export type FleetFeeEvent = FleetFeeCharged | FleetFeeWithheld;

export const fleetFeeContracts = {
  FleetFeeCharged: contractOf('pricing.fleet-fees.v1', FleetFeeChargedSchema),
  FleetFeeWithheld: contractOf('pricing.fleet-fees.v1', FleetFeeWithheldSchema),
} as const;
