import * as wire from './gen/tallywatt/command/v1/command_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type RemoteStopRequested = EventOf<'RemoteStopRequested', wire.RemoteStopRequested>;
export type RemoteStopAccepted = EventOf<'RemoteStopAccepted', wire.RemoteStopAccepted>;
export type RemoteStopRejected = EventOf<'RemoteStopRejected', wire.RemoteStopRejected>;
export type ResetRequested = EventOf<'ResetRequested', wire.ResetRequested>;
export type ConnectorUnlockRequested = EventOf<
  'ConnectorUnlockRequested',
  wire.ConnectorUnlockRequested
>;
export type MessageTriggerRequested = EventOf<
  'MessageTriggerRequested',
  wire.MessageTriggerRequested
>;
export type CommandAccepted = EventOf<'CommandAccepted', wire.CommandAccepted>;
export type CommandRejected = EventOf<'CommandRejected', wire.CommandRejected>;
export type CommandFailed = EventOf<'CommandFailed', wire.CommandFailed>;

/** That a command is to be given, but for stopping a session; each ends with a `CommandOutcome`. */
export type CommandRequested = ResetRequested | ConnectorUnlockRequested | MessageTriggerRequested;
export type CommandOutcome = CommandAccepted | CommandRejected | CommandFailed;

/** Events of `charging.commands.v1`: what we asked a charger to do and what it answered. */
export type CommandEvent =
  RemoteStopRequested | RemoteStopAccepted | RemoteStopRejected | CommandRequested | CommandOutcome;

const topic = 'charging.commands.v1';

export const commandContracts = {
  RemoteStopRequested: contractOf(topic, wire.RemoteStopRequestedSchema),
  RemoteStopAccepted: contractOf(topic, wire.RemoteStopAcceptedSchema),
  RemoteStopRejected: contractOf(topic, wire.RemoteStopRejectedSchema),
  ResetRequested: contractOf(topic, wire.ResetRequestedSchema),
  ConnectorUnlockRequested: contractOf(topic, wire.ConnectorUnlockRequestedSchema),
  MessageTriggerRequested: contractOf(topic, wire.MessageTriggerRequestedSchema),
  CommandAccepted: contractOf(topic, wire.CommandAcceptedSchema),
  CommandRejected: contractOf(topic, wire.CommandRejectedSchema),
  CommandFailed: contractOf(topic, wire.CommandFailedSchema),
} as const;
