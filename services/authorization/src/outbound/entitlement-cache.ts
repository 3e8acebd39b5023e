import type { EntitlementEvent } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { absentEntitlement, evolve, versionOf, type Entitlement } from '../domain/entitlement';

/** A driver's membership with the event it rests on. */
export type CachedEntitlement = Readonly<{
  entitlement: Entitlement;
  sourceEventId: string;
  recordedAt: Instant;
}>;

type Source = Readonly<{ id: string; recordedAt: Instant }>;
type Waiter = Readonly<{ key: string; version: bigint; done: () => void }>;

/** Every membership by driver, in this process, fed from `access.entitlements.v1` alone. */
export class EntitlementCache {
  private readonly entries = new Map<string, CachedEntitlement>();
  private waiters: readonly Waiter[] = [];
  private lastCompleteAtMs: number | undefined;

  apply(event: EntitlementEvent, source: Source): void {
    const key = keyOf(event.cpoId, event.driverRef);
    const known = this.entries.get(key)?.entitlement ?? absentEntitlement;
    if (event.entitlementVersion <= versionOf(known)) return;
    this.entries.set(key, {
      entitlement: evolve(known, event),
      sourceEventId: source.id,
      recordedAt: source.recordedAt,
    });
    const reached = (waiter: Waiter): boolean =>
      waiter.key === key && waiter.version <= event.entitlementVersion;
    for (const waiter of this.waiters.filter(reached)) waiter.done();
  }

  find(cpoId: string, driverRef: string): CachedEntitlement | undefined {
    return this.entries.get(keyOf(cpoId, driverRef));
  }

  /** Whether a version, or a later one, has come through the topic. */
  has(cpoId: string, driverRef: string, version: bigint): boolean {
    const known = this.find(cpoId, driverRef)?.entitlement ?? absentEntitlement;
    return versionOf(known) >= version;
  }

  /** Says that at this moment nothing of the topic was missing here. */
  complete(nowMs: number): void {
    this.lastCompleteAtMs = nowMs;
  }

  get completeAtMs(): number | undefined {
    return this.lastCompleteAtMs;
  }

  /** Milliseconds since the cache was last known to hold the whole topic: how old its news can be. */
  ageMs(nowMs: number): number {
    return Math.max(0, nowMs - (this.lastCompleteAtMs ?? 0));
  }

  /** Waits until a version has come through the topic; false when it has not within the time. */
  async reached(
    cpoId: string,
    driverRef: string,
    version: bigint,
    withinMs: number,
  ): Promise<boolean> {
    const key = keyOf(cpoId, driverRef);
    if (this.has(cpoId, driverRef, version)) return true;
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        clearTimeout(timer);
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve(result);
      };
      const waiter: Waiter = { key, version, done: () => end(true) };
      const timer = setTimeout(() => end(false), withinMs);
      this.waiters = [...this.waiters, waiter];
    });
  }
}

const keyOf = (cpoId: string, driverRef: string): string => `${cpoId}/${driverRef}`;
