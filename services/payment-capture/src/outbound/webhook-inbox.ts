import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';

/** A webhook event as far as it is kept: what it is about, not what it says about it. */
export type WebhookNotice = Readonly<{
  eventId: string;
  type: string;
  objectId?: string;
  paymentIntentId?: string;
  createdAt: Instant;
}>;

export type ClaimedNotice = WebhookNotice & Readonly<{ tries: number }>;

type NoticeRow = Readonly<{
  event_id: string;
  type: string;
  object_id: string | null;
  payment_intent_id: string | null;
  created_at: Date;
  tries: number;
}>;

const noticeFromRow = (row: NoticeRow): ClaimedNotice => ({
  eventId: row.event_id,
  type: row.type,
  createdAt: row.created_at.toISOString(),
  tries: row.tries,
  ...(row.object_id === null ? {} : { objectId: row.object_id }),
  ...(row.payment_intent_id === null ? {} : { paymentIntentId: row.payment_intent_id }),
});

/** Events of the processor that are acknowledged, and handled sooner or later. */
export class WebhookInbox {
  constructor(
    private readonly cpoId: string,
    private readonly leaseMs: number,
  ) {}

  /** False when the event stands here already. */
  async store(db: SqlClient, notice: WebhookNotice, bodySha256: string): Promise<boolean> {
    const { rowCount } = await db.query(
      `INSERT INTO webhook_inbox
         (cpo_id, event_id, type, object_id, payment_intent_id, created_at, body_sha256)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
      [
        this.cpoId,
        notice.eventId,
        notice.type,
        notice.objectId ?? null,
        notice.paymentIntentId ?? null,
        notice.createdAt,
        bodySha256,
      ],
    );
    return rowCount === 1;
  }

  async claim(db: SqlClient, most: number): Promise<ClaimedNotice[]> {
    const { rows } = await db.query<NoticeRow>(
      `WITH due AS (
         SELECT event_id FROM webhook_inbox
         WHERE handled_at IS NULL AND next_at <= now()
           AND (leased_until IS NULL OR leased_until < now())
         ORDER BY received_at LIMIT $1 FOR UPDATE SKIP LOCKED
       )
       UPDATE webhook_inbox w
       SET tries = tries + 1, leased_until = now() + $2 * interval '1 millisecond'
       FROM due WHERE w.event_id = due.event_id
       RETURNING w.event_id, w.type, w.object_id, w.payment_intent_id, w.created_at, w.tries`,
      [most, this.leaseMs],
    );
    return rows.map(noticeFromRow);
  }

  async finish(db: SqlClient, eventIds: readonly string[]): Promise<void> {
    await db.query('UPDATE webhook_inbox SET handled_at = now() WHERE event_id = ANY($1::text[])', [
      eventIds,
    ]);
  }

  async defer(db: SqlClient, eventId: string, inMs: number, error: string): Promise<void> {
    await db.query(
      `UPDATE webhook_inbox SET leased_until = NULL, last_error = $3,
         next_at = now() + $2 * interval '1 millisecond'
       WHERE event_id = $1`,
      [eventId, inMs, error.slice(0, 1_000)],
    );
  }

  /** The latest time the processor's clock is known to have shown: a sandbox's can run ahead. */
  async latestCreated(db: SqlClient): Promise<Date | undefined> {
    const { rows } = await db.query<{ latest: Date | null }>(
      'SELECT max(created_at) AS latest FROM webhook_inbox',
    );
    return rows[0]?.latest ?? undefined;
  }
}
