import {
  contentEventId,
  derivedId,
  encodeEvent,
  encodeUnnumberedHeaders,
  parkedTopic,
  type EncodedEvent,
  type EventMetadata,
  type TallywattEvent,
} from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { type LogRecord, keyText, storableText, storedHeaders } from './log-record';
import { queryPrepared, type SqlClient } from './sql-client';
import { activeTraceparent, traceparentOfCause } from './tracing';

/** An event to be recorded and published. */
export type OutgoingEvent = Readonly<{
  event: TallywattEvent;
  /** When it happened, as far as the outside world says. */
  occurredAt: Instant;
  /** UUID; derived from type, stream and content if not given, so a repetition is recognised. */
  id?: string;
  correlationId?: string;
  causationId?: string;
  /** The event that caused this one, where the events of a call have different causes. */
  cause?: EventMetadata;
  /** W3C trace context of this one, where the events of a call come from different traces. */
  traceparent?: string;
  /** When this one was written down, where the events of a call were at different times. */
  recordedAt?: Instant;
}>;

export type AppendContext = Readonly<{
  /** The event that caused these: it gives them their correlation and causation. */
  cause?: EventMetadata;
  /** When we write it down; now if not given. */
  recordedAt?: Instant;
  /**
   * W3C trace context. If not given: that in which the consumer works on the cause, else that of
   * the active span, else that of the cause itself.
   */
  traceparent?: string;
}>;

export type AppendedEvent = Readonly<{
  event: TallywattEvent;
  id: string;
  topic: string;
  key: string;
  sequence: bigint;
  /** False: the same id had been recorded before, under this sequence; nothing was added. */
  appended: boolean;
  /** The trace it is part of, for what is done because of it later. */
  traceparent?: string;
}>;

/** Kafka's default limit is 1 MiB for a batch; beyond it the relay would stall for good. */
export const valueBytesMax = 900_000;

type Draft = Readonly<{ outgoing: OutgoingEvent; encoded: EncodedEvent; id: string }>;

const draftOf = (outgoing: OutgoingEvent): Draft => {
  const encoded = encodeEvent(outgoing.event);
  const bytes = Buffer.byteLength(encoded.value);
  if (bytes > valueBytesMax) {
    throw new Error(
      `${outgoing.event.type} of ${encoded.key} has ${bytes} bytes; at most ${valueBytesMax} fit`,
    );
  }
  return { outgoing, encoded, id: (outgoing.id ?? contentEventId(encoded)).toLowerCase() };
};

/** Whose events they are, and what has to hold before they are numbered. */
export type Appender = Readonly<{
  source: string;
  /** @throws when the streams of one of these topics are not known to this database. */
  checkTopics(tx: SqlClient, topics: readonly string[]): Promise<void>;
}>;

/** Appends to the streams of which this service is the owner, within the caller's transaction. */
export const appendEvents = async (
  tx: SqlClient,
  { source, checkTopics }: Appender,
  events: readonly OutgoingEvent[],
  context: AppendContext = {},
): Promise<AppendedEvent[]> => {
  if (events.length === 0) return [];
  const drafts = events.map(draftOf);
  await checkTopics(tx, [...new Set(drafts.map(({ encoded }) => encoded.topic))]);
  const recordedAt = context.recordedAt ?? new Date().toISOString();
  const active = activeTraceparent();
  const rows = drafts.map(({ outgoing, encoded, id }) => {
    const cause = outgoing.cause ?? context.cause;
    const causationId = outgoing.causationId ?? cause?.id;
    const given = outgoing.traceparent ?? context.traceparent ?? traceparentOfCause(causationId);
    const traceparent = given ?? active ?? cause?.traceparent;
    const metadata = {
      id,
      source,
      subject: encoded.key,
      cpoId: outgoing.event.cpoId,
      occurredAt: outgoing.occurredAt,
      recordedAt: outgoing.recordedAt ?? recordedAt,
      correlationId: outgoing.correlationId ?? cause?.correlationId ?? id,
      ...(causationId === undefined ? {} : { causationId }),
      contentHash: encoded.contentHash,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return { event: outgoing.event, encoded, metadata };
  });
  const recorded = await insertRows(tx, rows);
  return rows.map(({ event, encoded, metadata }): AppendedEvent => {
    const { id, traceparent } = metadata;
    const known = recorded.get(id);
    if (known === undefined) throw new Error(`the outbox did not take event ${id}`);
    const { sequence, isNew } = known;
    // A second one of the same id in this call adds nothing.
    if (isNew) recorded.set(id, { sequence, isNew: false });
    const place = { event, id, topic: encoded.topic, key: encoded.key, sequence };
    return isNew && traceparent !== undefined
      ? { ...place, appended: true, traceparent }
      : { ...place, appended: isNew };
  });
};

type OutboxRow = Readonly<{
  encoded: EncodedEvent;
  metadata: Omit<EventMetadata, 'sequence'>;
}>;

/** Numbers events and adds those that are new; each id with its number, also the known ones. */
const insertRows = async (
  tx: SqlClient,
  rows: readonly OutboxRow[],
): Promise<Map<string, { sequence: bigint; isNew: boolean }>> => {
  const numbered = await queryPrepared<{ event_id: string; sequence: string; is_new: boolean }>(
    tx,
    'event_log.append',
    `SELECT event_id, sequence, is_new FROM event_log.append($1::text[], $2::text[], $3::uuid[],
       $4::jsonb[], $5::text[], $6::timestamptz[])`,
    [
      rows.map(({ encoded }) => encoded.topic),
      rows.map(({ encoded }) => encoded.key),
      rows.map(({ metadata }) => metadata.id),
      rows.map(({ encoded, metadata }) =>
        JSON.stringify(encodeUnnumberedHeaders(encoded.fullType, metadata)),
      ),
      rows.map(({ encoded }) => encoded.value),
      rows.map(({ metadata }) => metadata.recordedAt),
    ],
  );
  return new Map(
    numbered.rows.map((row) => [
      row.event_id,
      { sequence: BigInt(row.sequence), isNew: row.is_new },
    ]),
  );
};

export type ParkedCopy = Readonly<{ record: LogRecord; consumer: string; reason: string }>;

/** Puts copies of parked records, byte for byte, on the way to `<topic>.parked`. */
export const appendParkedCopies = async (
  tx: SqlClient,
  clusterId: string,
  copies: readonly ParkedCopy[],
): Promise<void> => {
  const rows = copies.map(({ record, consumer, reason }) => {
    const { topic, partition, offset } = record.position;
    // A foreign record can be as large as the broker allows; with our headers it would not fit.
    const fits = (record.value?.byteLength ?? 0) <= valueBytesMax;
    const place = { partition: String(partition), offset: offset.toString() };
    const headers = {
      ...storedHeaders(record.headers),
      parked_consumer: consumer,
      parked_reason: storableText(reason, 1_000),
      parked_topic: topic,
      parked_partition: place.partition,
      parked_offset: place.offset,
      ...(fits ? {} : { parked_value: 'left out, too large; see the consumer database' }),
    };
    return {
      id: derivedId('parked', consumer, clusterId, topic, place.partition, place.offset),
      topic: parkedTopic(topic),
      key: keyText(record.key),
      headers: JSON.stringify(headers),
      rawKey: record.key,
      rawValue: fits ? record.value : null,
    };
  });
  await tx.query(
    `INSERT INTO event_log.outbox
       (event_id, topic, stream_key, headers, raw_key, raw_value, recorded_at)
     SELECT event_id, topic, stream_key, headers, raw_key, raw_value, now()
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[], $6::bytea[])
       WITH ORDINALITY AS u (event_id, topic, stream_key, headers, raw_key, raw_value, n) ORDER BY n
     ON CONFLICT (event_id) DO NOTHING`,
    [
      rows.map(({ id }) => id),
      rows.map(({ topic }) => topic),
      rows.map(({ key }) => key),
      rows.map(({ headers }) => headers),
      rows.map(({ rawKey }) => rawKey),
      rows.map(({ rawValue }) => rawValue),
    ],
  );
};
