import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { hold } from './violation';

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
  private stepCount = 0;

  constructor(startMs: number) {
    this.currentMs = startMs;
  }

  get nowMs(): number {
    return this.currentMs;
  }

  get now(): Instant {
    return instantFromEpochMs(this.currentMs);
  }

  get steps(): number {
    return this.stepCount;
  }

  after(delayMs: number, run: () => void): void {
    this.scheduled += 1;
    const task = { atMs: this.currentMs + Math.max(0, delayMs), number: this.scheduled, run };
    this.heap.push(task);
    this.rise(this.heap.length - 1);
  }

  /** Runs what is due until then, and moves the clock there. */
  runUntil(endMs: number): void {
    for (let next = this.heap[0]; next !== undefined && next.atMs <= endMs; next = this.heap[0]) {
      this.removeFirst();
      this.currentMs = next.atMs;
      this.stepCount += 1;
      hold(this.stepCount < stepsMax, 'a run ends', () => `${stepsMax} steps and no end`);
      next.run();
    }
    this.currentMs = Math.max(this.currentMs, endMs);
  }

  private rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  private removeFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const [leftTask, rightTask] = [this.heap[left], this.heap[right]];
      if (leftTask === undefined) return;
      const least = rightTask !== undefined && isBefore(rightTask, leftTask) ? right : left;
      if (!this.swapIfBefore(least, at)) return;
      at = least;
    }
  }

  private swapIfBefore(one: number, other: number): boolean {
    const [oneTask, otherTask] = [this.heap[one], this.heap[other]];
    if (oneTask === undefined || otherTask === undefined || !isBefore(oneTask, otherTask)) {
      return false;
    }
    this.heap[one] = otherTask;
    this.heap[other] = oneTask;
    return true;
  }
}
