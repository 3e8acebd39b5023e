import type { CommandEnd } from '../domain/command-end';
import type { SessionCost } from '../domain/session-cost';
import type { ClaimedCommand } from './charger-commands';
import type { ShowOutcome, ShownSession } from './cost-displays';
import type { Station } from './session-store';

/** A charger's open socket, as far as others need it. */
export type OpenCharger = Readonly<{
  connectionId: string;
  ocppVersion: string;
  /** Asks it to stop a transaction, in the words of its OCPP version; resolves with its answer. */
  requestStop: (ocppTransactionId: string) => Promise<unknown>;
  /** Tells it to do something, and says how that ended; `not-sent` when it never left. */
  carryOut: (claimed: ClaimedCommand) => Promise<CommandEnd | 'not-sent'>;
  /** Gives it a new password; resolves with why it did not take it, or undefined when it did. */
  setPassword: (password: string) => Promise<string | undefined>;
  /** Whether it is registered to show what a session costs, in the currency of this one. */
  mayShow: (cost: SessionCost) => Promise<boolean>;
  /** Shows what a session costs. Never rejects. */
  showCost: (cost: SessionCost, session: ShownSession) => Promise<ShowOutcome>;
  close: (cause: 'replaced' | 'shutdown' | 'credentials-replaced') => void;
}>;

const keyOf = ({ cpoId, chargePointId }: Station): string => `${cpoId}/${chargePointId}`;

/** The chargers connected to this process, one connection each. */
export class ChargerConnections {
  private readonly open = new Map<string, OpenCharger>();

  get count(): number {
    return this.open.size;
  }

  find(station: Station): OpenCharger | undefined {
    return this.open.get(keyOf(station));
  }

  /** A newer authenticated connection takes the place of the older, which is returned. */
  add(station: Station, charger: OpenCharger): OpenCharger | undefined {
    const older = this.open.get(keyOf(station));
    this.open.set(keyOf(station), charger);
    return older;
  }

  remove(station: Station, connectionId: string): void {
    if (this.find(station)?.connectionId === connectionId) this.open.delete(keyOf(station));
  }

  all(): OpenCharger[] {
    return [...this.open.values()];
  }
}
