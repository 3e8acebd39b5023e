import type { Store } from './store';

/**
 * The sandbox's time: the wall clock plus an offset that only grows. While something that was due
 * earlier is caught up, `now` is the instant it was due at.
 */
export class VirtualClock {
  private pausedMs: number | undefined;

  constructor(
    private readonly store: Store,
    initialOffsetSeconds: number,
  ) {
    if (store.get('clock', 'offset') === undefined) {
      store.transaction(() =>
        store.put('clock', { id: 'offset', offsetMs: initialOffsetSeconds * 1000 }),
      );
    }
  }

  nowMs(): number {
    return this.pausedMs ?? Date.now() + this.offsetMs();
  }

  /** Stripe's resolution: whole seconds since 1970. */
  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  pauseAt(instantMs: number): void {
    this.pausedMs = instantMs;
  }

  resume(): void {
    this.pausedMs = undefined;
  }

  /** Moves the clock forward; must run inside a transaction of the store. */
  advance(milliseconds: number): void {
    if (milliseconds < 0) throw new RangeError('the clock does not run backwards');
    this.store.put('clock', { id: 'offset', offsetMs: this.offsetMs() + milliseconds });
  }

  private offsetMs(): number {
    return this.store.get('clock', 'offset')?.offsetMs ?? 0;
  }
}
