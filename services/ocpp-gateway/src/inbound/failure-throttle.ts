const failuresMax = 5;
const windowMs = 60_000;
const sourcesMax = 20_000;

/**
 * Slows down guessing: after five failures within a minute a source is refused for a minute. A source
 * is an identity together with an address. An attempt counts as a failure until it has succeeded, or
 * a thousand of them at once would all be let through to the check.
 */
export class FailureThrottle {
  private readonly failures = new Map<string, Readonly<{ count: number; untilMs: number }>>();

  isBlocked(source: string, nowMs: number): boolean {
    const known = this.failures.get(source);
    return known !== undefined && known.untilMs > nowMs && known.count >= failuresMax;
  }

  fail(source: string, nowMs: number): void {
    const known = this.failures.get(source);
    const count = known !== undefined && known.untilMs > nowMs ? known.count + 1 : 1;
    // A scan with ever new names may not fill the memory; forgetting all is the lesser evil.
    if (this.failures.size >= sourcesMax) this.failures.clear();
    this.failures.set(source, { count, untilMs: nowMs + windowMs });
  }

  /** Takes back one failure: nothing was found out about the attempt. */
  forgive(source: string): void {
    const known = this.failures.get(source);
    if (known !== undefined) this.failures.set(source, { ...known, count: known.count - 1 });
  }

  succeed(source: string): void {
    this.failures.delete(source);
  }
}
