import { randomUUID } from 'node:crypto';
import { Client, type Pool } from 'pg';
import { copyInto } from './copy';

// The bare ledger: an entry with a unique event id and two postings over many accounts.

const accounts = 10_000;

/** An entry and what it moves from one account to another. */
export type Transfer = Readonly<{ id: string; from: number; to: number; amount: number }>;

const createTables = `
  CREATE TABLE journal (event_id uuid PRIMARY KEY, booked_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE postings (event_id uuid NOT NULL, account int NOT NULL, amount bigint NOT NULL);
  CREATE INDEX postings_by_account ON postings (account)`;

export const transfers = (count: number): Transfer[] =>
  Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    from: (index * 7_919) % accounts,
    to: (index * 104_729 + 1) % accounts,
    amount: 100 + (index % 900),
  }));

export const createLedger = (pool: Pool): Promise<unknown> => pool.query(createTables);

export const transferFaults = async (pool: Pool, expected: number): Promise<string[]> => {
  const { rows } = await pool.query<{ entries: string; postings: string; sum: string }>(
    `SELECT (SELECT count(*) FROM journal) AS entries, count(*) AS postings,
       coalesce(sum(amount), 0) AS sum FROM postings`,
  );
  const [found] = rows;
  return Number(found?.entries) === expected &&
    Number(found?.postings) === 2 * expected &&
    Number(found?.sum) === 0
    ? []
    : [`${found?.entries} entries, ${found?.postings} postings, sum ${found?.sum}`];
};

/** COPY in batches of one transaction each; gives the seconds. */
export const copyTransfers = async (
  url: string,
  given: readonly Transfer[],
  batchSize: number,
): Promise<number> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const startedMs = performance.now();
    for (let first = 0; first < given.length; first += batchSize) {
      const batch = given.slice(first, first + batchSize);
      await client.query('BEGIN');
      await copyInto(client, 'journal (event_id)', batch.map(({ id }) => `${id}\n`).join(''));
      const lines = batch.map(
        ({ id, from, to, amount }) => `${id}\t${from}\t${-amount}\n${id}\t${to}\t${amount}\n`,
      );
      await copyInto(client, 'postings (event_id, account, amount)', lines.join(''));
      await client.query('COMMIT');
    }
    return (performance.now() - startedMs) / 1_000;
  } finally {
    await client.end();
  }
};

/** Arrays unnested in batches of one transaction each, over one connection; gives the seconds. */
export const unnestTransfers = async (
  pool: Pool,
  given: readonly Transfer[],
  batchSize: number,
): Promise<number> => {
  const client = await pool.connect();
  try {
    const startedMs = performance.now();
    for (let first = 0; first < given.length; first += batchSize) {
      const batch = given.slice(first, first + batchSize);
      await client.query('BEGIN');
      await client.query(
        `WITH entry AS (INSERT INTO journal (event_id) SELECT unnest($1::uuid[]))
         INSERT INTO postings SELECT id, account, amount
         FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[]) AS t (id, f, t, a),
           LATERAL (VALUES (t.f, -t.a), (t.t, t.a)) AS p (account, amount)`,
        [
          batch.map(({ id }) => id),
          batch.map(({ from }) => from),
          batch.map(({ to }) => to),
          batch.map(({ amount }) => amount),
        ],
      );
      await client.query('COMMIT');
    }
    return (performance.now() - startedMs) / 1_000;
  } finally {
    client.release();
  }
};

/** One transfer in one statement, which is its own transaction. */
export const bookTransfer = (pool: Pool, { id, from, to, amount }: Transfer): Promise<unknown> =>
  pool.query({
    name: 'transfer',
    text: `WITH entry AS (INSERT INTO journal (event_id) VALUES ($1))
           INSERT INTO postings VALUES ($1, $2, -$4::bigint), ($1, $3, $4::bigint)`,
    values: [id, from, to, amount],
  });
