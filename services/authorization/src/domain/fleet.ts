import type { FleetClosed, FleetRegistered } from '@tallywatt/contracts';
import { accept, ignore, refuse, unreachable, type Decision } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';

/** What is agreed with a fleet. */
export type FleetTerms = Readonly<{
  /** As tariffs name it in their extension: the tier of the fleet's sessions. */
  plan: string;
  /** IANA zone of its calendar months. */
  timeZone: string;
  /** The tariff that states the plan's monthly fee; left out where none is charged. */
  feeTariffId?: string;
}>;

/** `revision` counts the events of the fleet's stream. */
export type Fleet =
  | Readonly<{ status: 'absent' }>
  | Readonly<{ status: 'registered' | 'closed'; revision: bigint; terms: FleetTerms }>;

export const absentFleet: Fleet = { status: 'absent' };

export type FleetEvent = FleetRegistered | FleetClosed;

/** Folds one event of `access.accounts.v1` into what is known of the fleet. */
export const evolve = (fleet: Fleet, event: FleetEvent): Fleet => {
  const { revision } = event;
  switch (event.type) {
    case 'FleetRegistered': {
      const { plan, timeZone, feeTariffId } = event;
      const fee = feeTariffId === undefined ? {} : { feeTariffId };
      return { status: 'registered', revision, terms: { plan, timeZone, ...fee } };
    }
    case 'FleetClosed':
      if (fleet.status === 'absent') throw new Error('a fleet was closed before it was registered');
      return { ...fleet, status: 'closed', revision };
    default:
      return unreachable(event);
  }
};

type Named = Readonly<{ cpoId: string; fleetRef: string; now: Instant }>;
/** States the whole fleet as it shall be from now on; opens a closed one again. */
export type RegisterFleet = Named & Readonly<{ type: 'RegisterFleet'; terms: FleetTerms }>;
export type CloseFleet = Named & Readonly<{ type: 'CloseFleet' }>;
export type FleetCommand = RegisterFleet | CloseFleet;

/** Decides one change of a fleet. */
export const decide = (command: FleetCommand, fleet: Fleet): Decision<FleetEvent> => {
  const { cpoId, fleetRef, now } = command;
  const stream = { cpoId, fleetRef, revision: revisionOf(fleet) + 1n };
  switch (command.type) {
    case 'RegisterFleet': {
      const { plan, timeZone, feeTariffId } = command.terms;
      const isSame =
        fleet.status === 'registered' &&
        fleet.terms.plan === plan &&
        fleet.terms.timeZone === timeZone &&
        fleet.terms.feeTariffId === feeTariffId;
      return isSame
        ? ignore('fleet-unchanged')
        : accept({ type: 'FleetRegistered', ...stream, ...command.terms, registeredAt: now });
    }
    case 'CloseFleet':
      if (fleet.status === 'absent') return refuse('fleet-unknown');
      return fleet.status === 'closed'
        ? ignore('fleet-already-closed')
        : accept({ type: 'FleetClosed', ...stream, closedAt: now });
    default:
      return unreachable(command);
  }
};

/** How much has been said of a fleet; 0 before the first event. */
export const revisionOf = (fleet: Fleet): bigint =>
  fleet.status === 'absent' ? 0n : fleet.revision;
