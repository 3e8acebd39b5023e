import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalEntryPosted } from '@tallywatt/contracts';
import { journalEntryHash, verifyRoots } from '@tallywatt/derivations';
import {
  createEventLog,
  eventLogMigrations,
  type EventLog,
  type SqlClient,
} from '@tallywatt/event-log';
import { createLogger } from '@tallywatt/service-kit';
import { testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { enterJournal, insertEntries } from './journal-tables';
import { createRootSigner, listRoots, type RootSigner } from './root-signer';
import { readSigningKey, verifierOf, type SigningKey } from './signing-key';

const migration = join(__dirname, '..', '..', 'migrations', '0001_journal.sql');
const directory = mkdtempSync(join(tmpdir(), 'ledger-'));
const keyFile = join(directory, 'key.pem');
const rootsFile = join(directory, 'outside', 'roots.jsonl');

let pool: Pool;
let eventLog: EventLog;
let key: SigningKey;
let signer: RootSigner;

const entryOf = (
  number: number,
  bookedAt: string,
  amounts: readonly bigint[] = [1190n, -1000n, -190n],
): JournalEntryPosted => {
  const accounts = [
    'assets:receivable:driver',
    'revenue:charging:energy',
    'liabilities:tax:vat:de',
  ];
  const entry: JournalEntryPosted = {
    type: 'JournalEntryPosted',
    cpoId: 'default',
    entryId: `00000000-0000-5000-8000-${String(number).padStart(12, '0')}`,
    postingRule: 'cdr.issued',
    documentId: `cdr-${number}`,
    causeEventId: `event-${number}`,
    sessionId: `session-${number}`,
    currency: 'EUR',
    lines: amounts.map((amountMinor, index) => ({
      account: accounts[index] ?? 'assets:suspense',
      side: amountMinor > 0n ? 'debit' : 'credit',
      amountMinor: amountMinor > 0n ? amountMinor : -amountMinor,
    })),
    occurredAt: bookedAt,
    bookedAt,
    period: bookedAt.slice(0, 7),
    entryHash: '',
    narration: 'as tested',
  };
  return { ...entry, entryHash: journalEntryHash(entry) };
};

const post = (...entries: JournalEntryPosted[]): Promise<void> =>
  eventLog.transaction((tx) => insertEntries(tx, entries));

/** Posts an entry, looks at it, and takes it back. */
const inVain = async (
  entry: JournalEntryPosted,
  look: (tx: SqlClient) => Promise<void>,
): Promise<void> => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await insertEntries(client, [entry]);
    await look(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
};

const count = async (table: string): Promise<number> =>
  (await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]?.n ?? -1;

beforeAll(async () => {
  const runtime = await testRuntime();
  pool = new Pool({ connectionString: await runtime.createDatabase(), max: 6 });
  await pool.query(eventLogMigrations);
  await pool.query(readFileSync(migration, 'utf8'));
  eventLog = createEventLog({
    service: 'ledger',
    streamsAreNew: true,
    pool,
    brokers: runtime.kafkaBrokers.split(','),
    logger: createLogger('ledger', 'silent'),
  });
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  key = readSigningKey(keyFile);
  signer = createRootSigner(eventLog, key, rootsFile);
});

afterAll(async () => {
  await eventLog?.stop();
  await pool?.end();
  rmSync(directory, { recursive: true });
});

describe('the books in the database', () => {
  beforeAll(() => post(entryOf(1, '2026-11-18T10:00:00.000Z')));

  it('take an entry once', async () => {
    await post(entryOf(1, '2026-11-18T11:00:00.000Z'), entryOf(1, '2026-11-18T12:00:00.000Z'));
    expect([await count('journal_entries'), await count('journal_lines')]).toEqual([1, 3]);
  });

  it.each(['journal_entries', 'journal_days', 'journal_roots'])(
    'refuse to change %s',
    async (table) => {
      const changes = [
        `UPDATE ${table} SET cpo_id = cpo_id`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table} CASCADE`,
      ];
      for (const change of changes) {
        await expect(pool.query(change)).rejects.toThrow(
          / is append-only: (UPDATE|DELETE|TRUNCATE) is refused/,
        );
      }
      expect([await count('journal_entries'), await count('journal_lines')]).toEqual([1, 3]);
    },
  );

  it('give back the lines as they were booked', async () => {
    const { rows } = await pool.query(
      `SELECT line_number, account, side, amount_minor FROM journal_lines
       WHERE entry_id = $1 ORDER BY line_number`,
      [entryOf(1, '').entryId],
    );
    expect(rows).toEqual(
      entryOf(1, '').lines.map(({ account, side, amountMinor }, index) => ({
        line_number: index + 1,
        account,
        side,
        amount_minor: amountMinor.toString(),
      })),
    );
  });

  it('keep accounts apart whatever characters they have', async () => {
    const strange = ['assets:a,b', 'assets:"{c}\\'];
    const entry = entryOf(4, '2026-11-18T10:00:00.000Z');
    const lines = entry.lines.slice(0, 2).map((line, index) => ({
      ...line,
      account: strange[index] ?? '',
      amountMinor: 5n,
    }));
    await inVain({ ...entry, lines }, async (tx) => {
      const { rows } = await tx.query<{ account: string }>(
        'SELECT account FROM journal_lines WHERE entry_id = $1 ORDER BY line_number',
        [entry.entryId],
      );
      expect(rows.map(({ account }) => account)).toEqual(strange);
    });
  });

  it.each<readonly [string, readonly bigint[]]>([
    ['does not balance', [1190n, -1000n]],
    ['has no lines', []],
    ['has one line', [5n]],
  ])('refuse what %s', async (_, amounts) => {
    const entry = entryOf(2, '2026-11-18T10:00:00.000Z', amounts);
    await expect(post(entry)).rejects.toThrow('check constraint "entry_balances"');
    expect(await count('journal_entries')).toBe(1);
  });

  it.each<readonly [string, string, string]>([
    ['more amounts than accounts', `'{a,b}'`, `'{5,-3,-2}'`],
    ['more accounts than amounts', `'{a,b,c}'`, `'{5,-5}'`],
    ['a line of nothing', `'{a,b,c}'`, `'{5,-5,0}'`],
    ['an account that is null', `'{a,NULL}'`, `'{5,-5}'`],
    ['an amount that is null', `'{a,b,c}'`, `'{5,-5,NULL}'`],
    ['amounts in two dimensions', `'{a,b,c,d}'`, `'{{5,-5},{3,-3}}'`],
  ])('refuse %s', async (_, accounts, amounts) => {
    const columns = `cpo_id, posting_rule, document_id, cause_event_id, currency, occurred_at,
      booked_at, period, entry_hash, narration, event_id`;
    await expect(
      pool.query(
        `INSERT INTO journal_entries (entry_id, line_accounts, line_amounts_minor, ${columns})
         SELECT gen_random_uuid(), ${accounts}, ${amounts}, ${columns} FROM journal_entries`,
      ),
    ).rejects.toThrow('check constraint "entry_balances"');
  });

  it('refuse lines that come later', async () => {
    await expect(
      pool.query(
        `INSERT INTO journal_lines (cpo_id, entry_id, line_number, account, side, amount_minor)
         VALUES ('default', $1, 4, 'assets:suspense', 'debit', 1)`,
        [entryOf(1, '').entryId],
      ),
    ).rejects.toThrow('cannot insert into view "journal_lines"');
  });

  it('refuse to change or to lose a line', async () => {
    for (const change of [
      'UPDATE journal_lines SET amount_minor = 1',
      'DELETE FROM journal_lines',
    ]) {
      await expect(pool.query(change)).rejects.toThrow('view "journal_lines"');
    }
  });
});

describe('days', () => {
  const outside = (): string[] => readFileSync(rootsFile, 'utf8').trimEnd().split('\n');
  const booked = new Map<string, JournalEntryPosted[]>();

  beforeAll(async () => {
    booked.set('2026-11-18', [entryOf(1, '2026-11-18T10:00:00.000Z')]);
    booked.set('2026-11-20', [
      entryOf(11, '2026-11-20T00:00:00.000Z'),
      entryOf(10, '2026-11-20T23:59:59.999Z'),
    ]);
    booked.set('2026-11-21', [entryOf(12, '2026-11-21T00:00:00.000Z')]);
    await post(...[...booked.values()].flat());
  });

  const faults = async () =>
    verifyRoots(
      await listRoots(pool, 'default', undefined, 100),
      (day) => booked.get(day) ?? [],
      verifierOf(new Map([[key.keyId, key.publicKeyPem]])),
    );

  it('are sealed when they are over, in order and chained, once', async () => {
    const now = '2026-11-21T00:00:10.000Z';
    const both = await Promise.all([signer.signRoots(now), signer.signRoots(now)]);
    const signed = both.flat();
    expect(signed.map(({ day, entryCount }) => [day, entryCount])).toEqual([
      ['2026-11-18', 1n],
      ['2026-11-20', 2n],
    ]);
    expect(signed[1]?.previousRootHash).toBe(signed[0]?.rootHash);
    expect(await faults()).toEqual([]);
    expect(await count('event_log.outbox')).toBe(2);
    expect(outside()).toHaveLength(2);
  });

  it('stand outside word for word, also after a crash tore the last line', async () => {
    const whole = outside();
    truncateSync(rootsFile, readFileSync(rootsFile).length - 20);
    await signer.signRoots('2026-11-21T00:01:10.000Z');
    expect(outside().filter((line) => line.endsWith('}'))).toEqual(whole);
    await signer.signRoots('2026-11-21T00:02:10.000Z');
    expect(outside()).toHaveLength(whole.length + 1);
  });

  it('take nothing once they are sealed', async () => {
    await expect(post(entryOf(20, '2026-11-20T12:00:00.000Z'))).rejects.toThrow(
      'book default is sealed up to 2026-11-20 or later',
    );
    await expect(post(entryOf(20, '2026-11-19T12:00:00.000Z'))).rejects.toThrow('is sealed');
  });

  it('wait for whoever is still booking', async () => {
    const last = entryOf(13, '2026-11-21T23:59:59.999Z');
    const booking = await pool.connect();
    try {
      await booking.query('BEGIN');
      await enterJournal(booking);
      await insertEntries(booking, [last]);
      const signing = signer.signRoots('2026-11-22T00:00:00.000Z');
      await new Promise((resolve) => setTimeout(resolve, 200));
      await booking.query('COMMIT');
      expect((await signing).map(({ day, entryCount }) => [day, entryCount])).toEqual([
        ['2026-11-21', 2n],
      ]);
    } finally {
      booking.release();
    }
    booked.get('2026-11-21')?.push(last);
    expect(await faults()).toEqual([]);
  });

  it('are found to differ from the copy outside when one of the two was changed', async () => {
    const text = readFileSync(rootsFile, 'utf8');
    writeFileSync(rootsFile, text.replaceAll('"entryCount":"2"', '"entryCount":"3"'));
    await expect(signer.signRoots('2026-11-22T00:01:00.000Z')).rejects.toThrow(
      'has other roots than the database for default/2026-11-20',
    );
    writeFileSync(rootsFile, text);
  });

  it('are verified against the facts of the entries', async () => {
    const [first] = booked.get('2026-11-18') as [JournalEntryPosted];
    booked.set('2026-11-18', [{ ...first, documentId: 'another' }]);
    expect(await faults()).toEqual([
      { day: '2026-11-18', fault: `entry ${first.entryId} does not say what its hash says` },
    ]);
    booked.set('2026-11-18', [first]);
  });
});

describe('the signing key', () => {
  it('has to be there and has to be an Ed25519 key', () => {
    const missing = join(directory, `${randomBytes(4).toString('hex')}.pem`);
    expect(() => readSigningKey(missing)).toThrow(`LEDGER_SIGNING_KEY_FILE ${missing}: no PKCS #8`);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(missing, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(() => readSigningKey(missing)).toThrow('is a key for ec, not Ed25519');
  });

  it('has an id of its own choosing, or one derived from its public half', () => {
    expect(readSigningKey(keyFile, 'key-2026').keyId).toBe('key-2026');
    expect(key.keyId).toMatch(/^[0-9a-f]{16}$/);
  });
});
