import type { SqlClient } from '@tallywatt/event-log';

/** That a CDR or a credit CDR exists, and which event says it. */
export type CdrEntry = Readonly<{
  cpoId: string;
  cdrId: string;
  sessionId: string;
  eventId: string;
  contentHash: string;
  issuedAt: string;
}>;

/** The content hashes of the CDRs that exist of those named, by CPO id and CDR id. */
export const knownCdrs = async (
  tx: SqlClient,
  cdrs: readonly Pick<CdrEntry, 'cpoId' | 'cdrId'>[],
): Promise<Map<string, string>> => {
  if (cdrs.length === 0) return new Map();
  const { rows } = await tx.query<{ cpo_id: string; cdr_id: string; content_hash: string }>(
    `SELECT cpo_id, cdr_id, content_hash FROM unnest($1::text[], $2::text[]) AS k (cpo_id, cdr_id)
     JOIN cdrs USING (cpo_id, cdr_id)`,
    [cdrs.map(({ cpoId }) => cpoId), cdrs.map(({ cdrId }) => cdrId)],
  );
  return new Map(rows.map((row) => [`${row.cpo_id}/${row.cdr_id}`, row.content_hash]));
};

/** Keeps CDRs; one that is there already stays as it is. */
export const keepCdrs = async (tx: SqlClient, cdrs: readonly CdrEntry[]): Promise<void> => {
  if (cdrs.length === 0) return;
  await tx.query(
    `INSERT INTO cdrs (cpo_id, cdr_id, session_id, event_id, content_hash, issued_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[],
       $6::timestamptz[])
     ON CONFLICT DO NOTHING`,
    [
      cdrs.map(({ cpoId }) => cpoId),
      cdrs.map(({ cdrId }) => cdrId),
      cdrs.map(({ sessionId }) => sessionId),
      cdrs.map(({ eventId }) => eventId),
      cdrs.map(({ contentHash }) => contentHash),
      cdrs.map(({ issuedAt }) => issuedAt),
    ],
  );
};

export type CdrRow = Readonly<{
  cdr_id: string;
  issued_at: string;
  event_id: string;
  content_hash: string;
  /** The event's value in canonical proto3 JSON. */
  value: string;
  topic: string;
  stream_key: string;
  sequence: string;
  partition: number | null;
  log_offset: string | null;
}>;

const selection = `SELECT c.cdr_id, c.event_id, c.content_hash,
    to_char(c.issued_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS issued_at,
    o.value, o.topic, o.stream_key, o.sequence, o.partition, o.log_offset
  FROM cdrs c JOIN event_log.outbox o ON o.event_id = c.event_id`;

/** A CPO's CDRs in the order they were issued, after the place `after` if one is given. */
export const listCdrs = async (
  db: SqlClient,
  cpoId: string,
  sessionId: string | undefined,
  after: readonly string[] | undefined,
  count: number,
): Promise<CdrRow[]> => {
  const { rows } = await db.query<CdrRow>(
    `${selection}
     WHERE c.cpo_id = $1 AND ($2::text IS NULL OR c.session_id = $2)
       AND ($3::timestamptz IS NULL OR (c.issued_at, c.cdr_id) > ($3, $4))
     ORDER BY c.issued_at, c.cdr_id LIMIT $5`,
    [cpoId, sessionId ?? null, after?.[0] ?? null, after?.[1] ?? '', count],
  );
  return rows;
};

export const findCdr = async (
  db: SqlClient,
  cpoId: string,
  cdrId: string,
): Promise<CdrRow | undefined> => {
  const { rows } = await db.query<CdrRow>(`${selection} WHERE c.cpo_id = $1 AND c.cdr_id = $2`, [
    cpoId,
    cdrId,
  ]);
  return rows[0];
};
