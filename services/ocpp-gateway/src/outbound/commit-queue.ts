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
}>;

const batchMax = 64;

/**
 * Group commit: what arrives while as many transactions as may be are under way shares the next
 * one. A promise resolves only after its transaction is durable. Work of one transaction runs in the
 * order it was submitted; of several that run side by side, neither waits for the other, so whoever
 * needs an order waits for the answer, as the lane of a charger does.
 */
export class CommitQueue {
  private readonly waiting: Waiting[] = [];
  private readonly running = new Set<Promise<void>>();
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
    while (this.running.size > 0) await Promise.all(this.running);
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
      const results = await inSpanOfMany('group commit', origins, () =>
        this.transaction(async (tx) => {
          await lockStations(tx, stations);
          const done: unknown[] = [];
          for (const { work } of batch) done.push(await work(tx));
          return done;
        }),
      );
      batch.forEach(({ resolve }, index) => resolve(results[index]));
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1) return only?.reject(error);
      // One charger's trouble is not its neighbours': each gets a transaction of its own.
      for (const single of batch) await this.commit([single]);
    }
  }
}
