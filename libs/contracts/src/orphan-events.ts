import type {
  MeterValuesOrphaned as MeterValuesOrphanedMessage,
  StopOrphaned as StopOrphanedMessage,
} from './gen/tallywatt/session/v1/session_events_pb';
import {
  MeterValuesOrphanedSchema,
  StopOrphanedSchema,
} from './gen/tallywatt/session/v1/session_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type StopOrphaned = EventOf<'StopOrphaned', StopOrphanedMessage>;
export type MeterValuesOrphaned = EventOf<'MeterValuesOrphaned', MeterValuesOrphanedMessage>;

/** Events of `charging.orphans.v1`: facts that name no known session. */
export type OrphanEvent = StopOrphaned | MeterValuesOrphaned;

export const orphanContracts = {
  StopOrphaned: contractOf('charging.orphans.v1', StopOrphanedSchema),
  MeterValuesOrphaned: contractOf('charging.orphans.v1', MeterValuesOrphanedSchema),
} as const;
