import {
  contentEventId,
  derivedId,
  encodeEvent,
  encodeHeaders,
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

const streamOf = (encoded: EncodedEvent): string => `${encoded.topic}\n${encoded.key}`;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Locks the streams in one order for all writers and reserves a number for each draft. Says how far
 * each stream was before.
 */
const reserveNumbers = async (
  tx: SqlClient,
  drafts: readonly Draft[],
): Promise<Map<string, bigint>> => {
  const streams = new Map<string, { topic: string; key: string; count: number }>();
  for (const { encoded } of drafts) {
    const { topic, key } = encoded;
    const stream = streams.get(streamOf(encoded)) ?? { topic, key, count: 0 };
    stream.count += 1;
    streams.set(streamOf(encoded), stream);
  }
  const sorted = [...streams].sort(([a], [b]) => byText(a, b)).map(([, stream]) => stream);
  const { rows } = await queryPrepared<Record<'topic' | 'stream_key' | 'last_sequence', string>>(
    tx,
    'event_log.reserve_numbers',
    `INSERT INTO event_log.streams AS s (topic, stream_key, last_sequence)
     SELECT topic, stream_key, count
     FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY
       AS u (topic, stream_key, count, n) ORDER BY n
     ON CONFLICT (topic, stream_key)
       DO UPDATE SET last_sequence = s.last_sequence + excluded.last_sequence
     RETURNING topic, stream_key, last_sequence`,
    [
      sorted.map(({ topic }) => topic),
      sorted.map(({ key }) => key),
      sorted.map(({ count }) => count),
    ],
  );
  return new Map(
    rows.map(({ topic, stream_key, last_sequence }) => {
      const stream = `${topic}\n${stream_key}`;
      return [stream, BigInt(last_sequence) - BigInt(streams.get(stream)?.count ?? 0)];
    }),
  );
};

/** Takes back numbers that were reserved for events which had been recorded before. */
const handBackNumbers = async (
  tx: SqlClient,
  drafts: readonly Draft[],
  last: ReadonlyMap<string, bigint>,
): Promise<void> => {
  const streams = [...new Map(drafts.map(({ encoded }) => [streamOf(encoded), encoded]))];
  await tx.query(
    `UPDATE event_log.streams s SET last_sequence = u.last_sequence
     FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u (topic, stream_key, last_sequence)
     WHERE s.topic = u.topic AND s.stream_key = u.stream_key`,
    [
      streams.map(([, { topic }]) => topic),
      streams.map(([, { key }]) => key),
      streams.map(([stream]) => (last.get(stream) ?? 0n).toString()),
    ],
  );
};

/** Ids are looked up after the lock: whoever wrote the same event before us has committed. */
const recordedIds = async (tx: SqlClient, ids: readonly string[]): Promise<Map<string, bigint>> => {
  const { rows } = await queryPrepared<{ event_id: string; sequence: string }>(
    tx,
    'event_log.recorded_ids',
    'SELECT event_id, sequence FROM event_log.outbox WHERE event_id = ANY($1::uuid[])',
    [ids],
  );
  return new Map(rows.map((row) => [row.event_id, BigInt(row.sequence)]));
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
  const last = await reserveNumbers(tx, drafts);
  const recorded = await recordedIds(
    tx,
    drafts.map(({ id }) => id),
  );
  const recordedAt = context.recordedAt ?? new Date().toISOString();
  const active = activeTraceparent();
  const added: { encoded: EncodedEvent; metadata: EventMetadata; headers: string }[] = [];

  const appended = drafts.map(({ outgoing, encoded, id }): AppendedEvent => {
    const place = { event: outgoing.event, id, topic: encoded.topic, key: encoded.key };
    const known = recorded.get(id);
    if (known !== undefined) return { ...place, sequence: known, appended: false };
    const sequence = (last.get(streamOf(encoded)) ?? 0n) + 1n;
    last.set(streamOf(encoded), sequence);
    recorded.set(id, sequence);
    const cause = outgoing.cause ?? context.cause;
    const causationId = outgoing.causationId ?? cause?.id;
    const given = outgoing.traceparent ?? context.traceparent ?? traceparentOfCause(causationId);
    const traceparent = given ?? active ?? cause?.traceparent;
    const metadata: EventMetadata = {
      id,
      source,
      subject: encoded.key,
      cpoId: outgoing.event.cpoId,
      sequence,
      occurredAt: outgoing.occurredAt,
      recordedAt: outgoing.recordedAt ?? recordedAt,
      correlationId: outgoing.correlationId ?? cause?.correlationId ?? id,
      ...(causationId === undefined ? {} : { causationId }),
      contentHash: encoded.contentHash,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    const headers = JSON.stringify(encodeHeaders(encoded.fullType, metadata));
    added.push({ encoded, metadata, headers });
    const traced = traceparent === undefined ? {} : { traceparent };
    return { ...place, sequence, appended: true, ...traced };
  });

  if (added.length < drafts.length) await handBackNumbers(tx, drafts, last);
  if (added.length > 0) {
    // Ids are given out in the order of insertion and under the streams' locks: within a stream
    // the order of ids is that of the sequence.
    await queryPrepared(
      tx,
      'event_log.append',
      `INSERT INTO event_log.outbox
         (event_id, topic, stream_key, sequence, headers, value, recorded_at)
       SELECT event_id, topic, stream_key, sequence, headers, value, recorded_at
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::jsonb[], $6::text[],
         $7::timestamptz[]) WITH ORDINALITY
         AS u (event_id, topic, stream_key, sequence, headers, value, recorded_at, n)
       ORDER BY n`,
      [
        added.map(({ metadata }) => metadata.id),
        added.map(({ encoded }) => encoded.topic),
        added.map(({ encoded }) => encoded.key),
        added.map(({ metadata }) => metadata.sequence.toString()),
        added.map(({ headers }) => headers),
        added.map(({ encoded }) => encoded.value),
        added.map(({ metadata }) => metadata.recordedAt),
      ],
    );
  }
  return appended;
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
