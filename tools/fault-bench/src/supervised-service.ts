import type { ProcessExit, ServiceProcess } from '@tallywatt/demonstration';
import type { CrashStep } from './fault-plan';
import { pause } from './patience';

type Environment = Readonly<Record<string, string>>;

/** A process that ends by itself is not started again at once, as anywhere. */
const restartDelayMs = 1_000;
const lookMs = 25;
/** A start on a machine that has more to do than it can. */
const startLimitMs = 90_000;

/** At which steps it died, and which it did not come to in time. */
export type CrashOutcome = Readonly<{ reached: readonly string[]; missed: readonly string[] }>;

/** A service with someone who starts it again whenever it has ended, as an orchestrator does. */
export class SupervisedService {
  /** Ends that nobody asked for and that were not SIGKILL, such as an exit by its own supervisor. */
  readonly ownExits: ProcessExit[] = [];
  private starts = 0;
  private isReleased = false;
  private beforeStart: (() => Promise<unknown>) | undefined;
  private next: Environment = {};
  private lastExit: ProcessExit | undefined;

  constructor(readonly process: ServiceProcess) {
    void this.watch();
  }

  /** kill -9, and up again once something is done, for this time with the given variables. */
  async kill(whileDown: () => Promise<unknown>, environment: Environment = {}): Promise<void> {
    const { starts } = this;
    this.beforeStart = whileDown;
    this.next = environment;
    await this.process.kill();
    while (this.starts === starts && !this.isReleased) await pause(lookMs);
  }

  /**
   * Lets it run until it dies at a named step, starts it to die at the next one, and so on, and then
   * as usual. A step that is not come to in time, which is counted from readiness, is passed over.
   */
  async crashAlong(
    steps: readonly CrashStep[],
    stepLimitMs: number,
    isOver: () => boolean,
    whileDown: () => Promise<unknown> = atOnce,
  ): Promise<CrashOutcome> {
    const reached: string[] = [];
    const missed: string[] = [];
    let isArmed = false;
    for (const [index, { step }] of steps.entries()) {
      const limit = { atMs: Date.now() + startLimitMs };
      const isTooLate = (): boolean => isOver() || this.isReleased || Date.now() > limit.atMs;
      let hasDied = false;
      while (!hasDied && !isTooLate()) {
        if (!isArmed) await this.kill(whileDown, crashingAt(steps[index]));
        this.onceReady(() => (limit.atMs = Date.now() + stepLimitMs));
        // What it is started with when it has died of this.
        this.next = crashingAt(steps[index + 1]);
        const { starts } = this;
        while (this.starts === starts && !isTooLate()) await pause(lookMs);
        hasDied = this.starts > starts && this.lastExit?.signal === 'SIGKILL';
        // It ended for another reason, such as a port that was taken: once more.
        isArmed = hasDied;
      }
      if (hasDied) reached.push(step);
      else if (!isOver()) missed.push(step);
    }
    if (!isArmed) await this.kill(atOnce);
    return { reached, missed };
  }

  /** Tells when this run of the process is ready, if it comes to that. */
  private onceReady(tell: () => void): void {
    const { starts } = this;
    this.process.untilReady(startLimitMs).then(
      () => {
        if (this.starts === starts) tell();
      },
      () => undefined,
    );
  }

  /** SIGSTOP for a while: the process neither works nor ends, and then goes on unaware. */
  async freeze(frozenMs: number, meanwhile?: () => Promise<void>): Promise<void> {
    const { pid } = this.process;
    if (pid === undefined) return;
    signal(pid, 'SIGSTOP');
    try {
      await Promise.all([pause(frozenMs), meanwhile?.()]);
    } finally {
      if (this.process.pid === pid) signal(pid, 'SIGCONT');
    }
  }

  /** Waits for readiness over any number of restarts. @throws when it takes too long. */
  async untilReady(timeoutMs = 90_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      try {
        return await this.process.untilReady(Math.max(1_000, deadline - Date.now()));
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await pause(200);
      }
    }
  }

  /** From now on nobody starts it again. */
  release(): void {
    this.isReleased = true;
  }

  private async watch(): Promise<void> {
    while (!this.isReleased) {
      await this.process.ended();
      if (this.isReleased) return;
      this.lastExit = this.process.exit;
      const isKilled = this.lastExit?.signal === 'SIGKILL';
      if (!isKilled && this.lastExit !== undefined) this.ownExits.push(this.lastExit);
      await this.down(isKilled);
      if (this.isReleased) return;
      const environment = this.next;
      this.next = {};
      this.process.spawn(environment);
      this.starts += 1;
    }
  }

  private async down(isKilled: boolean): Promise<void> {
    const whileDown = this.beforeStart;
    this.beforeStart = undefined;
    if (whileDown !== undefined) await whileDown();
    else if (!isKilled) await pause(restartDelayMs);
  }
}

const crashingAt = (crash: CrashStep | undefined): Environment =>
  crash === undefined ? {} : { CRASH_AT: `${crash.step}:${crash.time}` };

const atOnce = async (): Promise<void> => undefined;

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile, which is another fault's doing.
  }
};
