import type {
  RemoteStopAccepted as RemoteStopAcceptedMessage,
  RemoteStopRejected as RemoteStopRejectedMessage,
  RemoteStopRequested as RemoteStopRequestedMessage,
} from './gen/tallywatt/command/v1/command_events_pb';
import {
  RemoteStopAcceptedSchema,
  RemoteStopRejectedSchema,
  RemoteStopRequestedSchema,
} from './gen/tallywatt/command/v1/command_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type RemoteStopRequested = EventOf<'RemoteStopRequested', RemoteStopRequestedMessage>;
export type RemoteStopAccepted = EventOf<'RemoteStopAccepted', RemoteStopAcceptedMessage>;
export type RemoteStopRejected = EventOf<'RemoteStopRejected', RemoteStopRejectedMessage>;

/** Events of `charging.commands.v1`: what we asked a charger to do and what it answered. */
export type CommandEvent = RemoteStopRequested | RemoteStopAccepted | RemoteStopRejected;

export const commandContracts = {
  RemoteStopRequested: contractOf('charging.commands.v1', RemoteStopRequestedSchema),
  RemoteStopAccepted: contractOf('charging.commands.v1', RemoteStopAcceptedSchema),
  RemoteStopRejected: contractOf('charging.commands.v1', RemoteStopRejectedSchema),
} as const;
