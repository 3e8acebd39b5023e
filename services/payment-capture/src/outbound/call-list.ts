import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { ProcessorCall } from '../domain/processor-call';

/** A call that this process may make until its lease ends. */
export type ClaimedCall = Readonly<{
  call: ProcessorCall;
  nextStep: 'call' | 'question';
  /** From 1. */
  tries: number;
  firstTriedAt: Instant;
  /** The trace of the event that asked for it. */
  traceparent?: string;
}>;

type CallRow = Readonly<{
  call: Readonly<Record<string, unknown>>;
  next_step: 'call' | 'question';
  tries: number;
  first_tried_at: Date;
  traceparent: string | null;
}>;

const toJsonText = (call: ProcessorCall): string =>
  JSON.stringify(call, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );

const callFromJson = (json: CallRow['call']): ProcessorCall => {
  const amount = json['amount'] as { amountMinor: string; currency: string } | undefined;
  return {
    ...json,
    ...(amount === undefined
      ? {}
      : { amount: { amountMinor: BigInt(amount.amountMinor), currency: amount.currency } }),
  } as ProcessorCall;
};

/** Puts a call on a list that was lost; it may have been made from `triedAt` on. */
export const restoreCall = async (
  tx: SqlClient,
  call: ProcessorCall,
  triedAt: Instant,
): Promise<void> => {
  await tx.query(
    `INSERT INTO processor_calls (cpo_id, idempotency_key, payment_id, call, first_tried_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [call.cpoId, call.idempotencyKey, call.paymentId, toJsonText(call), triedAt],
  );
};

/** The durable list of what is to be asked of the processor. */
export class CallList {
  constructor(private readonly leaseMs: number) {}

  async add(tx: SqlClient, call: ProcessorCall, traceparent?: string): Promise<void> {
    await tx.query(
      `INSERT INTO processor_calls (cpo_id, idempotency_key, payment_id, call, traceparent)
       VALUES ($1, $2, $3, $4, $5)`,
      [call.cpoId, call.idempotencyKey, call.paymentId, toJsonText(call), traceparent ?? null],
    );
  }

  /**
   * Takes calls that are due. Only the oldest open call of a payment can be taken, and only while
   * nobody else has it: calls about one payment never overlap. The first try is written down
   * before it is made, so that a crash leaves its time behind. In a new database a call waits
   * until the start of its session has been read again: an answer needs what that says.
   */
  async claim(db: SqlClient, most: number): Promise<ClaimedCall[]> {
    const { rows } = await db.query<CallRow>(
      `WITH due AS (
         SELECT cpo_id, idempotency_key FROM processor_calls c
         WHERE done_at IS NULL AND next_at <= now()
           AND (leased_until IS NULL OR leased_until < now())
           AND EXISTS (
             SELECT 1 FROM payments p
             WHERE p.cpo_id = c.cpo_id AND p.payment_id = c.payment_id AND p.started)
           AND NOT EXISTS (
             SELECT 1 FROM processor_calls o
             WHERE o.cpo_id = c.cpo_id AND o.payment_id = c.payment_id
               AND o.done_at IS NULL AND o.number < c.number)
         ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED
       )
       UPDATE processor_calls c
       SET leased_until = now() + $2 * interval '1 millisecond', tries = tries + 1,
         first_tried_at = coalesce(first_tried_at, now())
       FROM due WHERE c.cpo_id = due.cpo_id AND c.idempotency_key = due.idempotency_key
       RETURNING c.call, c.next_step, c.tries, c.first_tried_at, c.traceparent`,
      [most, this.leaseMs],
    );
    return rows.map((row) => ({
      call: callFromJson(row.call),
      nextStep: row.next_step,
      tries: row.tries,
      firstTriedAt: row.first_tried_at.toISOString(),
      ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
    }));
  }

  /** Keeps calls that are under way; whoever stops doing so gives them up. */
  async renew(db: SqlClient, underWay: readonly ProcessorCall[]): Promise<void> {
    await db.query(
      `UPDATE processor_calls SET leased_until = now() + $1 * interval '1 millisecond'
       WHERE idempotency_key = ANY($2::text[]) AND done_at IS NULL AND leased_until IS NOT NULL`,
      [this.leaseMs, underWay.map((call) => call.idempotencyKey)],
    );
  }

  /** The call has its answer. False when another process was faster. */
  async finish(tx: SqlClient, call: ProcessorCall, outcome: string): Promise<boolean> {
    const { rowCount } = await tx.query(
      `UPDATE processor_calls SET done_at = now(), outcome = $3, leased_until = NULL
       WHERE cpo_id = $1 AND idempotency_key = $2 AND done_at IS NULL`,
      [call.cpoId, call.idempotencyKey, outcome],
    );
    return rowCount === 1;
  }

  /** The outcome is unknown: again later, as a call or as a question. */
  async defer(
    db: SqlClient,
    call: ProcessorCall,
    next: Readonly<{ step: 'call' | 'question'; inMs: number; error: string }>,
  ): Promise<void> {
    await db.query(
      `UPDATE processor_calls SET leased_until = NULL, next_step = $3, last_error = $5,
         next_at = now() + $4 * interval '1 millisecond'
       WHERE cpo_id = $1 AND idempotency_key = $2 AND done_at IS NULL`,
      [call.cpoId, call.idempotencyKey, next.step, next.inMs, next.error.slice(0, 1_000)],
    );
  }

  /** Money of calls without an answer, by kind and currency. */
  async openAmounts(
    db: SqlClient,
  ): Promise<readonly Readonly<{ kind: string; currency: string; amountMinor: number }>[]> {
    const { rows } = await db.query<{ kind: string; currency: string; amount: string }>(
      `SELECT call->>'kind' AS kind, call->'amount'->>'currency' AS currency,
         sum((call->'amount'->>'amountMinor')::numeric) AS amount
       FROM processor_calls WHERE done_at IS NULL AND call ? 'amount' GROUP BY 1, 2`,
    );
    return rows.map(({ kind, currency, amount }) => ({
      kind,
      currency,
      amountMinor: Number(amount),
    }));
  }

  /** How many calls wait for an answer, and how old the oldest is. */
  async open(db: SqlClient): Promise<Readonly<{ count: number; oldestSeconds: number }>> {
    const { rows } = await db.query<{ count: string; age: string | null }>(
      `SELECT count(*) AS count, extract(epoch FROM now() - min(created_at)) AS age
       FROM processor_calls WHERE done_at IS NULL`,
    );
    return { count: Number(rows[0]?.count ?? 0), oldestSeconds: Number(rows[0]?.age ?? 0) };
  }
}
