import type { CommandRequested } from '@tallywatt/contracts';
import type { ChargerCommand } from './charger-command';

type Identity = 'cpoId' | 'commandId' | 'chargePointId' | 'requestedBy';
type Shown<Event> = Event extends CommandRequested ? Omit<Event, Identity> : never;

/** A command as everybody may know it: the event of its request, but for whom and whose it is. */
export type ShownCommand = Shown<CommandRequested>;

/** Leaves out what may be in no event. */
export const shownOf = (command: ChargerCommand): ShownCommand => {
  const { type, ...parameters } = command;
  // Each of these says the same in the event as in the command.
  return { type: `${type}Requested`, ...parameters } as ShownCommand;
};
