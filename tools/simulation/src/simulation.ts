import type { Defect } from './defects';
import { Violation } from './ground/violation';
import { dayMs, hourMs, minuteMs, World, type TraceLine } from './ground/world';
import { System } from './system';
import { judge } from './verdict/judge';

export type SimulationOptions = Readonly<{
  seed: number;
  defect?: Defect | undefined;
  /** Collect every step. */
  trace?: boolean;
}>;

export type SimulationResult = Readonly<{
  seed: number;
  steps: number;
  sessions: number;
  violation?: Violation;
  trace: readonly TraceLine[];
}>;

const faultsForMs = 48 * hourMs;
const lastsMs = 12 * dayMs + hourMs;

/** One run: two days of faults, two quiet weeks for everything to arrive, and a verdict. */
export const simulate = ({ seed, defect, trace = false }: SimulationOptions): SimulationResult => {
  const lines: TraceLine[] = [];
  const tell = trace ? (line: TraceLine) => void lines.push(line) : undefined;
  const world = new World({ seed, defect, tell });
  const system = new System(world);
  let violation: Violation | undefined;
  try {
    system.begin();
    world.clock.runUntil(world.startMs + minuteMs);
    world.storm();
    system.go();
    world.clock.runUntil(world.startMs + faultsForMs);
    world.calmDown();
    system.repair();
    world.clock.runUntil(world.startMs + lastsMs);
    judge(system);
  } catch (error) {
    violation =
      error instanceof Violation
        ? error
        : new Violation('nothing throws', (error as Error).stack ?? String(error), {
            cause: error,
          });
  }
  return {
    seed,
    steps: world.clock.steps,
    sessions: system.chargers.reduce((sum, { physical }) => sum + physical.length, 0),
    ...(violation === undefined ? {} : { violation }),
    trace: lines,
  };
};
