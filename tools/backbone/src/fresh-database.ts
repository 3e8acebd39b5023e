import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bookedAmountMinor } from '@tallywatt/accounting';
import type { JournalEntryPosted, JournalRootSigned } from '@tallywatt/contracts';
import { journalEventId } from '@tallywatt/derivations';
import { eventLogMigrations } from '@tallywatt/event-log';
import { Client, Pool } from 'pg';
import { NotReachable, workspacePath } from './addresses';
import type { ProvenCdr } from './log-verification';

/** An empty database with a service's own schema, for as long as a rebuild takes. */
export type FreshDatabase = Readonly<{ pool: Pool; drop(): Promise<void> }>;

const withServer = async <T>(url: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const server = new URL(url);
  if (server.pathname === '' || server.pathname === '/') server.pathname = '/postgres';
  const client = new Client({
    connectionString: server.toString(),
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    throw new NotReachable(`PostgreSQL at ${server.host} does not answer: ${message || code}`, {
      cause: error,
    });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

/** @param service whose numbered migrations make the schema. */
export const createFreshDatabase = async (
  superuserUrl: string,
  service: 'ledger' | 'pricing-engine',
): Promise<FreshDatabase> => {
  const name = `backbone_${service.replaceAll('-', '_')}_${randomBytes(5).toString('hex')}`;
  await withServer(superuserUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(superuserUrl);
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.toString(), max: 1 });
  pool.on('error', () => undefined);
  const drop = async (): Promise<void> => {
    await pool.end();
    await withServer(superuserUrl, (client) =>
      client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    );
  };
  try {
    await pool.query(eventLogMigrations);
    const folder = workspacePath('services', service, 'migrations');
    const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
    for (const file of files.sort()) await pool.query(readFileSync(join(folder, file), 'utf8'));
    return { pool, drop };
  } catch (error) {
    await drop();
    throw error;
  }
};

const pageRows = 2_000;

/** Gives rows to a statement as columns, page by page, in one transaction. */
const insertPages = async <T>(
  pool: Pool,
  items: readonly T[],
  insertPage: (page: readonly T[]) => Promise<void>,
): Promise<void> => {
  await pool.query('BEGIN');
  try {
    for (let from = 0; from < items.length; from += pageRows) {
      await insertPage(items.slice(from, from + pageRows));
    }
    await pool.query('COMMIT');
  } catch (error) {
    await pool.query('ROLLBACK');
    throw error;
  }
};

/** jsonb_to_recordset names every column, so neither a page nor a column can slip. */
const insertRecords = (
  pool: Pool,
  table: string,
  definition: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<unknown> => {
  const names = definition.split(',').map((column) => column.trim().split(' ')[0]);
  return pool.query(
    `INSERT INTO ${table} (${names.join(', ')})
     SELECT ${names.join(', ')} FROM jsonb_to_recordset($1::jsonb) AS r (${definition})`,
    [JSON.stringify(rows)],
  );
};

/** Books what was derived; the ledger's own schema refuses what does not balance. */
export const fillLedger = async (
  { pool }: FreshDatabase,
  entries: readonly JournalEntryPosted[],
  roots: readonly JournalRootSigned[],
): Promise<void> => {
  await insertPages(pool, entries, async (page) => {
    await insertRecords(
      pool,
      'journal_entries',
      `cpo_id text, entry_id uuid, posting_rule text, document_id text, cause_event_id text,
       session_id text, payment_id text, currency text, occurred_at timestamptz,
       booked_at timestamptz, period text, entry_hash text, narration text, event_id uuid,
       line_accounts text[], line_amounts_minor bigint[]`,
      page.map((entry) => ({
        cpo_id: entry.cpoId,
        entry_id: entry.entryId,
        posting_rule: entry.postingRule,
        document_id: entry.documentId,
        cause_event_id: entry.causeEventId,
        session_id: entry.sessionId ?? null,
        payment_id: entry.paymentId ?? null,
        currency: entry.currency,
        occurred_at: entry.occurredAt,
        booked_at: entry.bookedAt,
        period: entry.period,
        entry_hash: entry.entryHash,
        narration: entry.narration,
        event_id: journalEventId(entry),
        line_accounts: entry.lines.map(({ account }) => account),
        line_amounts_minor: entry.lines.map((line) => bookedAmountMinor(line).toString()),
      })),
    );
  });
  await insertPages(pool, roots, async (page) => {
    await insertRecords(
      pool,
      'journal_roots',
      `cpo_id text, day date, entry_count bigint, root_hash text, previous_root_hash text,
       key_id text, signature text`,
      page.map((root) => ({
        cpo_id: root.cpoId,
        day: root.day,
        entry_count: root.entryCount.toString(),
        root_hash: root.rootHash,
        previous_root_hash: root.previousRootHash,
        key_id: root.keyId,
        signature: root.signature,
      })),
    );
  });
};

/** Keeps the CDRs that were derived, each under the event that says it. */
export const fillPricing = async (
  { pool }: FreshDatabase,
  cdrs: readonly ProvenCdr[],
): Promise<void> => {
  const rows = cdrs.flatMap(({ recorded: { metadata }, derived: { cdr } }) =>
    cdr.type !== 'CdrWithheld'
      ? [
          {
            cpo_id: cdr.cpoId,
            cdr_id: cdr.cdrId,
            session_id: cdr.sessionId,
            event_id: metadata.id,
            content_hash: metadata.contentHash,
            issued_at: metadata.recordedAt,
          },
        ]
      : [],
  );
  await insertPages(pool, rows, async (page) => {
    await insertRecords(
      pool,
      'cdrs',
      `cpo_id text, cdr_id text, session_id text, event_id uuid, content_hash text,
       issued_at timestamptz`,
      page,
    );
  });
};
