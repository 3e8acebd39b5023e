import type { LogEnds } from '@tallywatt/event-log';
import { Client, type Pool } from 'pg';
import { NotReachable } from './addresses';
import { differences } from './difference';
import type { Finding } from './finding';

type Row = Readonly<{
  key: string;
  about: string;
  content: unknown;
  /** Whether the outbox has the row's event, and where it was published. */
  has_event?: boolean;
  topic?: string | null;
  partition?: number | null;
  log_offset?: string | null;
}>;

/** A table that a rebuild makes again: one row of each thing, with all that belongs to it. */
type Compared = Readonly<{
  name: string;
  content: string;
  from: string;
  about: string;
  key: string;
}>;

const instant = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const journalEntries: Compared = {
  name: 'journal_entries',
  key: `t.cpo_id || '/' || t.entry_id`,
  about: `t.posting_rule || ' of ' || t.document_id`,
  content: `json_build_object('cpoId', t.cpo_id, 'entryId', t.entry_id, 'postingRule', t.posting_rule,
    'documentId', t.document_id, 'causeEventId', t.cause_event_id, 'sessionId', t.session_id,
    'paymentId', t.payment_id, 'currency', t.currency, 'occurredAt', ${instant('t.occurred_at')},
    'bookedAt', ${instant('t.booked_at')}, 'period', t.period, 'entryHash', t.entry_hash,
    'narration', t.narration, 'eventId', t.event_id,
    'lines', (SELECT json_agg(json_build_object('account', l.account, 'side', l.side,
        'amountMinor', l.amount_minor::text) ORDER BY l.line_number)
      FROM journal_lines l WHERE l.cpo_id = t.cpo_id AND l.entry_id = t.entry_id))`,
  from: 'journal_entries',
};

const journalRoots: Compared = {
  name: 'journal_roots',
  key: `t.cpo_id || '/' || t.day`,
  about: `'root of ' || t.day`,
  content: `json_build_object('entryCount', t.entry_count, 'rootHash', t.root_hash,
    'previousRootHash', t.previous_root_hash, 'keyId', t.key_id, 'signature', t.signature)`,
  from: `(SELECT *, NULL::uuid AS event_id FROM journal_roots)`,
};

const cdrs: Compared = {
  name: 'cdrs',
  key: `t.cpo_id || '/' || t.cdr_id`,
  about: `'CDR of session ' || t.session_id`,
  content: `json_build_object('cdrId', t.cdr_id, 'sessionId', t.session_id, 'eventId', t.event_id,
    'contentHash', t.content_hash, 'issuedAt', ${instant('t.issued_at')},
    'textHash', coalesce(encode(sha256(convert_to(o.value, 'UTF8')), 'hex'), t.content_hash))`,
  from: 'cdrs',
};

export const ledgerTables: readonly Compared[] = [journalEntries, journalRoots];
export const pricingTables: readonly Compared[] = [cdrs];

type Queryable = Pick<Pool, 'query'>;

const pageRows = 2_000;

/** Reads a table in the order of its keys, through a cursor of the running transaction. */
async function* rowsOf(sql: Queryable, table: Compared): AsyncGenerator<Row, undefined> {
  const cursor = `rows_of_${table.name}`;
  await sql.query(
    `DECLARE ${cursor} NO SCROLL CURSOR FOR
     SELECT (${table.key}) COLLATE "C" AS key, ${table.about} AS about, ${table.content} AS content,
       o.event_id IS NOT NULL AS has_event, o.topic, o.partition, o.log_offset::text AS log_offset
     FROM ${table.from} t LEFT JOIN event_log.outbox o ON o.event_id = t.event_id ORDER BY 1`,
  );
  for (;;) {
    const { rows } = await sql.query<Row>(`FETCH ${pageRows} FROM ${cursor}`);
    if (rows.length === 0) return undefined;
    yield* rows;
  }
}

const isNewer = (row: Row, ends: LogEnds): boolean => {
  if (row.has_event !== true) return false;
  if (row.log_offset === null || row.log_offset === undefined) return true;
  const partitions = ends.get(row.topic ?? '') ?? [];
  const end = partitions.find(({ partition }) => partition === row.partition)?.end;
  return end !== undefined && BigInt(row.log_offset) >= end;
};

export type Comparison = Readonly<{
  findings: readonly Finding[];
  rows: number;
  /** Rows of the live database that were published after the log was read. */
  newer: number;
}>;

/** Walks through both databases in the order of their keys, and names every row that differs. */
const compareTable = async (
  fresh: Queryable,
  live: Queryable,
  table: Compared,
  ends: LogEnds,
): Promise<Comparison> => {
  const findings: Finding[] = [];
  let rows = 0;
  let newer = 0;
  const derivedRows = rowsOf(fresh, table);
  const liveRows = rowsOf(live, table);
  let derived = (await derivedRows.next()).value;
  let found = (await liveRows.next()).value;
  while (derived !== undefined || found !== undefined) {
    if (found === undefined || (derived !== undefined && derived.key < found.key)) {
      const subject = `${table.name} ${derived?.key}`;
      const detail = `${derived?.about} is in the log and not in the database`;
      findings.push({ kind: 'database-row-missing', subject, detail });
      derived = (await derivedRows.next()).value;
    } else if (derived === undefined || found.key < derived.key) {
      if (isNewer(found, ends)) newer += 1;
      else {
        const subject = `${table.name} ${found.key}`;
        const detail = `${found.about} is in the database and does not follow from the log`;
        findings.push({ kind: 'database-row-underivable', subject, detail });
      }
      found = (await liveRows.next()).value;
    } else {
      rows += 1;
      const differing = differences(found.content, derived.content);
      if (differing.length > 0) {
        const subject = `${table.name} ${found.key}`;
        const detail = `${found.about}: ${differing.join('; ')}`;
        findings.push({ kind: 'database-row-differs', subject, detail });
      }
      derived = (await derivedRows.next()).value;
      found = (await liveRows.next()).value;
    }
  }
  return { findings, rows, newer };
};

/**
 * Compares a live database with what was made again from the log. Nothing is written to either.
 *
 * @returns undefined when there is no such database.
 * @throws NotReachable when its server does not answer.
 */
export const compareWithLive = async (
  freshPool: Pool,
  liveUrl: string,
  tables: readonly Compared[],
  ends: LogEnds,
): Promise<Comparison | undefined> => {
  const client = new Client({ connectionString: liveUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === '3D000') return undefined;
    const { host, pathname } = new URL(liveUrl);
    throw new NotReachable(`database ${host}${pathname} does not answer: ${message || code}`, {
      cause: error,
    });
  }
  const fresh = await freshPool.connect();
  try {
    await fresh.query('BEGIN TRANSACTION READ ONLY');
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const compared: Comparison[] = [];
    for (const table of tables) compared.push(await compareTable(fresh, client, table, ends));
    await fresh.query('COMMIT');
    return {
      findings: compared.flatMap(({ findings }) => findings),
      rows: compared.reduce((sum, { rows }) => sum + rows, 0),
      newer: compared.reduce((sum, { newer }) => sum + newer, 0),
    };
  } finally {
    fresh.release(true);
    await client.end();
  }
};
