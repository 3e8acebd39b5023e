import type { ProcessExit, ServiceProcess } from '@tallywatt/demonstration';
import { pause } from './patience';

type Environment = Readonly<Record<string, string>>;

/** A process that ends by itself is not started again at once, as anywhere. */
const restartDelayMs = 1_000;
const lookMs = 25;

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
   * Lets it run until it dies at a named step, and then run on as usual.
   *
   * @returns false when the step was not reached in time; it is started anew all the same.
   */
  async crashAt(
    step: string,
    time: number,
    isTooLate: () => boolean,
    whileDown: () => Promise<unknown> = atOnce,
  ): Promise<boolean> {
    const environment = { CRASH_AT: `${step}:${time}` };
    while (!isTooLate() && !this.isReleased) {
      await this.kill(whileDown, environment);
      const { starts } = this;
      while (this.starts === starts && !isTooLate()) await pause(lookMs);
      if (this.starts > starts && this.lastExit?.signal === 'SIGKILL') return true;
      // It ended for another reason, such as a database that was away: once more.
    }
    await this.kill(atOnce);
    return false;
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

const atOnce = async (): Promise<void> => undefined;

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile, which is another fault's doing.
  }
};
