import { bookedAmountMinor } from '@tallywatt/accounting';
import type { JournalEntryPosted } from '@tallywatt/contracts';
import { journalEventId, type JournalEntry } from '@tallywatt/derivations';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';

// Held shared by whoever books and alone by whoever seals a day.
const journalLock = [0x7a11, 315] as const;

/** Waits for a seal under way: what is booked after this lies behind every sealed day. */
export const enterJournal = async (tx: SqlClient): Promise<void> => {
  await queryPrepared(tx, 'ledger.enter', 'SELECT pg_advisory_xact_lock_shared($1, $2)', [
    ...journalLock,
  ]);
};

/** Waits for everybody who is booking, and keeps others out until the transaction ends. */
export const holdJournal = async (tx: SqlClient): Promise<void> => {
  await tx.query('SELECT pg_advisory_xact_lock($1, $2)', [...journalLock]);
};

/** What a book says about facts that arrive. */
export type BookState = Readonly<{
  /** Those of the entries asked for that are posted, by id; for the caller to go on with. */
  states: Map<string, JournalEntry>;
  /** The last sealed day, by CPO; a book without one is left out. */
  sealedDays: ReadonlyMap<string, string>;
}>;

type BookRow = Readonly<{
  posted: Readonly<Record<string, string>> | null;
  sealed_days: Readonly<Record<string, string>> | null;
}>;

/** Reads books in one round trip; entry ids carry their book, so they need no CPO beside them. */
export const readBooks = async (
  tx: SqlClient,
  cpoIds: readonly string[],
  entryIds: readonly string[],
): Promise<BookState> => {
  const { rows } = await queryPrepared<BookRow>(
    tx,
    'ledger.read_books',
    `SELECT
       (SELECT json_object_agg(entry_id, entry_hash) FROM journal_entries
        WHERE cpo_id = ANY($1::text[]) AND entry_id = ANY($2::uuid[])) AS posted,
       (SELECT json_object_agg(cpo_id, day) FROM unnest($1::text[]) AS asked (cpo_id),
          LATERAL (SELECT max(day) AS day FROM journal_roots r WHERE r.cpo_id = asked.cpo_id) sealed
        WHERE day IS NOT NULL) AS sealed_days`,
    [cpoIds, entryIds],
  );
  const [row] = rows;
  return {
    states: new Map(
      Object.entries(row?.posted ?? {}).map(([entryId, entryHash]) => [
        entryId,
        { status: 'posted', entryHash },
      ]),
    ),
    sealedDays: new Map(Object.entries(row?.sealed_days ?? {})),
  };
};

/** Adds entries, each once and whole, in one statement however many there are. */
export const insertEntries = async (
  tx: SqlClient,
  entries: readonly JournalEntryPosted[],
): Promise<void> => {
  if (entries.length === 0) return;
  await queryPrepared(
    tx,
    'ledger.insert_entries',
    `INSERT INTO journal_entries (cpo_id, entry_id, posting_rule, document_id, cause_event_id,
       session_id, payment_id, currency, occurred_at, booked_at, period, entry_hash, narration,
       event_id, line_accounts, line_amounts_minor)
     SELECT cpo_id, entry_id, posting_rule, document_id, cause_event_id, session_id, payment_id,
       currency, occurred_at, booked_at, period, entry_hash, narration, event_id,
       line_accounts::text[], line_amounts_minor::bigint[]
     FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
       $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[],
       $13::text[], $14::uuid[], $15::text[], $16::text[]) AS e (cpo_id, entry_id, posting_rule,
       document_id, cause_event_id, session_id, payment_id, currency, occurred_at, booked_at,
       period, entry_hash, narration, event_id, line_accounts, line_amounts_minor)
     ON CONFLICT (cpo_id, entry_id) DO NOTHING`,
    [
      entries.map(({ cpoId }) => cpoId),
      entries.map(({ entryId }) => entryId),
      entries.map(({ postingRule }) => postingRule),
      entries.map(({ documentId }) => documentId),
      entries.map(({ causeEventId }) => causeEventId),
      entries.map(({ sessionId }) => sessionId ?? null),
      entries.map(({ paymentId }) => paymentId ?? null),
      entries.map(({ currency }) => currency),
      entries.map(({ occurredAt }) => occurredAt),
      entries.map(({ bookedAt }) => bookedAt),
      entries.map(({ period }) => period),
      entries.map(({ entryHash }) => entryHash),
      entries.map(({ narration }) => narration),
      entries.map(journalEventId),
      // An array of arrays would have to have as many lines in each: these are texts of arrays.
      entries.map(({ lines }) => `{${lines.map(({ account }) => arrayElement(account)).join()}}`),
      entries.map(({ lines }) => `{${lines.map(bookedAmountMinor).join()}}`),
    ],
  );
};

const arrayElement = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
