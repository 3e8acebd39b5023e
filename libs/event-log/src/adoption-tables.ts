import { decodeHeaders, decodeRecord } from '@tallywatt/contracts';
import type { EventMetadata, RecordedEvent, RecordHeaders, TopicName } from '@tallywatt/contracts';
import { exactText, keyText, type LogRecord, storedHeaders } from './log-record';
import type { SqlClient } from './sql-client';

/**
 * The events of these topics that the log is known to have, each once, in order by stream: what a
 * new database has adopted. A database from a backup may hold events of its own that it had not
 * published yet. They are left out: an event is appended in one transaction with the tables it
 * changes, so those tables came with the backup, and the relay publishes it.
 */
export type OwnEvents = (
  ...topics: readonly TopicName[]
) => AsyncIterable<readonly RecordedEvent[]>;

/** A record of our own as the outbox keeps it. */
export type OwnRecord = Readonly<{
  metadata: EventMetadata;
  key: string;
  record: LogRecord;
  value: string;
}>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a record says of its source; undefined when it says nothing. */
export const sourceOf = ({ headers }: LogRecord): string | undefined =>
  headers['ce_source']?.toString('utf8');

/**
 * Reads what numbering needs and leaves the value as it is: an event of a type that only a later
 * release knows has its number all the same.
 *
 * @throws when the record has no number, id or time, or is no text.
 */
export const readOwn = (record: LogRecord): OwnRecord => {
  const headers = Object.fromEntries(
    Object.entries(record.headers).map(([name, bytes]) => [name, bytes.toString('utf8')]),
  );
  const metadata = decodeHeaders(headers);
  if (!uuid.test(metadata.id)) throw new Error('headers.ce_id: is no UUID');
  if (metadata.sequence > 2n ** 63n - 1n) throw new Error('headers.ce_sequence: is too large');
  if (Number.isNaN(Date.parse(metadata.recordedAt))) {
    throw new Error('headers.ce_recordedtime: is no time');
  }
  const value = record.value === null ? undefined : exactText(record.value);
  if (value === undefined) throw new Error('value: is no text');
  return { metadata, key: keyText(record.key), record, value };
};

/**
 * Says which of these topics a database has still to adopt. One whose streams it has numbered
 * itself, before there was adoption, is done; the others are noted as begun.
 */
export const topicsToAdopt = async (
  tx: SqlClient,
  topics: readonly TopicName[],
): Promise<TopicName[]> => {
  await tx.query(
    `INSERT INTO event_log.adoptions (topic, finished_at)
     SELECT topic, CASE WHEN EXISTS (
       SELECT FROM event_log.streams s WHERE s.topic = u.topic AND s.last_sequence > 0
     ) THEN now() END
     FROM unnest($1::text[]) AS u (topic) ORDER BY topic COLLATE "C" ON CONFLICT DO NOTHING`,
    [topics],
  );
  return unfinished(tx, topics, '');
};

const unfinished = async (
  tx: SqlClient,
  topics: readonly TopicName[],
  lock: '' | 'FOR UPDATE',
): Promise<TopicName[]> => {
  const { rows } = await tx.query<{ topic: TopicName }>(
    `SELECT topic FROM event_log.adoptions
     WHERE topic = ANY($1::text[]) AND finished_at IS NULL ORDER BY topic ${lock}`,
    [topics],
  );
  return rows.map(({ topic }) => topic);
};

/** Those of these topics that the database may not yet append to. */
export const notAdopted = async (
  tx: SqlClient,
  topics: readonly string[],
): Promise<readonly string[]> => {
  const { rows } = await tx.query<{ topic: string }>(
    `SELECT topic FROM unnest($1::text[]) AS u (topic) WHERE NOT EXISTS
       (SELECT FROM event_log.adoptions a WHERE a.topic = u.topic AND a.finished_at IS NOT NULL)`,
    [topics],
  );
  return rows.map(({ topic }) => topic);
};

/**
 * Writes records as the published events they are and moves the numbers of their streams on. What
 * is there already stays: of a sequence or an id that the log repeats, the first counts. When the
 * event was published is not known; when it was recorded stands for it.
 *
 * @returns how many were not there before.
 */
export const adoptRecords = async (tx: SqlClient, own: readonly OwnRecord[]): Promise<number> => {
  const { rowCount } = await tx.query(
    `WITH given AS (
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::jsonb[],
         $6::text[], $7::timestamptz[], $8::integer[], $9::bigint[]) WITH ORDINALITY
         AS u (event_id, topic, stream_key, sequence, headers, value, recorded_at, partition,
           log_offset, n)
     ), numbered AS (
       INSERT INTO event_log.streams AS s (topic, stream_key, last_sequence)
       SELECT topic COLLATE "C", stream_key COLLATE "C", max(sequence) FROM given
       GROUP BY 1, 2 ORDER BY 1, 2
       ON CONFLICT (topic, stream_key)
         DO UPDATE SET last_sequence = greatest(s.last_sequence, excluded.last_sequence)
     )
     INSERT INTO event_log.outbox (event_id, topic, stream_key, sequence, headers, value,
       recorded_at, published_at, partition, log_offset)
     SELECT event_id, topic, stream_key, sequence, headers, value, recorded_at, recorded_at,
       partition, log_offset
     FROM given ORDER BY n
     ON CONFLICT DO NOTHING`,
    [
      own.map(({ metadata }) => metadata.id),
      own.map(({ record }) => record.position.topic),
      own.map(({ key }) => key),
      own.map(({ metadata }) => metadata.sequence.toString()),
      own.map(({ record }) => JSON.stringify(storedHeaders(record.headers))),
      own.map(({ value }) => value),
      own.map(({ metadata }) => metadata.recordedAt),
      own.map(({ record }) => record.position.partition),
      own.map(({ record }) => record.position.offset.toString()),
    ],
  );
  return rowCount ?? 0;
};

/**
 * Ends the adoption of these topics in one transaction with what `restore` writes. If another
 * process was faster, nothing is left to do.
 */
export const finishAdoption = async (
  tx: SqlClient,
  topics: readonly TopicName[],
  restore?: (own: OwnEvents, tx: SqlClient) => Promise<void>,
): Promise<void> => {
  const open = await unfinished(tx, topics, 'FOR UPDATE');
  if (open.length === 0) return;
  await restore?.(
    (...wanted) =>
      readOwnEvents(
        tx,
        open.filter((at) => wanted.includes(at)),
      ),
    tx,
  );
  await tx.query(
    'UPDATE event_log.adoptions SET finished_at = now() WHERE topic = ANY($1::text[])',
    [open],
  );
};

const chunkRows = 1_000;

type OutboxRow = Readonly<{
  id: string;
  topic: string;
  stream_key: string;
  headers: RecordHeaders;
  value: string;
  partition: number;
  log_offset: string;
}>;

async function* readOwnEvents(
  tx: SqlClient,
  topics: readonly TopicName[],
): AsyncGenerator<readonly RecordedEvent[]> {
  for (let after = '0'; ;) {
    const { rows } = await tx.query<OutboxRow>(
      `SELECT id, topic, stream_key, headers, value, partition, log_offset FROM event_log.outbox
       WHERE topic = ANY($1::text[]) AND sequence IS NOT NULL AND log_offset IS NOT NULL AND id > $2
       ORDER BY id LIMIT ${chunkRows}`,
      [topics, after],
    );
    if (rows.length > 0) yield rows.map(eventOf);
    const last = rows.at(-1);
    if (last === undefined || rows.length < chunkRows) return;
    after = last.id;
  }
}

const eventOf = (row: OutboxRow): RecordedEvent => {
  const { topic, partition } = row;
  try {
    const position = { topic, partition, offset: BigInt(row.log_offset) };
    return { ...decodeRecord(row.stream_key, row.value, row.headers), position };
  } catch (error) {
    const place = `${topic}/${partition} at ${row.log_offset}, ${row.stream_key}`;
    throw new Error(`cannot restore from ${place}: ${(error as Error).message}`, { cause: error });
  }
};
