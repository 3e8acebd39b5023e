import { isTracing, type OutgoingEvent, type SqlClient } from '@tallywatt/event-log';

type Row = { stream_key: string; traceparent: string | null };

const paymentOf = ({ event }: OutgoingEvent): string | undefined =>
  'paymentId' in event && event.paymentId !== undefined
    ? `${event.cpoId}/${event.paymentId}`
    : undefined;

/**
 * Puts what the processor says of its balance into the trace of the payment it speaks of: after
 * the last event of that payment. What is of no payment stays where it is.
 */
export const inTraceOfPayment = async (
  tx: SqlClient,
  events: readonly OutgoingEvent[],
): Promise<readonly OutgoingEvent[]> => {
  const keys = [...new Set(events.flatMap((event) => paymentOf(event) ?? []))];
  if (keys.length === 0 || !isTracing()) return events;
  const { rows } = await tx.query<Row>(
    `SELECT k.stream_key, o.traceparent FROM unnest($1::text[]) AS k (stream_key)
     CROSS JOIN LATERAL (
       SELECT headers->>'traceparent' AS traceparent FROM event_log.outbox
       WHERE topic = 'payments.payments.v1' AND stream_key = k.stream_key
       ORDER BY sequence DESC LIMIT 1) AS o`,
    [keys],
  );
  const traces = new Map(rows.map((row) => [row.stream_key, row.traceparent]));
  return events.map((event) => {
    const traceparent = traces.get(paymentOf(event) ?? '');
    return typeof traceparent === 'string' ? { ...event, traceparent } : event;
  });
};
