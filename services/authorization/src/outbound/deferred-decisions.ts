import { AsyncLocalStorage } from 'node:async_hooks';
import type { DecisionEvent } from '@tallywatt/contracts';
import { inSpanOfMany, isRetriable, type EventLog, type OutgoingEvent } from '@tallywatt/event-log';

/** What is told of decisions that wait to be written down. */
export type DeferredObserver = Readonly<{
  /** A decision that was answered and that no database will take: a defect of ours. */
  lost: (event: DecisionEvent, error: unknown) => void;
  /** The database does not take them now. */
  delayed: (waiting: number, error: unknown) => void;
}>;

export type DeferredLimits = Readonly<{
  /** Decisions kept in memory while the database is away; each takes about 1 KiB. */
  waitingMax: number;
  /** How long the end of the process waits for a database that is away, in milliseconds. */
  endPatienceMs: number;
}>;

const batchMax = 500;
/** Decisions of so many milliseconds share a commit: what they cost is taken from the answers. */
const gatherMs = 20;
const pauseMinMs = 100;
const pauseMaxMs = 2_000;
/** For an attempt that began in time. */
const answerMs = 500;

/**
 * Decisions that were answered first and are written down right after: swipes that start nothing.
 * They wait in memory while the database is away, up to a limit, beyond which none is taken and
 * whoever asks has to wait for the commit. A killed process loses those that wait, and nothing else.
 */
export class DeferredDecisions {
  private waiting: OutgoingEvent[] = [];
  /** Of a transaction that is under way. */
  private underWay: readonly OutgoingEvent[] = [];
  private writing: Promise<void> | undefined;
  private endBy: number | undefined;
  private isGivenUp = false;
  private wake: () => void = () => undefined;
  private readonly outside = AsyncLocalStorage.snapshot();

  constructor(
    private readonly eventLog: Pick<EventLog, 'append' | 'transaction'>,
    private readonly observer: DeferredObserver,
    private readonly limits: DeferredLimits,
  ) {}

  /** How many are answered and not yet durable. */
  get count(): number {
    return this.waiting.length + this.underWay.length;
  }

  /** False when there is no room, or no time left: then the decision must be durable first. */
  take(event: DecisionEvent, traceparent: string | undefined): boolean {
    if (this.endBy !== undefined || this.count >= this.limits.waitingMax) return false;
    const { decidedAt } = event.decision;
    this.waiting.push({
      event,
      occurredAt: decidedAt,
      recordedAt: decidedAt,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    this.writing ??= this.outside(() => this.write());
    return true;
  }

  /**
   * Takes none any more and writes what waits; gives up when the database stays away, or neither
   * answers nor fails. What is given up is told by name.
   */
  async end(): Promise<void> {
    this.endBy ??= Date.now() + this.limits.endPatienceMs;
    this.wake();
    if (this.writing === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.limits.endPatienceMs + answerMs);
    });
    const outcome = await Promise.race([this.writing, late]);
    clearTimeout(timer);
    if (outcome === 'late') this.giveUp(new Error('the database did not answer'));
  }

  private async write(): Promise<void> {
    for (let pauseMs = pauseMinMs; this.waiting.length > 0;) {
      if (this.waiting.length < batchMax) await this.pause(gatherMs);
      const batch = this.waiting.splice(0, batchMax);
      this.underWay = batch;
      const error = await this.commit(batch);
      if (this.isGivenUp) return;
      this.underWay = [];
      if (error === undefined) {
        pauseMs = pauseMinMs;
        continue;
      }
      this.waiting = [...batch, ...this.waiting];
      this.observer.delayed(this.waiting.length, error);
      if (this.endBy !== undefined && Date.now() >= this.endBy) return this.giveUp(error);
      await this.pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
    }
    this.writing = undefined; // in the same turn: who comes after this begins anew
  }

  private giveUp(error: unknown): void {
    this.isGivenUp = true;
    const events = [...this.underWay, ...this.waiting];
    this.underWay = [];
    this.waiting = [];
    for (const { event } of events) this.observer.lost(event as DecisionEvent, error);
  }

  /** The error after which the same batch is tried again; undefined when nothing is left of it. */
  private async commit(batch: readonly OutgoingEvent[]): Promise<unknown> {
    try {
      const origins = batch.map(({ traceparent }) => traceparent);
      await inSpanOfMany('decisions', origins, () =>
        this.eventLog.transaction((tx) => this.eventLog.append(tx, batch)),
      );
      return undefined;
    } catch (error) {
      if (isRetriable(error)) return error;
      const [only, ...others] = batch;
      if (only !== undefined && others.length === 0) {
        if (!this.isGivenUp) this.observer.lost(only.event as DecisionEvent, error);
        return undefined;
      }
      return this.commitEach(batch);
    }
  }

  /** One that cannot be written may not keep the others waiting. */
  private async commitEach(batch: readonly OutgoingEvent[]): Promise<unknown> {
    for (const single of batch) {
      const error = await this.commit([single]);
      // Those before it are known by their ids when they are written once more.
      if (error !== undefined) return error;
    }
    return undefined;
  }

  /** At the end nobody waits, but for a database that is away. */
  private pause(milliseconds: number): Promise<void> {
    if (this.endBy !== undefined && milliseconds === gatherMs) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
