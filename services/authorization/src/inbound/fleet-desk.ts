import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { validate as isUuid } from 'uuid';
import type { FleetTerms } from '../domain/fleet';
import { readAllowance, type ShownAllowance } from '../outbound/allowance-history';
import type { ChangedFleet, FleetRegistry, StoredFleet } from '../outbound/fleet-registry';
import type { Vault } from '../outbound/vault';

/** A fleet as the API shows it. */
export type ShownFleet = Readonly<{
  fleetRef: string;
  status: 'registered' | 'closed';
  revision: bigint;
  plan: string;
  timeZone: string;
  feeTariffId?: string;
}>;

type ShownFleetAllowance = Omit<ShownAllowance, 'driverRef'> & Readonly<{ fleetRef: string }>;

/** The HTTP side's view of fleets, which the operator names by ids of its own or by reference. */
export class FleetDesk {
  constructor(
    private readonly registry: FleetRegistry,
    private readonly vault: Vault,
    private readonly database: SqlClient,
  ) {}

  async register(
    cpoId: string,
    fleetId: string,
    terms: FleetTerms,
    now: Instant,
  ): Promise<ShownFleet & Pick<ChangedFleet, 'outcome'>> {
    const changed = await this.registry.register(cpoId, fleetId, terms, now);
    return { ...shown(changed), outcome: changed.outcome };
  }

  async close(cpoId: string, fleetId: string, now: Instant): Promise<ShownFleet | undefined> {
    const fleetRef = await this.fleetRefOf(cpoId, fleetId);
    const closed =
      fleetRef === undefined ? undefined : await this.registry.close(cpoId, fleetRef, now);
    return closed && shown(closed);
  }

  async fleet(cpoId: string, fleetId: string): Promise<ShownFleet | undefined> {
    const fleetRef = await this.fleetRefOf(cpoId, fleetId);
    const found = fleetRef === undefined ? undefined : await this.registry.find(cpoId, fleetRef);
    return found && shown(found);
  }

  async fleets(
    cpoId: string,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ShownFleet[]> {
    return (await this.registry.fleetsAfter(cpoId, after, limit)).map(shown);
  }

  /** What a fleet has drawn of a month; undefined when that is nothing. */
  async allowance(
    cpoId: string,
    fleetId: string,
    period: string,
  ): Promise<ShownFleetAllowance | undefined> {
    const fleetRef = await this.fleetRefOf(cpoId, fleetId);
    if (fleetRef === undefined || !/^\d{4}-(0[1-9]|1[0-2])$/.test(period)) return undefined;
    const allowance = await readAllowance(this.database, cpoId, fleetRef, period);
    if (allowance === undefined) return undefined;
    const { driverRef: _, ...drawn } = allowance;
    return { fleetRef, ...drawn };
  }

  private async fleetRefOf(cpoId: string, fleet: string): Promise<string | undefined> {
    const named = await this.vault.knownReferenceOf(cpoId, 'fleet', fleet);
    return named ?? (isUuid(fleet) ? fleet.toLowerCase() : undefined);
  }
}

const shown = ({ fleetRef, fleet }: StoredFleet): ShownFleet => ({
  fleetRef,
  status: fleet.status,
  revision: fleet.revision,
  ...fleet.terms,
});
