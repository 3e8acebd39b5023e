import type { RecordedEvent } from '@tallywatt/contracts';
import { createEventLog, eventLogMigrations, type SqlClient } from '@tallywatt/event-log';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import type { Pool } from 'pg';
import { insertInBatches } from '../bare/inserts';
import { consumeLines } from '../bare/kafka';
import type { Benchmark, Measurement } from '../contest';
import { settleDisk, withDatabase } from '../servers';
import { silentLogger } from '../silent-logger';
import { eventsPerSession, type LogLine } from '../workload/session-log';

const topic = 'charging.sessions.v1';
const connections = 3;
const batchSize = 500;

const effectsTable = `CREATE TABLE effects (
  event_id uuid PRIMARY KEY, stream_key text NOT NULL, sequence bigint NOT NULL,
  occurred_at timestamptz NOT NULL)`;

type Effect = Readonly<{ id: string; key: string; sequence: string; occurredAt: string }>;

const insertEffects = (sql: SqlClient, effects: readonly Effect[]): Promise<unknown> =>
  sql.query(
    `INSERT INTO effects
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[])`,
    [
      effects.map(({ id }) => id),
      effects.map(({ key }) => key),
      effects.map(({ sequence }) => sequence),
      effects.map(({ occurredAt }) => occurredAt),
    ],
  );

const faultsOf = async (pool: Pool, expected: number, consumer?: string): Promise<string[]> => {
  const { rows } = await pool.query<{ effects: string; sessions: string }>(
    `SELECT count(*) AS effects, count(DISTINCT stream_key) AS sessions FROM effects`,
  );
  const [found] = rows;
  const faults: string[] = [];
  if (Number(found?.effects) !== expected) {
    faults.push(`${expected} events in, ${found?.effects} effects`);
  }
  if (Number(found?.sessions) !== expected / eventsPerSession) {
    faults.push(`${found?.sessions} streams in the effects`);
  }
  if (consumer === undefined) return faults;
  const seen = await pool.query<{ streams: string; parked: string; next: string }>(
    `SELECT (SELECT count(*) FROM event_log.seen
             WHERE consumer = $1 AND last_sequence = $2) AS streams,
            (SELECT count(*) FROM event_log.parked) AS parked,
            (SELECT sum(next_offset) FROM event_log.offsets WHERE consumer = $1) AS next`,
    [consumer, eventsPerSession],
  );
  const [state] = seen.rows;
  if (Number(state?.streams) !== expected / eventsPerSession) {
    faults.push(`${state?.streams} streams were taken to their end`);
  }
  if (Number(state?.parked) !== 0) faults.push(`${state?.parked} records were parked`);
  if (Number(state?.next) !== expected) faults.push(`the stored offsets add up to ${state?.next}`);
  return faults;
};

const runLoop = (runtime: LocalRuntime, expected: number): Promise<Measurement> =>
  withDatabase(runtime, async (pool) => {
    await pool.query(eventLogMigrations);
    await pool.query(effectsTable);
    const log = createEventLog({
      service: 'benchmark',
      pool,
      brokers: runtime.kafkaBrokers.split(','),
      logger: silentLogger,
      onFatal: (error) => {
        throw error;
      },
    });
    const name = `benchmark-${pool.options.database ?? ''}-${Date.now()}`;
    let startedMs: number | undefined;
    let events = 0;
    try {
      const seconds = await new Promise<number>((resolve, reject) => {
        const limit = setTimeout(
          () => reject(new Error(`the loop took ${events} of ${expected} events`)),
          180_000,
        );
        log.consume({
          name,
          topics: [topic],
          maxBatch: batchSize,
          partitionsAtOnce: connections,
          handle: async (batch: readonly RecordedEvent[], tx) => {
            startedMs ??= performance.now();
            await insertEffects(
              tx,
              batch.map(({ metadata }) => ({
                id: metadata.id,
                key: metadata.subject,
                sequence: metadata.sequence.toString(),
                occurredAt: metadata.occurredAt,
              })),
            );
          },
          afterCommit: (batch) => {
            events += batch.length;
            if (events < expected) return;
            clearTimeout(limit);
            resolve((performance.now() - (startedMs ?? 0)) / 1_000);
          },
        });
      });
      return {
        perSecond: { events: expected / seconds },
        faults: await faultsOf(pool, expected, name),
      };
    } finally {
      await log.stop();
    }
  });

const runInserts = (runtime: LocalRuntime, lines: readonly LogLine[]): Promise<Measurement> =>
  withDatabase(runtime, async (pool) => {
    await pool.query(effectsTable);
    const effects = lines.map(({ key, headers }) => ({
      id: headers['ce_id'] ?? '',
      key,
      sequence: headers['ce_sequence'] ?? '',
      occurredAt: headers['ce_time'] ?? '',
    }));
    const seconds = await insertInBatches(pool, effects, batchSize, connections, insertEffects);
    return {
      perSecond: { events: lines.length / seconds },
      faults: await faultsOf(pool, lines.length),
    };
  });

/** The topic has to hold exactly these lines. */
export const consumerLoop = (runtime: LocalRuntime, lines: readonly LogLine[]): Benchmark => ({
  id: 'consumer-loop',
  title: 'Consumer loop: events taken from a topic of 6 partitions, one effect row each',
  about:
    `${lines.length} session events, taken once the topic is full; the clock runs from the first ` +
    'batch to the last commit',
  contenders: [
    {
      name: 'consumer loop',
      role: 'ours',
      about: `decoded and checked, ${batchSize} a transaction with offset and sequences, ${connections} partitions at once`,
      run: async () => {
        const measurement = await runLoop(runtime, lines.length);
        await settleDisk(runtime);
        return measurement;
      },
    },
    {
      name: 'bare kafkajs consumer',
      role: 'limit',
      about: 'eachBatch, autoCommit off, JSON.parse of each value, nothing written',
      run: async () => {
        const { events, seconds } = await consumeLines(runtime.kafkaBrokers, [topic], lines.length);
        const faults = events === lines.length ? [] : [`${events} of ${lines.length} records`];
        return { perSecond: { events: events / seconds }, faults };
      },
    },
    {
      name: 'plain batched inserts',
      role: 'limit',
      about: `the same rows from memory, unnest, ${batchSize} a transaction, ${connections} connections`,
      run: async () => {
        const measurement = await runInserts(runtime, lines);
        await settleDisk(runtime);
        return measurement;
      },
    },
  ],
});
