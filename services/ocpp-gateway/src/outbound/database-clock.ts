import { type Instant, parseInstant } from '@tallywatt/time';

/** What was asked so long ago is replaced by a worse answer. */
const freshMs = 60_000;

/**
 * The database's clock, as far as this process can say: what processes compare with each other is told
 * by it, since theirs may differ. Of several answers the one that came soonest counts.
 */
export class DatabaseClock {
  private aheadMs = 0;
  private roundTripMs = Infinity;
  private askedAtMs = -Infinity;

  /** The database said its time between two instants of ours, all in milliseconds of the epoch. */
  told(askedMs: number, databaseMs: number, heardMs: number): void {
    const roundTripMs = heardMs - askedMs;
    if (roundTripMs > this.roundTripMs && askedMs - this.askedAtMs < freshMs) return;
    this.aheadMs = databaseMs - (askedMs + heardMs) / 2;
    this.roundTripMs = roundTripMs;
    this.askedAtMs = askedMs;
  }

  /** What the database's clock showed at an instant of ours. */
  at(instant: Instant): Date {
    return new Date(parseInstant(instant) + this.aheadMs);
  }
}
