import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { derivedId, encodeEvent, type CdrIssued } from '@tallywatt/contracts';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { startTestServers } from '@tallywatt/testing';
import { runCommandLine, type ExitCode } from './command-line';
import type { Finding } from './finding';
import { startBilledLog, type BilledLog } from './testing/billed-log';

const directory = mkdtempSync(join(tmpdir(), 'backbone-'));
const keyFile = join(directory, 'public-key.pem');
const sessions = ['1', '2', '3'].map((name) => derivedId('session', name));
const [first = '', second = '', third = ''] = sessions;
const asIs = (cdr: CdrIssued): CdrIssued => cdr;
/** By a release whose CDRs did not say yet what the energy cost. */
const writtenBefore = ({ energyCost: _, ...cdr }: CdrIssued): CdrIssued => cdr;

let servers: LocalRuntime;
let log: BilledLog;
const cdrs = new Map<string, CdrIssued>();

const backbone = async (...words: string[]): Promise<{ code: ExitCode; out: string }> => {
  const out: string[] = [];
  const add = (text: string): void => void out.push(text);
  const code = await runCommandLine(words, log.environment, { out: add, err: add });
  return { code, out: out.join('\n') };
};

type Report = Readonly<{
  identical: boolean;
  counts: Readonly<Record<string, number>>;
  notes: readonly string[];
  findings: readonly Finding[];
}>;

const rebuild = async (...words: string[]): Promise<{ code: ExitCode; report: Report }> => {
  const { code, out } = await backbone(
    'rebuild',
    '--verify',
    '--json',
    '--public-key',
    keyFile,
    '--settle-seconds',
    '0',
    ...words,
  );
  if (code > 1) throw new Error(out);
  return { code, report: JSON.parse(out) as Report };
};

/** As a forger would who owns the database. */
const tamper = async (table: string, statement: string): Promise<void> => {
  await log.ledger.query(
    `ALTER TABLE ${table} DISABLE TRIGGER USER; ${statement}; ALTER TABLE ${table} ENABLE TRIGGER USER`,
  );
};

beforeAll(async () => {
  servers = await startTestServers();
  log = await startBilledLog(servers);
  writeFileSync(keyFile, log.publicKeyPem);
  for (const session of sessions) {
    cdrs.set(session, await log.bill(session, undefined, session === third ? writtenBefore : asIs));
  }
  await log.seal('2026-11-21');
});

afterAll(async () => {
  await log?.stop();
  await servers?.stop();
  rmSync(directory, { recursive: true });
});

describe('a log as it was written', () => {
  it('is rebuilt identically, in the databases as in the topics', async () => {
    const { code, report } = await rebuild();
    expect(report.findings).toEqual([]);
    expect(code).toBe(0);
    expect(cdrs.get(first)).toMatchObject({ energyCost: { costMinor: 200n, marginMinor: 250n } });
    expect(cdrs.get(third)).not.toHaveProperty('energyCost');
    expect(report.counts).toMatchObject({ cdrs: 3, entries: 15, roots: 1, underWay: 0 });
    expect(report.notes).toEqual([
      'pricing-engine: 3 rows compared with the live database',
      'ledger: 16 rows compared with the live database',
    ]);
  });

  it('is signed by the key one trusts, and by no other', async () => {
    const other = join(directory, 'other-key.pem');
    const { publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(other, publicKey.export({ type: 'spki', format: 'pem' }));
    const { code, report } = await rebuild('--topics-only', '--public-key', other);
    expect(report.findings).toEqual([
      {
        kind: 'root-differs',
        subject: 'default/days/2026-11-21',
        detail: 'the signature is not that of key key-1',
      },
    ]);
    expect(code).toBe(1);
    // After a rotation both are trusted, the old one for the days that it signed.
    const both = await rebuild('--topics-only', '--public-key', `${other},${keyFile}`);
    expect([both.code, both.report.findings]).toEqual([0, []]);
  });

  it('leaves no database behind', async () => {
    const { rows } = await log.ledger.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname LIKE 'backbone%'`,
    );
    // The two live ones of this test were made in the same way.
    expect(rows).toHaveLength(2);
  });

  it('proves each session, hop by hop', async () => {
    const { code, out } = await backbone('audit', 'session', first);
    expect(out).toContain('proven: 18 records');
    expect(code).toBe(0);
    for (const hop of ['decision', 'tariff', 'session', 'cdr', 'payment', 'balance', 'payout']) {
      expect(out).toContain(`\n${hop}\n`);
    }
    expect(out).not.toContain('(no record)');
    expect(out).toContain('Payout');
  });

  it('does not prove a session that it does not hold', async () => {
    const { code, out } = await backbone('audit', 'session', derivedId('session', 'other'));
    expect(out).toContain('no record names session');
    expect(code).toBe(1);
  });

  it('has every topic, and says where one drifted', async () => {
    const { code, out } = await backbone('topics', '--json');
    const { topics } = JSON.parse(out) as {
      topics: { name: string; drift: string[]; partitions: { end: string }[] }[];
    };
    expect(topics.flatMap(({ drift }) => drift)).toEqual([]);
    expect(code).toBe(0);
    const sessionsTopic = topics.find(({ name }) => name === 'charging.sessions.v1');
    const ends = sessionsTopic?.partitions.map(({ end }) => Number(end)) ?? [];
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(12);
  });

  it('is exported as hledger accepts it under its strict checks', async () => {
    const { code, out } = await backbone('ledger', 'export');
    expect(code).toBe(0);
    // Our own check stands by itself: every transaction sums to zero in its currency.
    const transactions = out.split('\n\n').slice(1);
    expect(transactions).toHaveLength(15);
    for (const transaction of transactions) {
      const amounts = [...transaction.matchAll(/ {2}(-?)(\d+)\.(\d{2}) EUR$/gm)];
      expect(amounts.length).toBeGreaterThanOrEqual(2);
      const cents = amounts.map(
        ([, sign, whole, part]) => BigInt(`${whole}${part}`) * (sign === '-' ? -1n : 1n),
      );
      expect(cents.reduce((sum, amount) => sum + amount, 0n)).toBe(0n);
    }
    if (spawnSync('hledger', ['--version']).error !== undefined) {
      process.stderr.write('hledger is not installed: only our own balance check was made\n');
      return;
    }
    const file = join(directory, 'book.journal');
    writeFileSync(file, out);
    execFileSync('hledger', ['check', '-s', '-f', file], { stdio: 'pipe' });
    const balance = execFileSync('hledger', ['-f', file, 'bal', '-N', 'assets:bank'], {
      encoding: 'utf8',
    });
    const paid = [...cdrs.values()].reduce((sum, cdr) => sum + cdr.totalInclTaxMinor - 33n, 0n);
    expect(balance).toContain(`${paid / 100n}.${String(paid % 100n).padStart(2, '0')} EUR`);
  });

  it('is exported by days of booking', async () => {
    const { out } = await backbone('ledger', 'export', '--format', 'csv', '--to', '2026-11-21');
    expect(out.trim().split('\r\n')).toHaveLength(1);
    const { out: all } = await backbone(
      'ledger',
      'export',
      '--format',
      'csv',
      '--from',
      '2026-11-21',
    );
    expect(all.trim().split('\r\n').length).toBeGreaterThan(30);
  });
});

describe('in the live database', () => {
  it('a changed amount is found and named', async () => {
    // A forger has to keep the balance: the database refuses any other amount, also without triggers.
    const change = (by: number): Promise<void> =>
      tamper(
        'journal_entries',
        `UPDATE journal_entries SET line_amounts_minor[1] = line_amounts_minor[1] - ${by},
           line_amounts_minor[2] = line_amounts_minor[2] + ${by}
         WHERE session_id = '${first}' AND posting_rule = 'payment.captured'`,
      );
    await change(1);
    const { code, report } = await rebuild();
    await change(-1);
    expect(code).toBe(1);
    expect(report.findings).toEqual([
      expect.objectContaining({
        kind: 'database-row-differs',
        detail: expect.stringContaining('lines[1].amountMinor: recorded "34", derived "33"'),
      }),
    ]);
  });

  it('a deleted row is found and named', async () => {
    await log.ledger.query(`CREATE TABLE kept AS SELECT * FROM journal_entries
      WHERE posting_rule = 'payout.paid' AND document_id = 'po-${second}'`);
    const { rows } = await log.ledger.query<{ entry_id: string }>('SELECT entry_id FROM kept');
    const entryId = rows[0]?.entry_id ?? '';
    await tamper('journal_entries', `DELETE FROM journal_entries WHERE entry_id = '${entryId}'`);
    const { code, report } = await rebuild();
    expect(code).toBe(1);
    expect(report.findings).toEqual([
      expect.objectContaining({
        kind: 'database-row-missing',
        subject: `journal_entries default/${entryId}`,
        detail: `payout.paid of po-${second} is in the log and not in the database`,
      }),
    ]);
    const columns = `cpo_id, entry_id, posting_rule, document_id, cause_event_id, session_id,
      payment_id, currency, occurred_at, booked_at, period, entry_hash, narration, event_id,
      line_accounts, line_amounts_minor`;
    await tamper(
      'journal_entries',
      `INSERT INTO journal_entries (${columns}) SELECT ${columns} FROM kept`,
    );
    expect((await rebuild()).report.findings).toEqual([]);
  });

  it('a row that nothing yields is found and named', async () => {
    const entryId = derivedId('made up');
    const wide = `'default', '${entryId}', 'payout.paid', 'po-none', 'none', NULL, NULL, 'EUR', now(),
      '2026-11-21T09:00:00Z', '2026-11', repeat('0', 64), 'made up', '${entryId}',
      '{assets:bank:operating,assets:suspense}', '{1,-1}'`;
    await tamper(
      'journal_entries',
      `INSERT INTO journal_entries (cpo_id, entry_id, posting_rule, document_id, cause_event_id,
         session_id, payment_id, currency, occurred_at, booked_at, period, entry_hash, narration,
         event_id, line_accounts, line_amounts_minor) VALUES (${wide})`,
    );
    const { report } = await rebuild();
    await tamper('journal_entries', `DELETE FROM journal_entries WHERE entry_id = '${entryId}'`);
    expect(report.findings.map(({ kind, detail }) => `${kind} ${detail}`)).toEqual([
      'database-row-underivable payout.paid of po-none is in the database and does not follow from the log',
    ]);
  });
});

describe('in the log', () => {
  // The log only grows: each test looks for its own finding among those of the ones before.
  const findings = async (): Promise<readonly Finding[]> => {
    const { code, report } = await rebuild('--topics-only');
    expect(code).toBe(1);
    return report.findings;
  };

  it('a second CDR under the number of the first is found and named', async () => {
    const cdr = cdrs.get(first) as CdrIssued;
    await log.forge({ event: { ...cdr, totalInclTaxMinor: 1n }, sequence: 1n });
    expect(await findings()).toContainEqual(
      expect.objectContaining({
        kind: 'record-contradicts',
        subject: `default/${first}`,
        position: expect.objectContaining({ topic: 'pricing.cdrs.v1' }),
      }),
    );
    const { code, out } = await backbone('audit', 'session', first);
    expect(code).toBe(1);
    expect(out).toContain('broken at cdr: record-contradicts');
    expect((await backbone('audit', 'session', second)).code).toBe(0);
  });

  it('a CDR with another amount is found, with the amount', async () => {
    const cdr = cdrs.get(second) as CdrIssued;
    const [line] = cdr.lines;
    if (line === undefined) throw new Error('the CDR has no line');
    const forged = { ...cdr, lines: [{ ...line, amountMinor: line.amountMinor - 100n }] };
    await log.publish('pricing-engine', [{ event: forged, occurredAt: cdr.closedAt }]);
    const found = await findings();
    expect(found).toContainEqual(
      expect.objectContaining({ kind: 'cdr-underivable', subject: `default/${second}` }),
    );
    const { out } = await backbone('audit', 'session', second);
    expect(out).toMatch(/broken at cdr/);
  });

  it('a record whose value was changed after it was hashed is found and named', async () => {
    const event = { ...(cdrs.get(first) as CdrIssued), sessionId: derivedId('session', 'forged') };
    const { value } = encodeEvent(event);
    await log.forge({ event, sequence: 1n, value: value.replace('"450"', '"449"') });
    expect(await findings()).toContainEqual(
      expect.objectContaining({
        kind: 'record-unreadable',
        subject: `default/${event.sessionId}`,
        detail: 'headers.ce_contenthash: is not the hash of the value',
      }),
    );
  });

  it('an entry that no fact yields is found, and its book is not exported', async () => {
    const cause = cdrs.get(first) as CdrIssued;
    const entry = {
      type: 'JournalEntryPosted' as const,
      cpoId: 'default',
      entryId: derivedId('forged entry'),
      postingRule: 'payout.paid',
      documentId: 'po-forged',
      causeEventId: cause.cdrId,
      currency: 'EUR',
      lines: [
        { account: 'assets:bank:operating', side: 'debit', amountMinor: 100n },
        { account: 'assets:processor:stripe:in-transit', side: 'credit', amountMinor: 100n },
      ],
      occurredAt: '2026-11-20T11:00:00.000Z',
      bookedAt: '2026-11-21T08:00:00.000Z',
      period: '2026-11',
      entryHash: '0'.repeat(64),
      narration: 'forged',
    };
    await log.forge({ event: entry, sequence: 1n });
    const found = await findings();
    for (const kind of ['entry-underivable', 'entry-differs', 'event-id-differs'] as const) {
      expect(found).toContainEqual(
        expect.objectContaining({
          kind,
          subject: `default/${entry.entryId}`,
          position: expect.objectContaining({ topic: 'ledger.journal.v1' }),
        }),
      );
    }
    const { code, out } = await backbone('ledger', 'export');
    expect(code).toBe(1);
    expect(out).toContain('does not keep its hash');
  });
});
