/**
 * Whether this process has said in time, each time and for as long as a lease, that it lives. After the
 * database was away nobody has: who was not steady does not judge others by their leases.
 */
export class Steadiness {
  private sinceMs = performance.now();
  private hasMissed = false;
  private saidMs = performance.now();

  /** @param leaseMs how long after its last sign of life a process is taken for dead */
  constructor(private readonly leaseMs: number) {}

  /** @param startedMs when it began to say so, of `performance.now()` */
  said(startedMs: number): void {
    if (startedMs - this.saidMs > this.leaseMs / 2) {
      this.sinceMs = startedMs;
      this.hasMissed = true;
    }
    this.saidMs = startedMs;
  }

  /** It has just begun, and said so in time ever since: nothing speaks for an outage. */
  get isNew(): boolean {
    return !this.hasMissed && performance.now() - this.saidMs <= this.leaseMs / 2;
  }

  get isSteady(): boolean {
    const atMs = performance.now();
    return atMs - this.saidMs <= this.leaseMs / 2 && atMs - this.sinceMs >= this.leaseMs;
  }
}
