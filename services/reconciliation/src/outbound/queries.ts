import type { SqlClient } from '@tallywatt/event-log';
import { amountsFromText } from './amount-text';
import type { Amounts } from '../domain/match';
import type { Subject } from '../domain/subject';

export type SubjectRow = {
  session_id: string;
  facts: string;
  status: string;
  outcome: string | null;
  awaited: string[];
  amounts: string;
  currency: string | null;
  open_findings: number;
  started_text: string;
};

const subjectColumns = `session_id, facts, status, outcome, awaited, amounts, currency,
  open_findings,
  coalesce(to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '-infinity')
    AS started_text`;

/** Sessions of a CPO, latest start first. */
export const findSubjects = async (
  sql: SqlClient,
  cpoId: string,
  filter: Readonly<{ sessionId?: string; status?: string }>,
  after: readonly string[] | undefined,
  limit: number,
): Promise<SubjectRow[]> => {
  const { rows } = await sql.query<SubjectRow>(
    `SELECT ${subjectColumns} FROM subjects
     WHERE cpo_id = $1 AND ($2::text IS NULL OR session_id = $2)
       AND ($3::text IS NULL OR status = $3)
       AND ($4::text IS NULL
         OR (coalesce(started_at, '-infinity'), session_id) < ($4::timestamptz, $5))
     ORDER BY coalesce(started_at, '-infinity') DESC, session_id DESC LIMIT $6`,
    [
      cpoId,
      filter.sessionId ?? null,
      filter.status ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      limit,
    ],
  );
  return rows;
};

/** A subject as callers see it: the judgement first, the facts it rests on below. */
export const subjectView = (row: SubjectRow): Record<string, unknown> => {
  return {
    sessionId: row.session_id,
    status: row.status,
    outcome: row.outcome,
    awaited: row.awaited,
    openFindings: row.open_findings,
    currency: row.currency,
    ...amountsFromText<Amounts>(row.amounts),
    facts: amountsFromText<Subject>(row.facts),
  };
};

export type FindingRow = {
  finding_id: string;
  subject_id: string;
  kind: string;
  detail: string;
  currency: string | null;
  expected_minor: string | null;
  actual_minor: string | null;
  found_at: Date;
  resolved_at: Date | null;
  resolution: string | null;
};

/** Findings of a CPO, newest first. */
export const findFindings = async (
  sql: SqlClient,
  cpoId: string,
  filter: Readonly<{ sessionId?: string; status?: 'open' | 'resolved' }>,
  after: readonly string[] | undefined,
  limit: number,
): Promise<FindingRow[]> => {
  const { rows } = await sql.query<FindingRow>(
    `SELECT finding_id, subject_id, kind, detail, currency, expected_minor, actual_minor,
       found_at, resolved_at, resolution FROM findings
     WHERE cpo_id = $1 AND ($2::text IS NULL OR subject_id = $2)
       AND ($3::text IS NULL OR (resolved_at IS NULL) = ($3 = 'open'))
       AND ($4::timestamptz IS NULL OR (found_at, finding_id) < ($4::timestamptz, $5::uuid))
     ORDER BY found_at DESC, finding_id DESC LIMIT $6`,
    [
      cpoId,
      filter.sessionId ?? null,
      filter.status ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      limit,
    ],
  );
  return rows;
};

export const findingView = (row: FindingRow): Record<string, unknown> => ({
  findingId: row.finding_id,
  sessionId: row.subject_id,
  kind: row.kind,
  detail: row.detail,
  currency: row.currency,
  expectedMinor: row.expected_minor,
  actualMinor: row.actual_minor,
  foundAt: row.found_at.toISOString(),
  resolvedAt: row.resolved_at?.toISOString() ?? null,
  resolution: row.resolution,
});
