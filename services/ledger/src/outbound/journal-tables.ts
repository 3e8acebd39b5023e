import type { JournalEntryPosted } from '@tallywatt/contracts';
import { journalEventId, type JournalEntry } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';

// Held shared by whoever books and alone by whoever seals a day.
const journalLock = [0x7a11, 315] as const;

/** Waits for a seal under way: what is booked after this lies behind every sealed day. */
export const enterJournal = async (tx: SqlClient): Promise<void> => {
  await tx.query('SELECT pg_advisory_xact_lock_shared($1, $2)', [...journalLock]);
};

/** Waits for everybody who is booking, and keeps others out until the transaction ends. */
export const holdJournal = async (tx: SqlClient): Promise<void> => {
  await tx.query('SELECT pg_advisory_xact_lock($1, $2)', [...journalLock]);
};

/** The last sealed day of each of these books; a book without one is left out. */
export const sealedDays = async (
  tx: SqlClient,
  cpoIds: readonly string[],
): Promise<Map<string, string>> => {
  const { rows } = await tx.query<{ cpo_id: string; day: string }>(
    `SELECT cpo_id, max(day)::text AS day FROM journal_roots
     WHERE cpo_id = ANY($1::text[]) GROUP BY cpo_id`,
    [cpoIds],
  );
  return new Map(rows.map(({ cpo_id, day }) => [cpo_id, day]));
};

/** Those of the entries that are posted; ids carry their book, so they need no CPO beside them. */
export const loadEntries = async (
  tx: SqlClient,
  cpoIds: readonly string[],
  entryIds: readonly string[],
): Promise<Map<string, JournalEntry>> => {
  const { rows } = await tx.query<{ entry_id: string; entry_hash: string }>(
    `SELECT entry_id, entry_hash FROM journal_entries
     WHERE cpo_id = ANY($1::text[]) AND entry_id = ANY($2::uuid[])`,
    [cpoIds, entryIds],
  );
  return new Map(
    rows.map(({ entry_id, entry_hash }) => [entry_id, { status: 'posted', entryHash: entry_hash }]),
  );
};

/** Adds entries with their lines and days, each once, in three statements however many there are. */
export const insertEntries = async (
  tx: SqlClient,
  entries: readonly JournalEntryPosted[],
): Promise<void> => {
  if (entries.length === 0) return;
  const { rows } = await tx.query<{ entry_id: string }>(
    `INSERT INTO journal_entries (cpo_id, entry_id, posting_rule, document_id, cause_event_id,
       session_id, payment_id, currency, occurred_at, booked_at, period, entry_hash, narration,
       event_id)
     SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
       $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[],
       $13::text[], $14::uuid[])
     ON CONFLICT (cpo_id, entry_id) DO NOTHING RETURNING entry_id`,
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
    ],
  );
  const added = new Set(rows.map(({ entry_id }) => entry_id));
  const addedEntries = entries.filter(({ entryId }) => added.has(entryId));
  await insertLines(tx, addedEntries);
  await tx.query(
    `INSERT INTO journal_days (cpo_id, day)
     SELECT DISTINCT cpo_id, day FROM unnest($1::text[], $2::date[]) AS d (cpo_id, day)
     ON CONFLICT DO NOTHING`,
    [
      addedEntries.map(({ cpoId }) => cpoId),
      addedEntries.map(({ bookedAt }) => bookedAt.slice(0, 10)),
    ],
  );
};

const insertLines = async (
  tx: SqlClient,
  entries: readonly JournalEntryPosted[],
): Promise<void> => {
  const lines = entries.flatMap(({ cpoId, entryId, lines: ofEntry }) =>
    ofEntry.map((line, index) => ({ cpoId, entryId, lineNumber: index + 1, ...line })),
  );
  await tx.query(
    `INSERT INTO journal_lines (cpo_id, entry_id, line_number, account, side, amount_minor)
     SELECT * FROM unnest($1::text[], $2::uuid[], $3::integer[], $4::text[], $5::text[],
       $6::bigint[])`,
    [
      lines.map(({ cpoId }) => cpoId),
      lines.map(({ entryId }) => entryId),
      lines.map(({ lineNumber }) => lineNumber),
      lines.map(({ account }) => account),
      lines.map(({ side }) => side),
      lines.map(({ amountMinor }) => amountMinor.toString()),
    ],
  );
};
