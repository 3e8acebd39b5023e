import { absentFleet, evolve, revisionOf, type Fleet, type FleetEvent } from '../domain/fleet';
import type { StoredFleet } from './fleet-registry';

/**
 * Every fleet by reference, in this process. Like the tokens it is fed from the table at start, from
 * this process's own commits and from `access.accounts.v1`; the revision says which news are new.
 */
export class FleetIndex {
  private readonly fleets = new Map<string, Fleet>();

  load({ cpoId, fleetRef, fleet }: StoredFleet): void {
    if (revisionOf(this.find(cpoId, fleetRef)) < revisionOf(fleet)) {
      this.fleets.set(`${cpoId}/${fleetRef}`, fleet);
    }
  }

  apply(event: FleetEvent): void {
    const { cpoId, fleetRef, revision } = event;
    const known = this.find(cpoId, fleetRef);
    if (revisionOf(known) < revision) {
      this.fleets.set(`${cpoId}/${fleetRef}`, evolve(known, event));
    }
  }

  find(cpoId: string, fleetRef: string): Fleet {
    return this.fleets.get(`${cpoId}/${fleetRef}`) ?? absentFleet;
  }
}
