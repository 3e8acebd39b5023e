/** The longest delay that one `setTimeout` can hold. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * The clock inside a charger. It either shows real time or runs `speed` virtual seconds per real
 * second from a chosen start; everything a charger writes on the wire is stamped with it.
 */
export class StationClock {
  private readonly startedRealMs: number;

  constructor(
    private readonly startMs: number,
    readonly speed: number,
    private readonly realNowMs: () => number = () => performance.now(),
  ) {
    if (!Number.isFinite(startMs)) throw new RangeError('virtual clock: start is not an instant');
    if (!(speed > 0)) throw new RangeError(`virtual clock: speed must be above 0, got ${speed}`);
    this.startedRealMs = realNowMs();
  }

  /** Virtual time now. */
  now(): Date {
    return new Date(
      this.startMs + Math.floor((this.realNowMs() - this.startedRealMs) * this.speed),
    );
  }

  /** Virtual time now without its fraction of a second: what most chargers can show. */
  nowToTheSecond(): Date {
    return new Date(Math.floor(this.now().getTime() / 1000) * 1000);
  }

  /** How long a span of virtual time takes for the one who waits for it. */
  realMs(virtualMs: number): number {
    return virtualMs / this.speed;
  }

  /** Waits until a virtual instant (not at all when it has passed), or until the signal aborts. */
  async sleepUntil(at: Date, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const leftMs = this.realMs(at.getTime() - this.now().getTime());
      if (leftMs <= 0 || signal?.aborted) return;
      await pause(Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS), signal);
    }
  }
}

/** How a clock is described where chargers are set up; chargers may also be handed one clock. */
export type ClockSetting =
  Readonly<{ start: string | Date; speed: number }> | 'real' | StationClock;

/** Makes the clock that a setting describes. */
export const stationClock = (setting: ClockSetting): StationClock => {
  if (setting instanceof StationClock) return setting;
  if (setting === 'real') return new StationClock(Date.now(), 1);
  const startMs = new Date(setting.start).getTime();
  if (Number.isNaN(startMs)) {
    throw new RangeError(`virtual clock: start '${String(setting.start)}' is not an instant`);
  }
  return new StationClock(startMs, setting.speed);
};

/** Waits in real time; ends early, without an error, when the signal aborts. */
export const pause = (realMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, realMs);
    signal?.addEventListener('abort', finish, { once: true });
  });
