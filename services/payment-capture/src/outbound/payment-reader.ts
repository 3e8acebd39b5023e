import { decodeRecord, type PaymentEvent, type RecordHeaders } from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import type { SqlClient } from '@tallywatt/event-log';
import { paymentDecider } from '../domain/payment';
import type { Payment } from '../domain/payment-state';

/** An event of a payment with its place in the log; no offset while it is on its way there. */
export type PaymentEventView = Readonly<{
  type: PaymentEvent['type'];
  eventId: string;
  sequence: number;
  occurredAt: string;
  recordedAt: string;
  contentHash: string;
  topic: string;
  partition: number | null;
  offset: string | null;
  facts: PaymentEvent;
}>;

export type CallView = Readonly<{
  kind: string;
  idempotencyKey: string;
  tries: number;
  outcome: string | null;
  lastError: string | null;
}>;

export type StoredPayment = Readonly<{
  paymentId: string;
  sessionId: string;
  payment: Payment;
  events: readonly PaymentEventView[];
  calls: readonly CallView[];
}>;

type EventRow = Readonly<{
  stream_key: string;
  value: string;
  headers: RecordHeaders;
  partition: number | null;
  log_offset: string | null;
}>;

type CallRow = Readonly<{
  payment_id: string;
  kind: string;
  idempotency_key: string;
  tries: number;
  outcome: string | null;
  last_error: string | null;
}>;

const topic = 'payments.payments.v1';

const eventView = (row: EventRow): PaymentEventView => {
  const { event, metadata } = decodeRecord(row.stream_key, row.value, row.headers);
  const facts = event as PaymentEvent;
  return {
    type: facts.type,
    eventId: metadata.id,
    sequence: Number(metadata.sequence),
    occurredAt: metadata.occurredAt,
    recordedAt: metadata.recordedAt,
    contentHash: metadata.contentHash,
    topic,
    partition: row.partition,
    offset: row.log_offset,
    facts,
  };
};

const callView = (row: CallRow): CallView => ({
  kind: row.kind,
  idempotencyKey: row.idempotency_key,
  tries: row.tries,
  outcome: row.outcome,
  lastError: row.last_error,
});

/** Payments as they stand, with the events that made them so. */
export class PaymentReader {
  constructor(private readonly db: SqlClient) {}

  /** One row more than the limit, ordered by payment id, from after a payment on. */
  async list(
    cpoId: string,
    filter: Readonly<{ sessionId?: string; after?: string; limit: number }>,
  ): Promise<StoredPayment[]> {
    const { rows } = await this.db.query<{ payment_id: string; session_id: string }>(
      `SELECT payment_id, session_id FROM payments
       WHERE cpo_id = $1 AND opened AND ($2::text IS NULL OR session_id = $2)
         AND ($3::text IS NULL OR payment_id > $3)
       ORDER BY payment_id LIMIT $4`,
      [cpoId, filter.sessionId ?? null, filter.after ?? null, filter.limit + 1],
    );
    const ids = rows.map((row) => row.payment_id);
    const events = await this.eventsOf(ids.map((paymentId) => `${cpoId}/${paymentId}`));
    const calls = await this.callsOf(cpoId, ids);
    return rows.map((row) => {
      const views = events.get(`${cpoId}/${row.payment_id}`) ?? [];
      return {
        paymentId: row.payment_id,
        sessionId: row.session_id,
        payment: fold(
          paymentDecider,
          views.map((view) => view.facts),
        ),
        events: views,
        calls: calls.get(row.payment_id) ?? [],
      };
    });
  }

  private async eventsOf(streamKeys: readonly string[]): Promise<Map<string, PaymentEventView[]>> {
    const { rows } = await this.db.query<EventRow>(
      `SELECT stream_key, value, headers, partition, log_offset FROM event_log.outbox
       WHERE topic = $1 AND stream_key = ANY($2::text[]) ORDER BY stream_key, sequence`,
      [topic, streamKeys],
    );
    return grouped(rows, (row) => row.stream_key, eventView);
  }

  private async callsOf(
    cpoId: string,
    paymentIds: readonly string[],
  ): Promise<Map<string, CallView[]>> {
    const { rows } = await this.db.query<CallRow>(
      `SELECT payment_id, call->>'kind' AS kind, idempotency_key, tries, outcome, last_error
       FROM processor_calls WHERE cpo_id = $1 AND payment_id = ANY($2::text[]) ORDER BY number`,
      [cpoId, paymentIds],
    );
    return grouped(rows, (row) => row.payment_id, callView);
  }
}

const grouped = <Row, Item>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): Map<string, Item[]> => {
  const groups = new Map<string, Item[]>();
  for (const row of rows) {
    groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), toItem(row)]);
  }
  return groups;
};
