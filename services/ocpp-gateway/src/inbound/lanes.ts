import { onBehalfOf } from '../outbound/station-lock';

/** More than this many waiting frames of one charger is a flood, not a backlog. */
const waitingMax = 500;

/** The lane of a key is full; the sender has to come again. */
export class LaneFull extends Error {
  readonly code = 'lane-full';
}

/**
 * Runs the work of one charge point in order, one after the other; different ones run side by side.
 * What it commits is in order with what other processes commit for the same charge point, too.
 */
export class Lanes {
  private readonly tails = new Map<string, Readonly<{ tail: Promise<unknown>; waiting: number }>>();

  /** @throws LaneFull when more waits than one charger can have to say. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const waiting = this.tails.get(key)?.waiting ?? 0;
    return waiting < waitingMax
      ? this.runAlways(key, work)
      : Promise.reject(new LaneFull(`${waiting} frames are waiting`));
  }

  /** For what a sender cannot repeat: that it came, and that it went. */
  runAlways<T>(key: string, work: () => Promise<T>): Promise<T> {
    const lane = this.tails.get(key);
    const waiting = (lane?.waiting ?? 0) + 1;
    const inTurn = (): Promise<T> => onBehalfOf(key, work);
    const result = (lane?.tail ?? Promise.resolve()).then(inTurn, inTurn);
    const tail = result.catch(() => undefined).finally(() => this.leave(key));
    this.tails.set(key, { tail, waiting });
    return result;
  }

  /** Resolves when nothing of one charge point is left to do. */
  async idle(key: string): Promise<void> {
    for (let lane = this.tails.get(key); lane !== undefined; lane = this.tails.get(key)) {
      await lane.tail;
    }
  }

  /** Resolves when no work is left. */
  async drained(): Promise<void> {
    while (this.tails.size > 0) await Promise.all([...this.tails.values()].map(({ tail }) => tail));
  }

  private leave(key: string): void {
    const lane = this.tails.get(key);
    if (lane === undefined) return;
    if (lane.waiting === 1) this.tails.delete(key);
    else this.tails.set(key, { ...lane, waiting: lane.waiting - 1 });
  }
}
