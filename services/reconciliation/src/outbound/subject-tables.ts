import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { noVerdict, type Verdict } from '../domain/findings';
import type { Match } from '../domain/match';
import { emptySubject, type Subject } from '../domain/subject';
import { amountsFromText, amountsToText } from './amount-text';

export type SubjectKey = Readonly<{ cpoId: string; sessionId: string }>;
export type StoredSubject = Readonly<{ subject: Subject; verdict: Verdict }>;

type Row = { cpo_id: string; session_id: string; facts: string; verdict: string };

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The order of our key columns (collation C), in which every transaction locks. */
export const inKeyOrder = (keys: readonly (readonly [string, string])[]) =>
  [...keys].sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));

/**
 * Reads subjects and holds them until the transaction ends: facts of one session arrive on several
 * topics at once, and none may overwrite another. Sorted, so that two batches cannot wait in a ring.
 */
export const lockSubjects = async (
  tx: SqlClient,
  keys: readonly SubjectKey[],
): Promise<StoredSubject[]> => {
  const sorted = inKeyOrder(keys.map(({ cpoId, sessionId }) => [cpoId, sessionId]));
  const cpoIds = sorted.map(([cpoId]) => cpoId);
  const sessionIds = sorted.map(([, sessionId]) => sessionId);
  await tx.query(
    `INSERT INTO subjects (cpo_id, session_id, facts, verdict, status, amounts)
     SELECT cpo_id, session_id, '', '', 'open', '' FROM unnest($1::text[], $2::text[]) AS k(cpo_id, session_id)
     ON CONFLICT DO NOTHING`,
    [cpoIds, sessionIds],
  );
  const { rows } = await tx.query<Row>(
    `SELECT cpo_id, session_id, facts, verdict FROM subjects
     JOIN unnest($1::text[], $2::text[]) AS k(cpo_id, session_id) USING (cpo_id, session_id)
     ORDER BY cpo_id, session_id FOR UPDATE OF subjects`,
    [cpoIds, sessionIds],
  );
  return rows.map(fromRow);
};

const fromRow = (row: Row): StoredSubject => ({
  subject:
    row.facts === ''
      ? emptySubject(row.cpo_id, row.session_id)
      : amountsFromText<Subject>(row.facts),
  verdict: row.verdict === '' ? noVerdict : amountsFromText<Verdict>(row.verdict),
});

export type JudgedSubject = StoredSubject &
  Readonly<{ result: Match; lookAgainAt: Instant | undefined }>;

/** Writes subjects back, all in one statement. */
export const storeSubjects = async (
  tx: SqlClient,
  judged: readonly JudgedSubject[],
): Promise<void> => {
  await tx.query(
    `UPDATE subjects AS s SET facts = k.facts, verdict = k.verdict, status = k.status,
       outcome = k.outcome, awaited = string_to_array(k.awaited, ','), amounts = k.amounts,
       currency = k.currency, open_findings = k.open_findings, started_at = k.started_at,
       closed_day = (k.closed_at AT TIME ZONE 'UTC')::date, look_again_at = k.look_again_at
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
       $7::text[], $8::text[], $9::text[], $10::int[], $11::timestamptz[], $12::timestamptz[],
       $13::timestamptz[])
       AS k(cpo_id, session_id, facts, verdict, status, outcome, awaited, amounts, currency,
         open_findings, started_at, closed_at, look_again_at)
     WHERE s.cpo_id = k.cpo_id AND s.session_id = k.session_id`,
    [
      judged.map(({ subject }) => subject.cpoId),
      judged.map(({ subject }) => subject.sessionId),
      judged.map(({ subject }) => amountsToText(subject)),
      judged.map(({ verdict }) => amountsToText(verdict)),
      judged.map(({ result }) => result.status),
      judged.map(({ result }) => result.outcome ?? null),
      judged.map(({ result }) => result.awaited.join(',')),
      judged.map(({ result }) => amountsToText(result.amounts)),
      judged.map(({ subject }) => subject.currency ?? null),
      judged.map(({ verdict }) => verdict.open.length),
      judged.map(({ subject }) => subject.startedAt ?? null),
      judged.map(({ subject }) => subject.closedAt ?? null),
      judged.map(({ lookAgainAt }) => lookAgainAt ?? null),
    ],
  );
};

/** Subjects whose patience has run out. */
export const subjectsToLookAt = async (
  tx: SqlClient,
  now: Instant,
  limit: number,
): Promise<SubjectKey[]> => {
  const { rows } = await tx.query<Row>(
    `SELECT cpo_id, session_id FROM subjects WHERE look_again_at <= $1
     ORDER BY look_again_at LIMIT $2`,
    [now, limit],
  );
  return rows.map((row) => ({ cpoId: row.cpo_id, sessionId: row.session_id }));
};
