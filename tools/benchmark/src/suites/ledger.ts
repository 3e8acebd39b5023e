import type { RecordedEvent } from '@tallywatt/contracts';
import { createEventLog, type ConsumerOptions, type EventLog } from '@tallywatt/event-log';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import type { Pool } from 'pg';
import {
  bookTransfer,
  copyTransfers,
  createLedger,
  transferFaults,
  transfers,
  unnestTransfers,
} from '../bare/transfers';
import type { Benchmark, Measurement } from '../contest';
import { atSteadyRate } from '../schedule';
import { settleDisk, withDatabase } from '../servers';
import { silentLogger } from '../silent-logger';
import { ledgerHandler, migrateAs } from '../workload/service-code';
import { cdrOf, recordedSession } from '../workload/session-log';

const batchSize = 1_000;
const copyBatchSize = 10_000;
/** Partitions that the consumer loop takes at once. */
const partitionsAtOnce = 3;
const singlesPerSecond = 100;

type Facts = readonly RecordedEvent[];
type Book = (facts: Facts) => Promise<void>;

/** An empty ledger whose handler books facts, each call in one transaction. */
const withLedger = <T>(
  runtime: LocalRuntime,
  work: (book: Book, pool: Pool) => Promise<T>,
): Promise<T> =>
  withDatabase(runtime, async (pool) => {
    await migrateAs(pool, 'ledger');
    const eventLog: EventLog = createEventLog({
      service: 'ledger',
      pool,
      brokers: ['127.0.0.1:1'], // nothing is published here, so nobody is asked
      logger: silentLogger,
      streamsAreNew: true,
    });
    const handle: ConsumerOptions['handle'] = await ledgerHandler(eventLog);
    try {
      return await work((facts) => eventLog.transaction((tx) => handle(facts, tx)), pool);
    } finally {
      await eventLog.stop();
    }
  });

const ledgerFaults = async (pool: Pool, expected: number): Promise<string[]> => {
  const { rows } = await pool.query<{ entries: string; sum: string; outbox: string }>(
    `SELECT (SELECT count(*) FROM journal_entries) AS entries,
       (SELECT sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END)
        FROM journal_lines) AS sum,
       (SELECT count(DISTINCT event_id) FROM event_log.outbox) AS outbox`,
  );
  const [found] = rows;
  const counts = [found?.entries, found?.outbox].map(Number);
  return counts.every((count) => count === expected) && Number(found?.sum) === 0
    ? []
    : [`${expected} facts: ${found?.entries} entries, ${found?.outbox} events, sum ${found?.sum}`];
};

const runBatches = (
  runtime: LocalRuntime,
  facts: Facts,
  batchesAtOnce: number,
): Promise<Measurement> =>
  withLedger(runtime, async (book, pool) => {
    let next = 0;
    const bookOn = async (): Promise<void> => {
      while (next < facts.length) {
        const from = next;
        next += batchSize;
        await book(facts.slice(from, from + batchSize));
      }
    };
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: batchesAtOnce }, bookOn));
    const seconds = (performance.now() - startedMs) / 1_000;
    await book(facts.slice(0, batchSize)); // once more: nothing may come of it
    return {
      perSecond: { entries: facts.length / seconds },
      faults: await ledgerFaults(pool, facts.length),
    };
  });

/** Latencies of single bookings that begin at a steady rate. */
const singles = async (
  count: number,
  book: (index: number) => Promise<unknown>,
): Promise<number[]> => {
  const latenciesMs: number[] = [];
  await atSteadyRate(singlesPerSecond, count, async (index) => {
    const startedMs = performance.now();
    await book(index);
    latenciesMs.push(performance.now() - startedMs);
  });
  return latenciesMs;
};

const settledAfter = async (
  runtime: LocalRuntime,
  run: Promise<Measurement>,
): Promise<Measurement> => {
  const measurement = await run;
  await settleDisk(runtime);
  return measurement;
};

const batches = (runtime: LocalRuntime, facts: Facts): Benchmark => {
  const given = transfers(facts.length);
  const bare = (
    run: (pool: Pool, url: string) => Promise<number>,
  ): (() => Promise<Measurement>) => {
    const measured = (): Promise<Measurement> =>
      withDatabase(runtime, async (pool, url) => {
        await createLedger(pool);
        const seconds = await run(pool, url);
        return {
          perSecond: { entries: given.length / seconds },
          faults: await transferFaults(pool, given.length),
        };
      });
    return () => settledAfter(runtime, measured());
  };
  return {
    id: 'booking-batch',
    title: 'Ledger: facts booked in batches',
    about:
      `${facts.length} CDRs from memory into an empty book, each an entry with three lines, and ` +
      'into the outbox; the first batch is booked twice at the end, and nothing may come of it',
    contenders: [
      {
        name: 'ledger',
        role: 'ours',
        about: `the service’s handler, ${batchSize} facts a transaction, one connection: posting rules, hashes, balance checked by the database, event appended`,
        run: () => settledAfter(runtime, runBatches(runtime, facts, 1)),
      },
      {
        name: 'ledger, three batches at once',
        role: 'ours',
        about: 'the same over as many connections as the consumer loop takes partitions at once',
        run: () => settledAfter(runtime, runBatches(runtime, facts, partitionsAtOnce)),
      },
      {
        name: 'COPY, batches of 10,000',
        role: 'limit',
        about: 'an entry with a unique id and two postings with an index, one connection',
        run: bare((_, url) => copyTransfers(url, given, copyBatchSize)),
      },
      {
        name: 'unnest, batches of 1,000',
        role: 'reference',
        about: 'the same rows as with COPY',
        run: bare((pool) => unnestTransfers(pool, given, batchSize)),
      },
    ],
  };
};

const single = (runtime: LocalRuntime, facts: Facts): Benchmark => ({
  id: 'booking-single',
  title: `Ledger: one fact a transaction, ${singlesPerSecond}/s`,
  about: `${facts.length} CDRs each run, started on schedule, up to 10 connections`,
  contenders: [
    {
      name: 'ledger',
      role: 'ours',
      about: 'the service’s handler, until its transaction is committed',
      run: () =>
        withLedger(runtime, async (book, pool) => ({
          latenciesMs: {
            committed: await singles(facts.length, (index) => book(facts.slice(index, index + 1))),
          },
          faults: await ledgerFaults(pool, facts.length),
        })),
    },
    {
      name: 'one statement',
      role: 'limit',
      about: 'an entry with a unique id and two postings in one prepared statement',
      run: () =>
        withDatabase(runtime, async (pool) => {
          await createLedger(pool);
          const given = transfers(facts.length);
          const committed = await singles(given.length, async (index) => {
            const transfer = given[index];
            if (transfer !== undefined) await bookTransfer(pool, transfer);
          });
          return {
            latenciesMs: { committed },
            faults: await transferFaults(pool, given.length),
          };
        }),
    },
  ],
});

export const ledgerBenchmarks = async (
  runtime: LocalRuntime,
  quick: boolean,
): Promise<Benchmark[]> => {
  const facts = Array.from({ length: quick ? 4_000 : 20_000 }, (_, number) =>
    cdrOf(recordedSession(number)),
  );
  return [batches(runtime, facts), single(runtime, facts.slice(0, quick ? 200 : 600))];
};
