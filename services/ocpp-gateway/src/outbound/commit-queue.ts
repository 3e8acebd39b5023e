import { AsyncLocalStorage } from 'node:async_hooks';
import { activeTraceparent, inSpanOfMany, type SqlClient } from '@tallywatt/event-log';
import { currentStation, lockStations } from './station-lock';

/** Work of one frame inside a transaction; run again after a conflict, so free of other effects. */
export type Work<T> = (tx: SqlClient) => Promise<T>;
export type RunTransaction = <T>(work: Work<T>) => Promise<T>;

type Waiting = Readonly<{
  work: Work<unknown>;
  traceparent: string | undefined;
  /** On whose behalf. */
  station: string | undefined;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  /** How often its charge point was another transaction's, and since when (`performance.now()`). */
  held?: Readonly<{ times: number; sinceMs: number }>;
}>;

const batchMax = 64;
/** The database frees a charge point that a process which stands still has, before that. */
const heldMsMax = 25_000;
const heldPauseMsMax = 200;

/** Another transaction has a charge point all the time. */
export class StationHeld extends Error {
  readonly code = 'station-held';
  readonly retriable = true;
}

type Indexed = Waiting & Readonly<{ index: number }>;

/**
 * What may run side by side within one transaction: of different charge points, which share nothing,
 * and of one of them in the order it was submitted. Work on nobody's behalf may be about any of
 * them and has its turn alone.
 */
const turnsOf = (batch: readonly Waiting[]): Indexed[][][] => {
  const turns: Map<string, Indexed[]>[] = [];
  let open: Map<string, Indexed[]> | undefined;
  batch.forEach((waiting, index) => {
    const { station } = waiting;
    if (open === undefined || station === undefined) {
      open = new Map<string, Indexed[]>();
      turns.push(open);
    }
    const line = open.get(station ?? '') ?? [];
    open.set(station ?? '', [...line, { ...waiting, index }]);
    if (station === undefined) open = undefined;
  });
  return turns.map((turn) => [...turn.values()]);
};

/**
 * Carries out what shares a transaction. On a pipelined connection the queries of different charge
 * points share round trips. It ends only when nothing runs any more, also after a failure: a query
 * that came later would be another's transaction's.
 */
const carryOutTogether = async (
  tx: SqlClient,
  batch: readonly Waiting[],
): Promise<readonly unknown[]> => {
  const done = new Array<unknown>(batch.length);
  // The first one: what fails behind it in the same transaction fails because of it.
  const failures: unknown[] = [];
  const inOrder = async (line: readonly Indexed[]): Promise<void> => {
    for (const { work, index } of line) {
      if (failures.length > 0) return;
      try {
        done[index] = await work(tx);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  for (const turn of turnsOf(batch)) {
    await Promise.all(turn.map(inOrder));
    if (failures.length > 0) throw failures[0];
  }
  return done;
};

/**
 * Group commit: what arrives while as many transactions as may be are under way shares the next
 * one. A promise resolves only after its transaction is durable. Within one transaction the work of
 * one charge point runs in the order it was submitted; of transactions that run side by side neither
 * waits for the other, so whoever needs an order waits for the answer, as the lane of a charger does.
 */
export class CommitQueue {
  private readonly waiting: Waiting[] = [];
  private readonly running = new Set<Promise<void>>();
  /** Waits until its charge point may be free. */
  private readonly held = new Set<Promise<void>>();
  /** How many still look for what is waiting. */
  private looking = 0;
  /** Into where no frame is being worked on: the queue is no frame's. */
  private readonly outside = AsyncLocalStorage.snapshot();

  constructor(
    private readonly transaction: RunTransaction,
    private readonly atOnce = 1,
  ) {}

  submit<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({
        // In the trace, and with the log facts, of the frame that submits it.
        work: AsyncLocalStorage.bind(work),
        traceparent: activeTraceparent(),
        station: currentStation(),
        resolve: resolve as (result: unknown) => void,
        reject,
      });
      if (this.looking < this.atOnce) this.outside(() => this.begin());
    });
  }

  /** Resolves when nothing is waiting. */
  async drained(): Promise<void> {
    while (this.running.size + this.held.size > 0) {
      await Promise.all([...this.running, ...this.held]);
    }
  }

  private begin(): void {
    this.looking += 1;
    const ended = this.run().finally(() => this.running.delete(ended));
    this.running.add(ended);
  }

  private async run(): Promise<void> {
    // Frames that the sockets hand over in the same turn belong together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.commit(this.waiting.splice(0, batchMax));
    this.looking -= 1; // in the same turn: who comes after this begins anew
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    try {
      const origins = batch.map(({ traceparent }) => traceparent);
      const stations = batch.flatMap(({ station }) => (station === undefined ? [] : [station]));
      const { free, results, held } = await inSpanOfMany('group commit', origins, () =>
        this.transaction(async (tx) => {
          const elsewhere = await lockStations(tx, stations);
          const isHeld = ({ station }: Waiting): boolean =>
            station !== undefined && elsewhere.has(station);
          const free = batch.filter((waiting) => !isHeld(waiting));
          const results = await carryOutTogether(tx, free);
          return { free, results, held: batch.filter(isHeld) };
        }),
      );
      free.forEach(({ resolve }, index) => resolve(results[index]));
      for (const waiting of held) this.putOff(waiting);
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1) return only?.reject(error);
      // One charger's trouble is not its neighbours': each gets a transaction of its own.
      for (const single of batch) await this.commit([single]);
    }
  }

  /** What is said on behalf of a charge point that another transaction has is tried again soon. */
  private putOff(waiting: Waiting): void {
    const { times, sinceMs } = waiting.held ?? { times: 0, sinceMs: performance.now() };
    if (performance.now() - sinceMs > heldMsMax) {
      return waiting.reject(new StationHeld(`${waiting.station} is another transaction's`));
    }
    const pauseMs = Math.min(5 * 2 ** times, heldPauseMsMax);
    const over = new Promise<void>((resolve) => setTimeout(resolve, pauseMs)).then(() => {
      this.held.delete(over);
      this.waiting.push({ ...waiting, held: { times: times + 1, sinceMs } });
      if (this.looking < this.atOnce) this.begin();
    });
    this.held.add(over);
  }
}
