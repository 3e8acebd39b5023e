import { absentFleet, evolve, revisionOf, type Fleet, type FleetEvent } from '../domain/fleet';
import type { StoredFleet } from './fleet-registry';

/**
 * Every fleet by reference, in this process. Like the tokens it is fed from the table at start, from
 * this process's own commits and from `access.accounts.v1`; the sequence within the fleet's stream
 * says which news are new. The revision is counted by a row, which may come from a backup that is
 * older than the log.
 */
export class FleetIndex {
  private readonly fleets = new Map<string, Readonly<{ fleet: Fleet; sequence: bigint }>>();

  load({ cpoId, fleetRef, fleet }: StoredFleet): void {
    const key = `${cpoId}/${fleetRef}`;
    const sequence = revisionOf(fleet);
    if ((this.fleets.get(key)?.sequence ?? 0n) >= sequence) return;
    this.fleets.set(key, { fleet, sequence });
  }

  apply(event: FleetEvent, sequence: bigint): void {
    const key = `${event.cpoId}/${event.fleetRef}`;
    const known = this.fleets.get(key);
    if (known !== undefined && known.sequence >= sequence) return;
    this.fleets.set(key, { fleet: evolve(known?.fleet ?? absentFleet, event), sequence });
  }

  find(cpoId: string, fleetRef: string): Fleet {
    return this.fleets.get(`${cpoId}/${fleetRef}`)?.fleet ?? absentFleet;
  }
}
