import type { EntryLine } from '@tallywatt/accounting';
import type { JournalEntryPosted, LogPosition } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';

/** An entry as it is shown; `position` is where its event lies in the log, once it is published. */
export type JournalEntryView = Omit<JournalEntryPosted, 'type'> &
  Readonly<{ position: LogPosition | null }>;

export type EntryFilter = Readonly<{
  sessionId?: string | undefined;
  documentId?: string | undefined;
  account?: string | undefined;
}>;

export type BalanceRow = Readonly<{
  account: string;
  currency: string;
  debitMinor: bigint;
  creditMinor: bigint;
  balanceMinor: bigint;
}>;

type EntryRow = Readonly<{
  cpo_id: string;
  entry_id: string;
  posting_rule: string;
  document_id: string;
  cause_event_id: string;
  session_id: string | null;
  payment_id: string | null;
  currency: string;
  occurred_at: Date;
  booked_at: Date;
  period: string;
  entry_hash: string;
  narration: string;
  lines: readonly Readonly<{ account: string; side: EntryLine['side']; amountMinor: string }>[];
  topic: string | null;
  partition: number | null;
  log_offset: string | null;
}>;

const fromRow = (row: EntryRow): JournalEntryView => ({
  cpoId: row.cpo_id,
  entryId: row.entry_id,
  postingRule: row.posting_rule,
  documentId: row.document_id,
  causeEventId: row.cause_event_id,
  ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  ...(row.payment_id === null ? {} : { paymentId: row.payment_id }),
  currency: row.currency,
  lines: row.lines.map((line) => ({ ...line, amountMinor: BigInt(line.amountMinor) })),
  occurredAt: row.occurred_at.toISOString(),
  bookedAt: row.booked_at.toISOString(),
  period: row.period,
  entryHash: row.entry_hash,
  narration: row.narration,
  position:
    row.topic === null || row.partition === null || row.log_offset === null
      ? null
      : { topic: row.topic, partition: row.partition, offset: BigInt(row.log_offset) },
});

const selection = `
  SELECT e.*, o.topic, o.partition, o.log_offset,
    (SELECT json_agg(json_build_object('account', l.account, 'side', l.side,
       'amountMinor', l.amount_minor::text) ORDER BY l.line_number)
     FROM journal_lines l WHERE l.cpo_id = e.cpo_id AND l.entry_id = e.entry_id) AS lines
  FROM journal_entries e LEFT JOIN event_log.outbox o ON o.event_id = e.event_id`;

/** Entries of a book in the order of booking, after the place a cursor names. */
export const findEntries = async (
  sql: SqlClient,
  cpoId: string,
  filter: EntryFilter,
  after: Readonly<{ bookedAt: Instant; entryId: string }> | undefined,
  limit: number,
): Promise<JournalEntryView[]> => {
  const { rows } = await sql.query<EntryRow>(
    `${selection}
     WHERE e.cpo_id = $1
       AND ($2::text IS NULL OR e.session_id = $2)
       AND ($3::text IS NULL OR e.document_id = $3)
       AND ($4::text IS NULL OR e.line_accounts @> ARRAY[$4::text])
       AND ($5::timestamptz IS NULL OR (e.booked_at, e.entry_id) > ($5, $6::uuid))
     ORDER BY e.booked_at, e.entry_id LIMIT $7`,
    [
      cpoId,
      filter.sessionId ?? null,
      filter.documentId ?? null,
      filter.account ?? null,
      after?.bookedAt ?? null,
      after?.entryId ?? null,
      limit,
    ],
  );
  return rows.map(fromRow);
};

export const findEntry = async (
  sql: SqlClient,
  cpoId: string,
  entryId: string,
): Promise<JournalEntryView | undefined> => {
  const { rows } = await sql.query<EntryRow>(
    `${selection} WHERE e.cpo_id = $1 AND e.entry_id = $2`,
    [cpoId, entryId],
  );
  return rows.map(fromRow)[0];
};

/** Sums of everything booked up to and including an instant, by account and currency. */
export const sumBalances = async (
  sql: SqlClient,
  cpoId: string,
  asOf: Instant,
): Promise<BalanceRow[]> => {
  const { rows } = await sql.query<
    Readonly<{ account: string; currency: string; debit: string; credit: string }>
  >(
    `SELECT l.account, l.currency,
       coalesce(sum(l.amount_minor) FILTER (WHERE l.side = 'debit'), 0)::text AS debit,
       coalesce(sum(l.amount_minor) FILTER (WHERE l.side = 'credit'), 0)::text AS credit
     FROM journal_lines l
     WHERE l.cpo_id = $1 AND l.booked_at <= $2
     GROUP BY l.account, l.currency ORDER BY l.account, l.currency`,
    [cpoId, asOf],
  );
  return rows.map(({ account, currency, debit, credit }) => ({
    account,
    currency,
    debitMinor: BigInt(debit),
    creditMinor: BigInt(credit),
    balanceMinor: BigInt(debit) - BigInt(credit),
  }));
};
