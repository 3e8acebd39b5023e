import type {
  AllowanceDrawn as AllowanceDrawnMessage,
  AllowanceReturned as AllowanceReturnedMessage,
  IncludedEnergy as IncludedEnergyMessage,
} from './gen/tallywatt/access/v1/access_events_pb';
import {
  AllowanceDrawnSchema,
  AllowanceReturnedSchema,
} from './gen/tallywatt/access/v1/access_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

/** Energy that a membership or fleet plan includes each month, as a decision names it. */
export type IncludedEnergy = Readable<IncludedEnergyMessage>;

export type AllowanceDrawn = EventOf<'AllowanceDrawn', AllowanceDrawnMessage>;
export type AllowanceReturned = EventOf<'AllowanceReturned', AllowanceReturnedMessage>;

/** Events of `access.allowances.v1`: included energy, by whose it is and month. */
export type AllowanceEvent = AllowanceDrawn | AllowanceReturned;

export const allowanceContracts = {
  AllowanceDrawn: contractOf('access.allowances.v1', AllowanceDrawnSchema),
  AllowanceReturned: contractOf('access.allowances.v1', AllowanceReturnedSchema),
} as const;
