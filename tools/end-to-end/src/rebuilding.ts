import { dirname, join } from 'node:path';
import { ServiceProcess, until, type ServiceName, type System } from '@tallywatt/demonstration';
import { Pool } from 'pg';
import { runProgram } from './run-program';

/** What a service's database held, and what it holds when made again from the log alone. */
export type Rebuilt = Readonly<{ recorded: readonly string[]; rebuilt: readonly string[] }>;

const linesOf = async (databaseUrl: string, sql: string): Promise<string[]> => {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  try {
    const { rows } = await pool.query<{ line: string }>(sql);
    return rows.map(({ line }) => line).sort();
  } finally {
    await pool.end();
  }
};

const databaseOf = (system: System, name: ServiceName): string =>
  system.runtime.databaseUrl(name.replaceAll('-', '_'));

const cdrs = `SELECT concat_ws(' ', cpo_id, cdr_id, content_hash) AS line FROM cdrs`;
const ratedSessions = `SELECT session_id AS line FROM rated_sessions WHERE status = 'rated'`;
/** Every event of the service with its place in Kafka: a rebuild may add none. */
const published = `SELECT concat_ws(' ', event_id, topic, partition, log_offset) AS line
  FROM event_log.outbox`;

/**
 * Stops a service, runs one like it on an empty database until `isDone`, and has a look at it.
 * The one that was stopped stays so: both would own the same streams.
 */
const onEmptyDatabase = async <T>(
  system: System,
  name: ServiceName,
  isDone: (databaseUrl: string) => Promise<boolean>,
  look: (databaseUrl: string, readyUrl: string) => Promise<T>,
): Promise<T> => {
  const service = system.services[name];
  await service.stop();
  const databaseUrl = await system.runtime.createDatabase(`${name.replaceAll('-', '_')}_rebuilt`);
  const { program } = service;
  const other = new ServiceProcess({
    ...program,
    environment: { ...program.environment, DATABASE_URL: databaseUrl },
    logFile: join(system.directory, 'logs', `${name}-rebuilt.log`),
  });
  try {
    await other.start();
    await until(
      `${name} has taken the log in again`,
      async () => ((await isDone(databaseUrl)) ? true : undefined),
      180_000,
    );
    return await look(databaseUrl, program.readyUrl);
  } finally {
    await other.stop();
  }
};

const rowsOf = async (before: string, after: string, sql: string): Promise<Rebuilt> => ({
  recorded: await linesOf(before, sql),
  rebuilt: await linesOf(after, sql),
});

/**
 * Lets a pricing engine with an empty database price the whole log once more.
 *
 * @returns CDRs and events by id and content hash, and how many were computed differently.
 */
export const rebuildCdrs = async (
  system: System,
): Promise<Readonly<{ cdrs: Rebuilt; events: Rebuilt; computedDifferently: string }>> => {
  const before = databaseOf(system, 'pricing-engine');
  const { length } = await linesOf(before, cdrs);
  return onEmptyDatabase(
    system,
    'pricing-engine',
    // CDRs are taken over from the log first; that the sessions are priced proves the computing.
    async (after) => (await linesOf(after, ratedSessions)).length === length,
    async (after, readyUrl) => {
      const metrics = await fetch(new URL('/metrics', readyUrl), {
        signal: AbortSignal.timeout(30_000),
      });
      const name = 'tallywatt_cdrs_recomputed_differently_total';
      const [, computedDifferently = 'not counted'] =
        new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.text()) ?? [];
      return {
        cdrs: await rowsOf(before, after, cdrs),
        events: await rowsOf(before, after, published),
        computedDifferently,
      };
    },
  );
};

const subjects = `SELECT concat_ws(' ', cpo_id, session_id, status, outcome, open_findings,
  amounts) AS line FROM subjects`;

/** Lets a reconciliation with an empty database match the whole log once more. */
export const rebuildSubjects = async (
  system: System,
): Promise<Readonly<{ subjects: Rebuilt; events: Rebuilt }>> => {
  const before = databaseOf(system, 'reconciliation');
  const recorded = await linesOf(before, subjects);
  return onEmptyDatabase(
    system,
    'reconciliation',
    async (after) => {
      const rebuilt = await linesOf(after, subjects);
      return rebuilt.length === recorded.length && rebuilt.every((line, n) => line === recorded[n]);
    },
    async (after) => ({
      subjects: await rowsOf(before, after, subjects),
      events: await rowsOf(before, after, published),
    }),
  );
};

const entries = `SELECT concat_ws(' ', e.cpo_id, e.entry_id, e.entry_hash, e.posting_rule,
    e.booked_at AT TIME ZONE 'UTC', string_agg(
      concat_ws(' ', l.side, l.account, l.amount_minor), ', ' ORDER BY l.line_number)) AS line
  FROM journal_entries e JOIN journal_lines l USING (cpo_id, entry_id)
  GROUP BY e.cpo_id, e.entry_id`;

/** Fills an empty ledger from the log. @throws when the ledger itself finds a difference. */
export const rebuildJournal = async (system: System): Promise<Rebuilt> => {
  const { program } = system.services.ledger;
  const after = await system.runtime.createDatabase('ledger_rebuilt');
  await runProgram(process.execPath, [join(dirname(program.main), 'rebuild.js')], {
    environment: {
      PATH: process.env['PATH'] ?? '',
      TZ: 'UTC',
      LOG_LEVEL: 'warn',
      ...program.environment,
      DATABASE_URL: after,
    },
    timeoutMs: 180_000,
  });
  return {
    recorded: await linesOf(databaseOf(system, 'ledger'), entries),
    rebuilt: await linesOf(after, entries),
  };
};
