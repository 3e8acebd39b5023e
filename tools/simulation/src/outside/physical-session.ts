import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { hourMs, secondMs } from '../ground/world';
import type { PlannedSession } from './charging-plan';

/** What happened at the connector, whatever anybody was told of it: the judge's truth. */
export class PhysicalSession {
  /** As the gateway has named it to the charger. */
  transactionId: number | undefined;
  stoppedAtMs: number | undefined;
  stopReason = 'Local';
  /** When the meter was read, as it was said in MeterValues. */
  readonly readings: Instant[] = [];
  /** Those of them that the charger sends after the stop. */
  readonly lateReadingsMs: number[] = [];

  constructor(
    readonly chargePointId: string,
    readonly tariffId: string,
    readonly plan: PlannedSession,
    readonly hasClock: boolean,
    readonly startedAtMs: number,
  ) {}

  /** Chargers stamp whole seconds; one without a clock counts from 1970. */
  stamp(atMs: number): Instant {
    const claimedMs = this.hasClock ? atMs : 10 * secondMs + atMs - this.startedAtMs;
    return instantFromEpochMs(claimedMs - (claimedMs % secondMs));
  }

  get startedAt(): Instant {
    return this.stamp(this.startedAtMs);
  }

  /** The register in whole Wh. */
  registerWh(atMs: number): number {
    const { chargingMs, meterStartWh, powerW } = this.plan;
    const takenMs = Math.min(Math.max(atMs - this.startedAtMs, 0), chargingMs);
    return meterStartWh + Math.floor((powerW * takenMs) / hourMs);
  }

  /** What the register says at the stop, as this charger tells it. */
  get meterStopWh(): number {
    const honestWh = this.registerWh(this.stoppedAtMs ?? this.startedAtMs);
    switch (this.plan.quirk) {
      case 'meter-jumps':
        return honestWh + 500_000_000;
      case 'meter-runs-backwards':
        return this.plan.meterStartWh - 100;
      default:
        return honestWh;
    }
  }
}
