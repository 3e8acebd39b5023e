import { Disk } from './disk';
import { Violation } from './violation';
import { hourMs, minuteMs, type World } from './world';

/** Ends the step that is running, and the process with it. */
class Crash extends Error {
  private static readonly byPlace = new Map<string, Crash>();

  private constructor(readonly place: string) {
    super(`crashed ${place}`);
  }

  /** One for each place: nobody reads where it was thrown, and finding that out costs most. */
  static at(place: string): Crash {
    const known = Crash.byPlace.get(place) ?? new Crash(place);
    Crash.byPlace.set(place, known);
    return known;
  }
}

/**
 * One service process. `boot` builds everything volatile anew; the disk alone outlives a death.
 * Steps that a dead process had planned never run.
 */
export class SimulatedProcess {
  readonly disk = new Disk();
  private incarnation = 0;
  private running = false;
  private dying: (() => void)[] = [];

  constructor(
    readonly name: string,
    readonly world: World,
    private readonly boot: () => void,
  ) {}

  get isRunning(): boolean {
    return this.running;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.incarnation += 1;
    this.world.trace(this.name, () => `starts (life ${this.incarnation})`);
    this.perform(this.boot);
  }

  /** Runs a step later, unless the process has died by then. */
  after(delayMs: number, step: () => void): void {
    this.world.clock.after(delayMs, this.bound(step));
  }

  /** The step as something outside may call it back: without effect once the process is dead. */
  bound<Args extends unknown[]>(step: (...args: Args) => void): (...args: Args) => void {
    const { incarnation } = this;
    return (...args) => {
      if (this.running && this.incarnation === incarnation) this.perform(step, ...args);
    };
  }

  /** What the outside sees of a death at once, such as closed sockets. */
  onDeath(then: () => void): void {
    this.dying.push(then);
  }

  /** A place where a process may die, named for the trace. */
  crashPoint(place: string): void {
    if (this.world.chance.happens(this.world.faults.crashAtStep)) throw Crash.at(place);
  }

  transaction<T>(work: () => T): T {
    this.crashPoint('before a transaction');
    const result = this.disk.transaction(() => {
      const done = work();
      this.crashPoint('before the commit');
      return done;
    });
    this.crashPoint('after the commit');
    return result;
  }

  crash(place: string): void {
    if (!this.running) return;
    const { chance, faults } = this.world;
    this.running = false;
    const awayMs = chance.happens(faults.longOutage)
      ? chance.spread(10 * minuteMs, 40 * hourMs)
      : chance.spread(10, 2 * minuteMs);
    this.world.trace(this.name, () => `DIES ${place}, away for ${awayMs} ms`);
    const { dying } = this;
    this.dying = [];
    for (const then of dying) then();
    this.world.clock.after(awayMs, () => this.start());
  }

  private perform<Args extends unknown[]>(step: (...args: Args) => void, ...args: Args): void {
    try {
      step(...args);
    } catch (error) {
      if (error instanceof Crash) return this.crash(error.place);
      if (error instanceof Violation) throw error;
      const detail = `${this.name}: ${(error as Error).stack ?? String(error)}`;
      throw new Violation('nothing throws', detail, { cause: error });
    }
  }
}
