import { inspect } from 'node:util';
import {
  allTopicDefinitions,
  contentEventId,
  encodeEvent,
  encodeHeaders,
  type MeterValuesOrphaned,
  type RecordedEvent,
  type SessionReleased,
  type TopicName,
} from '@tallywatt/contracts';
import { Pool } from 'pg';
import { createEventLog } from '../event-log';
import type { EventLog, EventLogOptions, Timing } from '../event-log-api';
import type { Logger } from '../observer';
import type { OutgoingEvent } from '../outbox';
import { connectKafka } from '../kafka-client';
import type { OutgoingRecord } from '../log-record';
import { eventLogMigrations } from '../schema';
import type { SqlClient } from '../sql-client';
import { ensureTopics } from '../topic-setup';

// What the tests of this library, and the program they kill, have between them. Not exported.

export const sessionsTopic: TopicName = 'charging.sessions.v1';

/** The smallest event of a session; `detail` tells one from another. */
export const released = (cpoId: string, sessionId: string, detail: string): OutgoingEvent => {
  const event: SessionReleased = {
    type: 'SessionReleased',
    cpoId,
    sessionId,
    reason: 'meter-explained',
    detail,
  };
  return { event, occurredAt: '2026-11-21T10:00:00.000Z' };
};

/** An event of another topic. */
export const orphaned = (cpoId: string, chargePointId: string, orphanId: string): OutgoingEvent => {
  const event: MeterValuesOrphaned = {
    type: 'MeterValuesOrphaned',
    cpoId,
    orphanId,
    chargePointId,
    connectorId: 1,
    readings: [],
  };
  return { event, occurredAt: '2026-11-21T10:00:00.000Z' };
};

/** A record as the relay writes it, under any sequence: for logs no owner would write. */
export const recordNumbered = (
  outgoing: OutgoingEvent,
  sequence: number,
  source = 'stage',
): OutgoingRecord => {
  const encoded = encodeEvent(outgoing.event);
  const id = contentEventId(encoded);
  return {
    topic: encoded.topic,
    key: encoded.key,
    value: encoded.value,
    headers: encodeHeaders(encoded.fullType, {
      id,
      source,
      subject: encoded.key,
      cpoId: outgoing.event.cpoId,
      sequence: BigInt(sequence),
      occurredAt: outgoing.occurredAt,
      recordedAt: outgoing.occurredAt,
      correlationId: id,
      contentHash: encoded.contentHash,
    }),
  };
};

/** Writes to the log past every outbox. */
export const produce = async (brokers: string, records: OutgoingRecord[]): Promise<void> => {
  const client = connectKafka({ brokers: [brokers], clientId: 'stage', logger: silentLogger });
  const producer = client.producer();
  await producer.send(records);
  await producer.close();
  await client.close();
};

export const createTopics = async (brokers: string): Promise<void> => {
  await ensureTopics({
    brokers: brokers.split(','),
    definitions: allTopicDefinitions,
    replicationFactor: 1,
  });
};

/** Times short enough for tests. */
export const briskTiming: Partial<Timing> = {
  sessionTimeoutMs: 6_000,
  heartbeatIntervalMs: 300,
  backOffMaxMs: 500,
  relayLeaseMs: 2_000,
  relayPollMs: 100,
  idleTransactionMs: 3_000,
  lagPollMs: 300,
};

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const toStderr = (facts: object, message: string): void =>
  void process.stderr.write(`${message} ${inspect(facts, { depth: 4, breakLength: Infinity })}\n`);

/** Silent, unless somebody wants to look. */
export const usualLogger: Logger =
  process.env['STAGE_LOG'] === undefined
    ? silentLogger
    : { debug: () => undefined, info: toStderr, warn: toStderr, error: toStderr };

/** Effects have no unique key on purpose: an effect that happens twice shall be seen twice. */
const effectsTable = `CREATE TABLE IF NOT EXISTS effects (
  id bigint GENERATED ALWAYS AS IDENTITY, consumer text NOT NULL, topic text NOT NULL,
  stream_key text NOT NULL, sequence bigint NOT NULL, detail text NOT NULL);
  CREATE TABLE IF NOT EXISTS attempts (detail text NOT NULL)`;

export const prepareDatabase = async (sql: SqlClient): Promise<void> => {
  await sql.query(eventLogMigrations);
  await sql.query(effectsTable);
};

export const openPool = (databaseUrl: string, max = 10, connectingMaxMs = 30_000): Pool =>
  new Pool({ connectionString: databaseUrl, max, connectionTimeoutMillis: connectingMaxMs });

export const openLog = (
  pool: Pool,
  brokers: string,
  more: Partial<EventLogOptions> = {},
): EventLog =>
  createEventLog({
    service: 'stage',
    pool,
    brokers: brokers.split(','),
    logger: usualLogger,
    onFatal: (error) => {
      throw error;
    },
    ...more,
    timing: { ...briskTiming, ...more.timing },
  });

const detailOf = ({ event }: RecordedEvent): string => {
  if ('detail' in event) return String(event.detail);
  return 'orphanId' in event ? String(event.orphanId) : event.type;
};

/** Writes one row per event. */
export const writeEffects =
  (consumer: string) =>
  async (events: readonly RecordedEvent[], tx: SqlClient): Promise<void> => {
    await tx.query(
      `INSERT INTO effects (consumer, topic, stream_key, sequence, detail)
       SELECT $1, u.topic, u.stream_key, u.sequence, u.detail
       FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) WITH ORDINALITY
         AS u (topic, stream_key, sequence, detail, n) ORDER BY n`,
      [
        consumer,
        events.map(({ position }) => position.topic),
        events.map(({ metadata }) => metadata.subject),
        events.map(({ metadata }) => metadata.sequence.toString()),
        events.map(detailOf),
      ],
    );
  };

/** Details of a consumer's effects by stream, in the order in which they happened. */
export const readEffects = async (
  sql: SqlClient,
  consumer: string,
  cpoId: string,
): Promise<Record<string, string[]>> => {
  const { rows } = await sql.query<{ stream_key: string; details: string[] }>(
    `SELECT stream_key, array_agg(detail ORDER BY id) AS details FROM effects
     WHERE consumer = $1 AND starts_with(stream_key, $2) GROUP BY 1 ORDER BY 1`,
    [consumer, `${cpoId}/`],
  );
  return Object.fromEntries(
    rows.map(({ stream_key, details }) => [stream_key.slice(cpoId.length + 1), details]),
  );
};

/** Streams that do not lie in the log in the order of their sequence. */
export const streamsOutOfOrder = async (sql: SqlClient): Promise<string[]> => {
  const { rows } = await sql.query<{ stream_key: string }>(
    `SELECT DISTINCT stream_key FROM (
       SELECT stream_key, log_offset > lead(log_offset) OVER (
         PARTITION BY topic, stream_key ORDER BY sequence) AS out_of_order
       FROM event_log.outbox WHERE sequence IS NOT NULL
     ) AS neighbours WHERE out_of_order`,
  );
  return rows.map(({ stream_key }) => stream_key);
};
