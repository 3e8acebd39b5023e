import type { EventLog, View } from '@tallywatt/event-log';
import type { RecordedEvent } from '@tallywatt/contracts';
import { instantFromEpochMs } from '@tallywatt/time';
import type { Known } from '../domain/charging-authorization';
import { absentEntitlement } from '../domain/entitlement';
import type { AccessStore } from './access-store';
import { AssignmentCache } from './assignment-cache';
import type { EntitlementCache } from './entitlement-cache';
import { FleetIndex } from './fleet-index';
import type { TariffCache } from './tariff-cache';
import type { TokenIndex } from './token-index';

// A row is seen only once its transaction has ended; the database ends one that takes longer.
const lateCommitMs = 60_000;

/** Everything a decision rests on, in this process: no query and no history is read for one. */
export class ChargingKnowledge {
  private view: View | undefined;
  private readonly assignments = new AssignmentCache();

  constructor(
    readonly tokens: TokenIndex,
    readonly entitlements: EntitlementCache,
    readonly tariffs: TariffCache,
    readonly fleets: FleetIndex = new FleetIndex(),
  ) {}

  /** Begins to follow the log; warm once all is applied that the topics hold at `nowMs`. */
  follow(eventLog: Pick<EventLog, 'view'>, nowMs: number): void {
    const view = eventLog.view({
      name: 'authorization-knowledge',
      topics: ['access.accounts.v1', 'access.entitlements.v1', 'pricing.tariffs.v1'],
      apply: (recorded) => this.apply(recorded),
    });
    this.view = view;
    view.ready.then(
      () => this.entitlements.complete(nowMs),
      // Not warm then, which is what readiness and every decision say.
      () => undefined,
    );
  }

  isWarm(): boolean {
    return this.view?.isReady() ?? false;
  }

  /**
   * Compares the cache with the memberships of this service's database, whose events are all there
   * are on the entitlement topic. When none is missing, the cache was complete at `nowMs`; while
   * Kafka or the database is away, it ages.
   */
  async checkCompleteness(
    store: Pick<AccessStore, 'membershipsChangedSince'>,
    nowMs: number,
  ): Promise<void> {
    if (!this.isWarm()) return;
    const sinceMs = Math.max(0, (this.entitlements.completeAtMs ?? 0) - lateCommitMs);
    const changed = await store.membershipsChangedSince(instantFromEpochMs(sinceMs));
    const isHere = ({ cpoId, driverRef, version }: (typeof changed)[number]): boolean =>
      this.entitlements.has(cpoId, driverRef, version);
    if (changed.every(isHere)) this.entitlements.complete(nowMs);
  }

  /** What is known of a token at a charge point with this tariff. */
  of(cpoId: string, tokenRef: string, chargePointTariffId: string): Known {
    const token = this.tokens.find(cpoId, tokenRef);
    const driverRef = token.status === 'absent' ? undefined : token.facts.driverRef;
    const cached = driverRef === undefined ? undefined : this.entitlements.find(cpoId, driverRef);
    const fleetRef = token.status === 'absent' ? undefined : token.facts.fleetRef;
    return {
      token,
      ...(fleetRef === undefined ? {} : { fleet: this.fleets.find(cpoId, fleetRef) }),
      entitlement: cached?.entitlement ?? absentEntitlement,
      tariffs: {
        assignments: this.assignments.of(cpoId),
        chargePointTariffId,
        versionsOf: (tariffId) => this.tariffs.find(cpoId, tariffId),
      },
    };
  }

  private apply({ event, metadata }: RecordedEvent): void {
    switch (event.type) {
      case 'TokenIssued':
      case 'TokenBlocked':
        return this.tokens.apply(event, metadata.sequence);
      case 'FleetRegistered':
      case 'FleetClosed':
        return this.fleets.apply(event, metadata.sequence);
      case 'EntitlementGranted':
      case 'EntitlementChanged':
      case 'EntitlementRevoked':
      case 'EntitlementExpired':
        return this.entitlements.apply(event, metadata);
      case 'TariffPublished':
      case 'TariffWithdrawn':
        return this.tariffs.apply(event);
      case 'TariffAssigned':
      case 'TariffUnassigned':
        return this.assignments.apply(event);
      default:
        // Drivers without a membership are in these topics too, and decide nothing.
        return;
    }
  }
}
