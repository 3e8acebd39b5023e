import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { Violation } from './violation';

/** Twice what chargers say that ask all the time while authorization is away for two days. */
const stepsMax = 400_000;

type Task = Readonly<{ atMs: number; number: number; run: () => void }>;

const isBefore = (one: Task, other: Task): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number);

/** The virtual clock: it stands still while a step runs and leaps to the next one. */
export class Scheduler {
  private readonly heap: Task[] = [];
  private scheduled = 0;
  private currentMs: number;
  /** `now` as it was last asked for: many ask within one step. */
  private told: Readonly<{ atMs: number; now: Instant }> | undefined;
  private stepCount = 0;

  constructor(startMs: number) {
    this.currentMs = startMs;
  }

  get nowMs(): number {
    return this.currentMs;
  }

  get now(): Instant {
    if (this.told?.atMs !== this.currentMs) {
      this.told = { atMs: this.currentMs, now: instantFromEpochMs(this.currentMs) };
    }
    return this.told.now;
  }

  get steps(): number {
    return this.stepCount;
  }

  after(delayMs: number, run: () => void): void {
    this.scheduled += 1;
    this.rise({ atMs: this.currentMs + Math.max(0, delayMs), number: this.scheduled, run });
  }

  /** Runs what is due until then, and moves the clock there. */
  runUntil(endMs: number): void {
    for (let next = this.heap[0]; next !== undefined && next.atMs <= endMs; next = this.heap[0]) {
      this.removeFirst();
      this.currentMs = next.atMs;
      this.stepCount += 1;
      if (this.stepCount >= stepsMax) throw new Violation('a run ends', `${stepsMax} steps`);
      next.run();
    }
    this.currentMs = Math.max(this.currentMs, endMs);
  }

  private rise(task: Task): void {
    const { heap } = this;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentTask = heap[parent];
      if (parentTask === undefined || !isBefore(task, parentTask)) break;
      heap[at] = parentTask;
      at = parent;
    }
    heap[at] = task;
  }

  private removeFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const leftTask = heap[left];
      if (leftTask === undefined) break;
      const rightTask = heap[left + 1];
      const isRight = rightTask !== undefined && isBefore(rightTask, leftTask);
      const least = isRight ? rightTask : leftTask;
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = isRight ? left + 1 : left;
    }
    heap[at] = last;
  }
}
