import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';

/**
 * The right to publish, held by one process per database for a limited time. The token rises with
 * each holder: what an earlier one writes late is recognised by it and refused.
 */
export class RelayLease {
  private readonly holder = randomUUID();
  private held: { token: bigint; untilMs: number } | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly leaseMs: number,
  ) {}

  /** The token while the lease is surely ours; time is counted from before it was asked for. */
  token(): bigint | undefined {
    return this.held !== undefined && performance.now() < this.held.untilMs
      ? this.held.token
      : undefined;
  }

  /** Takes the lease if nobody holds it, or prolongs our own. */
  async hold(): Promise<bigint | undefined> {
    const askedMs = performance.now();
    const { rows } = await this.pool.query<{ token: string }>(
      `UPDATE event_log.relay_lease SET
         token = CASE WHEN holder = $1 AND token = $2 THEN token ELSE token + 1 END,
         holder = $1,
         expires_at = clock_timestamp() + $3 * interval '1 millisecond'
       WHERE (holder = $1 AND token = $2) OR expires_at < clock_timestamp()
       RETURNING token`,
      [this.holder, (this.held?.token ?? -1n).toString(), this.leaseMs],
    );
    const token = rows[0]?.token;
    this.held =
      token === undefined
        ? undefined
        : { token: BigInt(token), untilMs: askedMs + this.leaseMs * 0.8 };
    return this.token();
  }

  /** Lets the next process begin at once. */
  async release(): Promise<void> {
    const held = this.held;
    this.held = undefined;
    if (held === undefined) return;
    await this.pool.query(
      `UPDATE event_log.relay_lease SET expires_at = '-infinity' WHERE holder = $1 AND token = $2`,
      [this.holder, held.token.toString()],
    );
  }
}
