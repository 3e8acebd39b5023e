import type { TopicName } from '@tallywatt/contracts';
import { createEventLog, eventLogMigrations } from '@tallywatt/event-log';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import type { Pool } from 'pg';
import { insertInBatches } from '../bare/inserts';
import { produceLines } from '../bare/kafka';
import type { Benchmark, Measurement } from '../contest';
import { recordsIn, settleDisk, withDatabase } from '../servers';
import { silentLogger } from '../silent-logger';
import { type recordedSession, type LogLine } from '../workload/session-log';

const topic: TopicName = 'charging.sessions.v1';
const appendBatch = 100;
const sendBatch = 400;

type Recorded = ReturnType<typeof recordedSession>[number];

const outboxFaults = async (pool: Pool, expected: number): Promise<string[]> => {
  const { rows } = await pool.query<{ published: string; disordered: string }>(
    `SELECT count(*) FILTER (WHERE published_at IS NOT NULL AND log_offset >= 0) AS published,
            (SELECT count(*) FROM (
               SELECT log_offset > lead(log_offset) OVER (
                 PARTITION BY stream_key ORDER BY sequence) AS wrong FROM event_log.outbox) o
             WHERE wrong) AS disordered
     FROM event_log.outbox`,
  );
  const [found] = rows;
  return [
    ...(Number(found?.published) === expected ? [] : [`${found?.published} of ${expected} rows`]),
    ...(Number(found?.disordered) === 0 ? [] : [`${found?.disordered} rows are out of order`]),
  ];
};

/** Appends all, then starts the relay and waits until all is published. */
const runOutbox = (runtime: LocalRuntime, events: readonly Recorded[]): Promise<Measurement> =>
  withDatabase(runtime, async (pool) => {
    await pool.query(eventLogMigrations);
    let published = 0;
    let allPublished = (): void => undefined;
    const log = createEventLog({
      service: 'ocpp-gateway',
      pool,
      brokers: runtime.kafkaBrokers.split(','),
      logger: silentLogger,
      streamsAreNew: true,
      observe: {
        published: (count) => {
          published += count;
          if (published >= events.length) allPublished();
        },
      },
    });
    try {
      const appendedMs = performance.now();
      for (let from = 0; from < events.length; from += appendBatch) {
        const batch = events
          .slice(from, from + appendBatch)
          .map(({ event, metadata }) => ({ event, occurredAt: metadata.occurredAt }));
        await log.transaction((tx) => log.append(tx, batch));
      }
      const appendSeconds = (performance.now() - appendedMs) / 1_000;
      const before = await recordsIn(runtime, topic);
      const publishing = new Promise<void>((resolve, reject) => {
        const late = () => reject(new Error(`the relay published ${published} rows`));
        const limit = setTimeout(late, 180_000);
        allPublished = () => {
          clearTimeout(limit);
          resolve();
        };
      });
      const startedMs = performance.now();
      log.startRelay();
      await publishing;
      const seconds = (performance.now() - startedMs) / 1_000;
      const inTopic = (await recordsIn(runtime, topic)) - before;
      return {
        perSecond: {
          appended: events.length / appendSeconds,
          published: events.length / seconds,
        },
        faults: [
          ...(await outboxFaults(pool, events.length)),
          ...(inTopic === events.length ? [] : [`${inTopic} records in the topic`]),
        ],
      };
    } finally {
      await log.stop();
    }
  });

const runProducer = async (
  runtime: LocalRuntime,
  lines: readonly LogLine[],
): Promise<Measurement> => {
  const before = await recordsIn(runtime, topic);
  const { seconds } = await produceLines(runtime.kafkaBrokers, lines, sendBatch);
  const inTopic = (await recordsIn(runtime, topic)) - before;
  return {
    perSecond: { published: lines.length / seconds },
    faults: inTopic === lines.length ? [] : [`${inTopic} records in the topic`],
  };
};

const runInserts = (runtime: LocalRuntime, lines: readonly LogLine[]): Promise<Measurement> =>
  withDatabase(runtime, async (pool) => {
    await pool.query(
      `CREATE TABLE plain_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         event_id uuid NOT NULL, topic text NOT NULL, stream_key text NOT NULL,
         sequence bigint NOT NULL, headers text NOT NULL, value text NOT NULL)`,
    );
    const rows = lines.map((line) => ({ ...line, headers: JSON.stringify(line.headers), line }));
    const seconds = await insertInBatches(pool, rows, appendBatch, 1, (client, batch) =>
      client.query(
        `INSERT INTO plain_outbox (event_id, topic, stream_key, sequence, headers, value)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[],
           $6::text[])`,
        [
          batch.map(({ line }) => line.headers['ce_id']),
          batch.map(({ topic: name }) => name),
          batch.map(({ key }) => key),
          batch.map(({ line }) => line.headers['ce_sequence']),
          batch.map(({ headers }) => headers),
          batch.map(({ value }) => value),
        ],
      ),
    );
    const { rows: counted } = await pool.query<{ count: string }>(
      'SELECT count(*) FROM plain_outbox',
    );
    const faults = Number(counted[0]?.count) === lines.length ? [] : ['rows are missing'];
    return { perSecond: { appended: lines.length / seconds }, faults };
  });

/** Appending to the outbox, and publishing what was appended. */
export const outbox = (runtime: LocalRuntime, events: readonly Recorded[]): Benchmark => {
  const lines = events.map(({ line }) => line);
  const settled = async (run: Promise<Measurement>): Promise<Measurement> => {
    const measurement = await run;
    await settleDisk(runtime);
    return measurement;
  };
  return {
    id: 'outbox',
    title: 'Outbox and relay: events appended, then published to a topic of 6 partitions',
    about:
      `${events.length} session events; the relay starts when all are appended, and is done when ` +
      'the last row is marked',
    contenders: [
      {
        name: 'outbox and relay',
        role: 'ours',
        about: `appended ${appendBatch} a transaction over one connection; relayed in order, one batch in flight`,
        run: () => settled(runOutbox(runtime, events)),
      },
      {
        name: 'bare producer',
        role: 'limit',
        about: `the same records from memory, kafkajs, acks=all, ${sendBatch} a batch, one in flight`,
        run: () => settled(runProducer(runtime, lines)),
      },
      {
        name: 'plain inserts',
        role: 'limit',
        about: `the same rows into a table with a primary key, unnest, ${appendBatch} a transaction`,
        run: () => settled(runInserts(runtime, lines)),
      },
    ],
  };
};
