import type { Instant } from '@tallywatt/time';
import type { Defect } from '../defects';
import { Chance } from './chance';
import { calm, drawFaults, type Faults } from './faults';
import { Scheduler } from './scheduler';
import { SimulatedLog } from './simulated-log';

export type TraceLine = Readonly<{ at: Instant; who: string; what: string }>;

const startMs = Date.UTC(2026, 5, 1, 6, 0, 0);
export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

export type WorldOptions = Readonly<{
  seed: number;
  defect?: Defect | undefined;
  /** Receives every step; left out, nothing is spent on telling. */
  tell?: ((line: TraceLine) => void) | undefined;
}>;

/** What everything in one run has in common: its clock, its chance, its faults and its log. */
export class World {
  readonly chance: Chance;
  readonly clock = new Scheduler(startMs);
  readonly log: SimulatedLog;
  readonly startMs = startMs;
  private current: Faults = calm;

  constructor(private readonly options: WorldOptions) {
    this.chance = new Chance(options.seed);
    this.log = new SimulatedLog();
  }

  get faults(): Faults {
    return this.current;
  }

  /** From now on things go wrong, in the ways that this seed draws. */
  storm(): void {
    this.current = drawFaults(this.chance);
  }

  /** From now on nothing goes wrong any more; what has gone wrong has to be made good. */
  calmDown(): void {
    this.current = calm;
    this.trace('world', () => 'faults end');
  }

  get isCalm(): boolean {
    return this.current === calm;
  }

  has(defect: Defect): boolean {
    return this.options.defect === defect;
  }

  trace(who: string, what: () => string): void {
    this.options.tell?.({ at: this.clock.now, who, what: what() });
  }
}
