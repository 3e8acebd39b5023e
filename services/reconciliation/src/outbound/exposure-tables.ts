import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';

/** Money that is not safe yet, of sessions of one kind in one currency. */
export type Exposure = Readonly<{
  kind: 'held' | 'unpaid' | 'quarantined';
  currency: string;
  sessions: number;
  /** As far as it is known: a quarantined session can be worth more. */
  amountMinor: number;
}>;

type Row = { kind: Exposure['kind']; currency: string; sessions: string; amount: string };

/**
 * What could be lost now: holds that are neither captured nor released, bills that no capture and
 * no receivable answers ten minutes after the session was closed (on a busy network some bill is
 * always a second old), and sessions a person has to look at. What a home network or a fleet is billed
 * is on account with them, and no payment is to answer it. One statement over an index of just
 * these sessions.
 */
export const exposures = async (sql: SqlClient, now: Instant): Promise<Exposure[]> => {
  const { rows } = await sql.query<Row>(
    `WITH exposed AS (
       SELECT status, coalesce(currency, 'unknown') AS currency, facts::jsonb AS facts,
         (amounts::jsonb->>'billedMinor')::numeric - (amounts::jsonb->>'capturedMinor')::numeric
           - (amounts::jsonb->>'receivableMinor')::numeric AS unpaid
       FROM subjects
       WHERE awaited && ARRAY['session-close', 'cdr', 'payment', 'void', 'review'] AND amounts <> ''
     ), kinds AS (
       SELECT currency, CASE
           WHEN status = 'quarantined' THEN 'quarantined'
           WHEN unpaid > 0 AND NOT facts ? 'debtor' AND coalesce((facts->>'closeRecordedAt')::timestamptz
             < $1::timestamptz - interval '10 minutes', true) THEN 'unpaid'
           WHEN facts ? 'holdMinor' AND facts->'captures' = '{}'
             AND facts->>'holdVoided' = 'false' THEN 'held' END AS kind,
         unpaid, facts
       FROM exposed
     )
     SELECT kind, currency, count(*) AS sessions, sum(CASE kind
         WHEN 'quarantined' THEN coalesce((facts->>'moneyAtRiskMinor')::numeric, 0)
         WHEN 'unpaid' THEN unpaid
         ELSE (facts->>'holdMinor')::numeric END) AS amount
     FROM kinds WHERE kind IS NOT NULL GROUP BY kind, currency`,
    [now],
  );
  return rows.map(({ kind, currency, sessions, amount }) => ({
    kind,
    currency,
    sessions: Number(sessions),
    amountMinor: Number(amount),
  }));
};

/** Findings nobody has resolved, by kind. */
export const openFindings = async (
  sql: SqlClient,
): Promise<readonly Readonly<{ kind: string; count: number }>[]> => {
  const { rows } = await sql.query<{ kind: string; count: number }>(
    `SELECT kind, count(*)::int AS count FROM findings WHERE resolved_at IS NULL GROUP BY kind`,
  );
  return rows;
};
