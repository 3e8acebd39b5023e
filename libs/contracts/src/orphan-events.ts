import type {
  MeterValuesOrphaned as MeterValuesOrphanedMessage,
  OrphanAttached as OrphanAttachedMessage,
  StopOrphaned as StopOrphanedMessage,
} from './gen/tallywatt/session/v1/session_events_pb';
import {
  MeterValuesOrphanedSchema,
  OrphanAttachedSchema,
  StopOrphanedSchema,
} from './gen/tallywatt/session/v1/session_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type StopOrphaned = EventOf<'StopOrphaned', StopOrphanedMessage>;
export type MeterValuesOrphaned = EventOf<'MeterValuesOrphaned', MeterValuesOrphanedMessage>;

/** How the session of an orphan was found: what was compared, and agreed. */
export const attachMethodValues = [
  'token-register-time',
  'begin-register-time',
  'register-time',
  'token-register',
  'connector-register-time',
  'connector-time',
] as const;
export type AttachMethod = (typeof attachMethodValues)[number];
export type OrphanAttached = EventOf<
  'OrphanAttached',
  OrphanAttachedMessage,
  { readonly method: AttachMethod }
>;

/** Events of `charging.orphans.v1`: facts that name no known session, and which it turned out to be. */
export type OrphanEvent = StopOrphaned | MeterValuesOrphaned | OrphanAttached;

export const orphanContracts = {
  StopOrphaned: contractOf('charging.orphans.v1', StopOrphanedSchema),
  MeterValuesOrphaned: contractOf('charging.orphans.v1', MeterValuesOrphanedSchema),
  OrphanAttached: contractOf('charging.orphans.v1', OrphanAttachedSchema, {
    method: attachMethodValues,
  }),
} as const;
