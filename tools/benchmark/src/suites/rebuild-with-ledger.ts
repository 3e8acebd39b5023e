import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runCommandLine } from '@tallywatt/backbone';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { consumeLines } from '../bare/kafka';
import { copyTransfers, createLedger, transferFaults, transfers } from '../bare/transfers';
import type { Benchmark, Measurement } from '../contest';
import { settleDisk, withDatabase, workspace } from '../servers';
import { eventsPerSession } from '../workload/session-log';

const run = promisify(execFile);

type Report = Readonly<{
  identical: boolean;
  seconds: number;
  counts: Readonly<{ sessionEvents: number; cdrs: number; entries: number }>;
  notes: readonly string[];
}>;

/** Fills an empty ledger database from the log, by the service's own program. */
export const rebuildLedger = async (runtime: LocalRuntime, url: string): Promise<number> => {
  const program = join(workspace, 'services', 'ledger', 'dist', 'rebuild.js');
  const { stdout } = await run(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'] ?? '',
      TZ: 'UTC',
      LOG_LEVEL: 'error',
      KAFKA_BROKERS: runtime.kafkaBrokers,
      DATABASE_URL: url,
      AUTH_SECRET: randomBytes(32).toString('hex'), // nobody calls it, and it asks all the same
    },
  });
  return (JSON.parse(stdout) as { entries: number }).entries;
};

const runBackbone = async (
  runtime: LocalRuntime,
  liveUrl: string,
  sessions: number,
): Promise<Measurement> => {
  let text = '';
  const errors: string[] = [];
  const code = await runCommandLine(
    ['rebuild', '--verify', '--json'],
    {
      KAFKA_BROKERS: runtime.kafkaBrokers,
      SUPERUSER_DATABASE_URL: runtime.databaseUrl('postgres'),
      LEDGER_DATABASE_URL: liveUrl,
      PRICING_ENGINE_DATABASE_URL: runtime.databaseUrl('there_is_none'),
    },
    { out: (line) => void (text += line), err: (line) => void errors.push(line) },
  );
  if (code !== 0) return { faults: [`exit code ${code}`, ...errors, text.slice(0, 500)] };
  const { identical, seconds, counts, notes } = JSON.parse(text) as Report;
  const events = sessions * eventsPerSession;
  const faults = identical ? [] : ['the rebuilt books are not identical'];
  if (counts.sessionEvents !== events || counts.cdrs !== sessions || counts.entries !== sessions) {
    faults.push(`${sessions} sessions: ${JSON.stringify(counts)}`);
  }
  if (!notes.some((note) => /^ledger: [1-9]\d* rows compared/.test(note))) {
    faults.push('the rebuilt ledger was compared with none');
  }
  return {
    perSecond: {
      'session events': events / seconds,
      records: (events + 2 * sessions) / seconds,
      entries: sessions / seconds,
    },
    faults,
  };
};

const runCopy = (runtime: LocalRuntime, count: number): Promise<Measurement> =>
  withDatabase(runtime, async (pool, url) => {
    const given = transfers(count);
    await createLedger(pool);
    const seconds = await copyTransfers(url, given, 10_000);
    const faults = await transferFaults(pool, count);
    await settleDisk(runtime);
    return { perSecond: { entries: count / seconds }, faults };
  });

/** The topics have to hold sessions with their CDRs and entries, and the live ledger these. */
export const rebuildWithLedger = (
  runtime: LocalRuntime,
  liveUrl: string,
  sessions: number,
): Benchmark => ({
  id: 'rebuild-with-ledger',
  title: 'Rebuild with the ledger in PostgreSQL',
  about:
    `${sessions} sessions of ${eventsPerSession} events, their CDRs and entries; every row of the ` +
    'rebuilt ledger is compared with the live one, so the trial balances are the same',
  contenders: [
    {
      name: 'backbone rebuild --verify',
      role: 'ours',
      about:
        'the whole command: all topics read and checked, CDRs and entries derived and compared, ' +
        'two databases made, filled, compared and dropped',
      run: async () => {
        const measurement = await runBackbone(runtime, liveUrl, sessions);
        await settleDisk(runtime);
        return measurement;
      },
    },
    {
      name: 'raw consumer',
      role: 'limit',
      about: 'the same three topics, JSON.parse of each value, nothing compared',
      run: async () => {
        const expected = sessions * (eventsPerSession + 2);
        const names = ['charging.sessions.v1', 'pricing.cdrs.v1', 'ledger.journal.v1'];
        const { events, seconds } = await consumeLines(runtime.kafkaBrokers, names, expected);
        const faults = events === expected ? [] : [`${events} of ${expected} records`];
        return { perSecond: { records: events / seconds }, faults };
      },
    },
    {
      name: 'COPY, batches of 10,000',
      role: 'limit',
      about: 'as many entries with two postings each, one connection',
      run: () => runCopy(runtime, sessions),
    },
  ],
});
