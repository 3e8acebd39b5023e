import type { RecordedEvent } from '@tallywatt/contracts';
import {
  absentEntitlement,
  evolve,
  versionOf,
  type Entitlement,
} from '@tallywatt/authorization/domain/entitlement';
import {
  tariffVersionOf,
  withAssigned,
  withUnassigned,
  type AssignmentHistory,
  type TariffVersions,
} from '@tallywatt/tariffs';
import type { SimulatedProcess } from '../ground/simulated-process';

const topics = ['access.entitlements.v1', 'pricing.tariffs.v1'] as const;

/** What authorization keeps in memory: read anew from the log by every life of the process. */
export class KnowledgeView {
  readonly entitlements = new Map<string, Entitlement>();
  readonly tariffs = new Map<string, TariffVersions>();
  readonly assignments = new Map<string, AssignmentHistory>();
  private readonly positions = new Map<string, number>();
  private readonly wanted = new Map<string, number>();
  private readonly busy = new Set<string>();

  constructor(private readonly process: SimulatedProcess) {}

  start(): void {
    const { log } = this.process.world;
    log.listen(
      `${this.process.name} view`,
      topics,
      this.process.bound((topic: string, partition: number) => this.readSoon(topic, partition)),
    );
    for (const topic of topics) {
      for (let partition = 0; partition < log.partitionsOf(topic); partition += 1) {
        this.wanted.set(`${topic}/${partition}`, log.recordsOf(topic, partition).length);
        this.readSoon(topic, partition);
      }
    }
  }

  /** All is applied that the log held when this life began. */
  isWarm(): boolean {
    return (
      this.wanted.size > 0 &&
      [...this.wanted].every(([name, end]) => (this.positions.get(name) ?? 0) >= end)
    );
  }

  private readSoon(topic: string, partition: number): void {
    const name = `${topic}/${partition}`;
    if (this.busy.has(name)) return;
    this.busy.add(name);
    const { chance, log } = this.process.world;
    this.process.after(chance.spread(1, 500), () => {
      const records = log.recordsOf(topic, partition);
      const position = this.positions.get(name) ?? 0;
      for (const { recorded } of records.slice(position)) this.apply(recorded);
      this.positions.set(name, records.length);
      this.busy.delete(name);
    });
  }

  private apply({ event }: RecordedEvent): void {
    switch (event.type) {
      case 'EntitlementGranted':
      case 'EntitlementChanged':
      case 'EntitlementRevoked':
      case 'EntitlementExpired': {
        const known = this.entitlements.get(event.driverRef) ?? absentEntitlement;
        if (event.entitlementVersion <= versionOf(known)) return;
        this.entitlements.set(event.driverRef, evolve(known, event));
        return;
      }
      case 'TariffPublished': {
        const { tariffId, version } = event.tariff;
        const known = this.tariffs.get(tariffId) ?? { versions: [] };
        const others = known.versions.filter(({ reference }) => reference.version !== version);
        this.tariffs.set(tariffId, {
          ...known,
          versions: [
            ...others,
            tariffVersionOf(event.tariff, event.currency, event.ocpiTariffJson),
          ],
        });
        return;
      }
      case 'TariffAssigned': {
        const known = this.assignments.get(event.assignmentId) ?? {};
        this.assignments.set(event.assignmentId, withAssigned(known, event));
        return;
      }
      case 'TariffUnassigned': {
        const known = this.assignments.get(event.assignmentId) ?? {};
        this.assignments.set(event.assignmentId, withUnassigned(known, event));
        return;
      }
      default:
        return;
    }
  }
}
