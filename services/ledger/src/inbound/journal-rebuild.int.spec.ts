import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allTopicDefinitions } from '@tallywatt/contracts';
import {
  createEventLog,
  ensureTopics,
  eventLogMigrations,
  replayTopics,
  type Consumer,
  type EventLog,
} from '@tallywatt/event-log';
import { createLogger } from '@tallywatt/service-kit';
import { eventually, testRuntime, type TestRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import type { Fact } from '@tallywatt/derivations';
import { restoreOwnTables } from '../outbound/own-tables';
import { createRootSigner } from '../outbound/root-signer';
import { readSigningKey } from '../outbound/signing-key';
import {
  cdrIssued,
  movementAvailable,
  movementRecorded,
  payoutCreated,
  payoutFailed,
  payoutPaid,
  taxPortion,
} from '@tallywatt/testing';
import { factsConsumer } from './facts.consumer';
import { rebuildJournal, type RebuildReport } from './journal-rebuild';

const run = randomBytes(6).toString('hex');
const cpoId = `cpo-${run}`;
const directory = mkdtempSync(join(tmpdir(), 'ledger-'));
const patient = { timeoutMs: 120_000, intervalMs: 100 };
const migration = join(__dirname, '..', '..', 'migrations', '0001_journal.sql');

type Ledger = Readonly<{ pool: Pool; eventLog: EventLog }>;

let runtime: TestRuntime;
let brokers: string[];
let ledger: Ledger;
let now = '2026-11-19T12:00:00.000Z';
const opened: Ledger[] = [];

/** A database with a ledger's schema, and its side of the log. */
const openLedger = async (service: string, streamsAreNew = true): Promise<Ledger> => {
  const pool = new Pool({ connectionString: await runtime.createDatabase(), max: 8 });
  await pool.query(eventLogMigrations);
  await pool.query(readFileSync(migration, 'utf8'));
  const logger = createLogger(service, 'silent');
  const opening = {
    pool,
    eventLog: createEventLog({ service, pool, brokers, logger, streamsAreNew }),
  };
  opened.push(opening);
  return opening;
};

/** Groups of a name of their own: other tests read the same topics. */
const book = (name: string, { eventLog } = ledger): Consumer =>
  eventLog.consume({
    ...factsConsumer({
      eventLog,
      taxJurisdiction: 'de',
      now: () => now,
      onSuspense: () => undefined,
    }),
    name: `${name}-${run}`,
  });

const countOf = async (pool: Pool, text: string): Promise<number> =>
  (await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${text}`)).rows[0]?.n ?? -1;

const contentsOf = async ({ pool }: Ledger): Promise<unknown[][]> => {
  const tables = [
    'SELECT * FROM journal_entries WHERE cpo_id = $1 ORDER BY entry_id',
    'SELECT * FROM journal_lines WHERE cpo_id = $1 ORDER BY entry_id, line_number',
    'SELECT * FROM journal_days WHERE cpo_id = $1 ORDER BY day',
    'SELECT * FROM journal_roots WHERE cpo_id = $1 ORDER BY day',
  ];
  return Promise.all(tables.map(async (text) => (await pool.query(text, [cpoId])).rows));
};

const ours = `journal_entries WHERE cpo_id = '${cpoId}'`;

const lifeOf = (session: string): Fact[] => {
  const charge = { id: `ch-${session}`, category: 'charge', amountMinor: 1190n, feeMinor: 43n };
  const refund = {
    id: `re-${session}`,
    category: 'refund',
    amountMinor: -119n,
    taxes: [taxPortion(100n, 19n)],
  };
  return [
    cdrIssued(session, [['ENERGY', 1000n]], 190n),
    movementRecorded(charge),
    movementAvailable(charge),
    movementRecorded(refund),
    movementAvailable(refund),
    payoutCreated(`po-${session}`, 1028n),
    payoutPaid(`po-${session}`, 1028n),
    payoutFailed(`po-${session}`, 1028n),
  ];
};

const rebuildInto = ({ eventLog }: Ledger, taxJurisdiction: string): Promise<RebuildReport> =>
  rebuildJournal(
    (topics, handle) =>
      replayTopics({
        brokers,
        topics,
        handle: (events) => handle(events.filter(({ event }) => event.cpoId === cpoId)),
      }),
    (work) => eventLog.transaction(work),
    taxJurisdiction,
  );

beforeAll(async () => {
  runtime = await testRuntime();
  brokers = runtime.kafkaBrokers.split(',');
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(directory, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  ledger = await openLedger('ledger');
  ledger.eventLog.startRelay();
  const witness = await openLedger('witness');
  witness.eventLog.startRelay();
  const publish = (facts: readonly Fact[]): Promise<unknown> =>
    witness.eventLog.transaction((tx) =>
      witness.eventLog.append(
        tx,
        facts.map((fact) => ({ event: { ...fact, cpoId }, occurredAt: now })),
      ),
    );

  const consumer = book('ledger');
  for (const [session, bookedAt] of [
    [`S1-${run}`, '2026-11-19T12:00:00.000Z'],
    [`S2-${run}`, '2026-11-20T12:00:00.000Z'],
  ] as const) {
    const before = await countOf(ledger.pool, ours);
    now = bookedAt;
    await publish(lifeOf(session));
    await eventually(
      async () => expect(await countOf(ledger.pool, ours)).toBeGreaterThanOrEqual(before + 8),
      patient,
    );
  }
  await consumer.stop();
  now = '2026-11-21T12:00:00.000Z';
});

afterAll(async () => {
  for (const { pool, eventLog } of opened) {
    await eventLog.stop();
    await pool.end();
  }
  rmSync(directory, { recursive: true });
});

describe('records that are read again', () => {
  it('post nothing and publish nothing', async () => {
    const before = await contentsOf(ledger);
    const published = `event_log.outbox WHERE stream_key LIKE '${cpoId}/%'`;
    const publishedBefore = await countOf(ledger.pool, published);
    const again = book('again');
    const seen = `event_log.seen WHERE consumer = 'again-${run}' AND stream_key LIKE '${cpoId}/%'`;
    // Two sessions, each with a CDR, two movements and a payout.
    await eventually(async () => expect(await countOf(ledger.pool, seen)).toBe(8), patient);
    await again.stop();
    expect(await contentsOf(ledger)).toEqual(before);
    expect(before[0]).toHaveLength(16);
    expect(await countOf(ledger.pool, published)).toBe(publishedBefore);
    expect(await countOf(ledger.pool, `event_log.parked WHERE stream_key LIKE '${cpoId}/%'`)).toBe(
      0,
    );
  });
});

describe('a book rebuilt from the log', () => {
  beforeAll(async () => {
    const key = readSigningKey(join(directory, 'key.pem'));
    const signer = createRootSigner(ledger.eventLog, key, join(directory, 'roots.jsonl'));
    await signer.signRoots(now, cpoId);
    await eventually(async () =>
      expect(await countOf(ledger.pool, 'event_log.outbox WHERE published_at IS NULL')).toBe(0),
    );
  });

  it('is the same in every row, in a database that never saw it', async () => {
    const fresh = await openLedger('rebuild');
    const report = await rebuildInto(fresh, 'de');
    expect(report).toEqual({
      entries: 16,
      roots: 2,
      contradicted: [],
      unexplained: [],
      unsealed: [],
    });
    expect(await contentsOf(fresh)).toEqual(await contentsOf(ledger));
    expect(await countOf(fresh.pool, 'event_log.outbox')).toBe(0);
  });

  it('says which entries and days other rules would make different', async () => {
    const report = await rebuildInto(await openLedger('rebuild'), 'at');
    const { rows } = await ledger.pool.query<{ entry_id: string }>(
      `SELECT DISTINCT entry_id FROM journal_lines
       WHERE cpo_id = $1 AND account = 'liabilities:tax:vat:de'`,
      [cpoId],
    );
    expect([...report.contradicted].sort()).toEqual(rows.map(({ entry_id }) => entry_id).sort());
    expect(rows).toHaveLength(4);
    expect(report.unsealed).toEqual([`${cpoId}/2026-11-19`, `${cpoId}/2026-11-20`]);
  });
});

describe('a database that lost its books', () => {
  it('adopts them as they were published, and reading the facts again adds nothing', async () => {
    const fresh = await openLedger('ledger', false);
    const posting = `SELECT event_id, stream_key, sequence, partition, log_offset
      FROM event_log.outbox WHERE stream_key LIKE '${cpoId}/%' ORDER BY stream_key, sequence`;
    await fresh.eventLog.adoptOwnStreams(['ledger.journal.v1'], restoreOwnTables);
    const published = (await ledger.pool.query(posting)).rows;
    expect(published).toHaveLength(18);
    expect((await fresh.pool.query(posting)).rows).toEqual(published);
    expect(await contentsOf(fresh)).toEqual(await contentsOf(ledger));

    const consumer = book('adopted', fresh);
    const seen = `event_log.seen WHERE consumer = 'adopted-${run}' AND stream_key LIKE '${cpoId}/%'`;
    await eventually(async () => expect(await countOf(fresh.pool, seen)).toBe(8), patient);
    await consumer.stop();
    expect((await fresh.pool.query(posting)).rows).toEqual(published);
    expect(await contentsOf(fresh)).toEqual(await contentsOf(ledger));
    expect(await countOf(fresh.pool, `event_log.parked WHERE stream_key LIKE '${cpoId}/%'`)).toBe(
      0,
    );
  });
});
