import { derivedId, type JournalRootSigned } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { sealDay, sealText } from '@tallywatt/derivations';
import { holdJournal } from './journal-tables';
import { appendMissingRoots } from './roots-file';
import type { SigningKey } from './signing-key';

export type RootSigner = Readonly<{
  /**
   * Signs every complete day (UTC) before `now` that has entries and no root, of all books or of
   * one, oldest first, and gives what it signed. The file gets what it lacks, also what an earlier
   * run could not append.
   */
  signRoots: (now: Instant, cpoId?: string) => Promise<readonly JournalRootSigned[]>;
}>;

type RootRow = Readonly<{
  cpo_id: string;
  day: string;
  entry_count: string;
  root_hash: string;
  previous_root_hash: string;
  key_id: string;
  signature: string;
}>;

const columns =
  'cpo_id, day::text AS day, entry_count, root_hash, previous_root_hash, key_id, signature';

const fromRow = (row: RootRow): JournalRootSigned => ({
  type: 'JournalRootSigned',
  cpoId: row.cpo_id,
  day: row.day,
  entryCount: BigInt(row.entry_count),
  rootHash: row.root_hash,
  previousRootHash: row.previous_root_hash,
  keyId: row.key_id,
  signature: row.signature,
});

/** Roots of a book after a day, oldest first. */
export const listRoots = async (
  tx: SqlClient,
  cpoId: string,
  afterDay: string | undefined,
  limit: number,
): Promise<JournalRootSigned[]> => {
  const { rows } = await tx.query<RootRow>(
    `SELECT ${columns} FROM journal_roots
     WHERE cpo_id = $1 AND day > coalesce($2::date, '-infinity') ORDER BY day LIMIT $3`,
    [cpoId, afterDay ?? null, limit],
  );
  return rows.map(fromRow);
};

/** Adds roots as they were signed; a day has one root for ever, the first. */
export const insertRoots = async (
  tx: SqlClient,
  roots: readonly JournalRootSigned[],
): Promise<void> => {
  await tx.query(
    `INSERT INTO journal_roots
       (cpo_id, day, entry_count, root_hash, previous_root_hash, key_id, signature)
     SELECT * FROM unnest($1::text[], $2::date[], $3::bigint[], $4::text[], $5::text[], $6::text[],
       $7::text[])
     ON CONFLICT DO NOTHING`,
    [
      roots.map(({ cpoId }) => cpoId),
      roots.map(({ day }) => day),
      roots.map(({ entryCount }) => entryCount.toString()),
      roots.map(({ rootHash }) => rootHash),
      roots.map(({ previousRootHash }) => previousRootHash),
      roots.map(({ keyId }) => keyId),
      roots.map(({ signature }) => signature),
    ],
  );
};

const unsealedDays = async (
  tx: SqlClient,
  today: string,
  cpoId: string | undefined,
): Promise<readonly Readonly<{ cpo_id: string; day: string }>[]> => {
  const { rows } = await tx.query<{ cpo_id: string; day: string }>(
    `SELECT cpo_id, day::text AS day FROM journal_days d
     WHERE day < $1::date AND ($2::text IS NULL OR cpo_id = $2) AND NOT EXISTS
       (SELECT FROM journal_roots r WHERE r.cpo_id = d.cpo_id AND r.day = d.day)
     ORDER BY cpo_id, day`,
    [today, cpoId ?? null],
  );
  return rows;
};

const signDay = async (
  tx: SqlClient,
  key: SigningKey,
  cpoId: string,
  day: string,
): Promise<JournalRootSigned> => {
  const before = await tx.query<{ root_hash: string }>(
    'SELECT root_hash FROM journal_roots WHERE cpo_id = $1 AND day < $2 ORDER BY day DESC LIMIT 1',
    [cpoId, day],
  );
  const entries = await tx.query<{ entryId: string; entryHash: string }>(
    `SELECT entry_id AS "entryId", entry_hash AS "entryHash" FROM journal_entries
     WHERE cpo_id = $1 AND booked_at >= $2::timestamp AT TIME ZONE 'UTC'
       AND booked_at < ($2::timestamp + interval '1 day') AT TIME ZONE 'UTC'`,
    [cpoId, day],
  );
  const seal = sealDay(cpoId, day, entries.rows, before.rows[0]?.root_hash ?? '');
  const signature = key.sign(sealText(seal));
  return { type: 'JournalRootSigned', ...seal, keyId: key.keyId, signature };
};

/** Signs days and keeps the copy outside. Several replicas may run it: the journal's lock orders them. */
export const createRootSigner = (
  eventLog: Pick<EventLog, 'append' | 'transaction'>,
  key: SigningKey,
  rootsFile: string,
): RootSigner => {
  const signAll = async (
    tx: SqlClient,
    now: Instant,
    cpoId: string | undefined,
  ): Promise<JournalRootSigned[]> => {
    const signed: JournalRootSigned[] = [];
    for (const { cpo_id, day } of await unsealedDays(tx, now.slice(0, 10), cpoId)) {
      const root = await signDay(tx, key, cpo_id, day);
      await insertRoots(tx, [root]);
      signed.push(root);
    }
    await eventLog.append(
      tx,
      signed.map((root) => ({
        event: root,
        id: derivedId('JournalRootSigned', root.cpoId, root.day),
        occurredAt: now,
      })),
      { recordedAt: now },
    );
    return signed;
  };

  const copyOutside = (tx: SqlClient): Promise<number> =>
    tx
      .query<RootRow>(`SELECT ${columns} FROM journal_roots ORDER BY cpo_id, day`)
      .then(({ rows }) => appendMissingRoots(rootsFile, rows.map(fromRow)));

  return {
    signRoots: async (now, cpoId) => {
      const signed = await eventLog.transaction(async (tx) => {
        const waiting = await unsealedDays(tx, now.slice(0, 10), cpoId);
        if (waiting.length === 0) return [];
        await holdJournal(tx);
        return signAll(tx, now, cpoId);
      });
      // After the commit: a root that was rolled back must never stand in the file.
      await eventLog.transaction(async (tx) => {
        await tx.query('LOCK TABLE journal_roots IN SHARE ROW EXCLUSIVE MODE');
        await copyOutside(tx);
      });
      return signed;
    },
  };
};
