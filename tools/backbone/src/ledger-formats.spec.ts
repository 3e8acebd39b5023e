import { execFileSync, spawnSync } from 'node:child_process';
import type { JournalEntryPosted, JournalEntryReversed } from '@tallywatt/contracts';
import type { PlacedEntry } from './journal-topic';
import { csvJournal, hledgerJournal } from './ledger-formats';

const at = '2026-11-21T08:00:00.000Z';

const posted = (changes: Partial<JournalEntryPosted> = {}): PlacedEntry => ({
  position: { topic: 'ledger.journal.v1', partition: 2, offset: 7n },
  entry: {
    type: 'JournalEntryPosted',
    cpoId: 'default',
    entryId: 'e-1',
    postingRule: 'cdr.issued',
    documentId: 'cdr-1',
    causeEventId: 'event-1',
    sessionId: 's-1',
    currency: 'EUR',
    lines: [
      { account: 'assets:receivable:driver', side: 'debit', amountMinor: 1190n },
      { account: 'revenue:charging:energy', side: 'credit', amountMinor: 1000n },
      { account: 'liabilities:tax:vat:de', side: 'credit', amountMinor: 190n },
    ],
    occurredAt: '2026-11-20T23:30:00.000Z',
    bookedAt: at,
    period: '2026-11',
    entryHash: 'h'.repeat(8),
    narration: 'Session s-1 priced',
    ...changes,
  },
});

const inYen = posted({
  entryId: 'e-2',
  currency: 'JPY',
  narration: 'Fee; of (somebody) | "quoted", and\nmore',
  lines: [
    { account: 'expenses:fees:processing', side: 'debit', amountMinor: 5n },
    { account: 'assets:processor:stripe:pending', side: 'credit', amountMinor: 5n },
  ],
});
const inFils = posted({
  entryId: 'e-3',
  currency: 'KWD',
  lines: [
    { account: 'assets:bank:operating', side: 'debit', amountMinor: 9_007_199_254_740_993_001n },
    {
      account: 'assets:processor:stripe:in-transit',
      side: 'credit',
      amountMinor: 9_007_199_254_740_993_001n,
    },
  ],
});
const reversed: JournalEntryReversed = {
  type: 'JournalEntryReversed',
  cpoId: 'default',
  entryId: 'e-4',
  reversedEntryId: 'e-1',
  reason: 'booked in error',
  causeEventId: 'event-2',
  currency: 'EUR',
  lines: [
    { account: 'revenue:charging:energy', side: 'debit', amountMinor: 1n },
    { account: 'assets:receivable:driver', side: 'credit', amountMinor: 1n },
  ],
  occurredAt: at,
  bookedAt: at,
  period: '2026-11',
  entryHash: 'r'.repeat(8),
};
const book = [posted(), inYen, inFils, { ...posted(), entry: reversed }];

describe('a book for hledger', () => {
  it('has its dates, its amounts with all decimals, and where each entry lies', () => {
    expect(hledgerJournal('default', [posted()])).toContain(`
2026-11-21 (cdr.issued) Session s-1 priced
    ; entry:e-1
    ; document:cdr-1
    ; session:s-1
    ; occurred:2026-11-20T23:30:00.000Z
    ; hash:hhhhhhhh
    ; log:ledger.journal.v1/2@7
    assets:receivable:driver   11.90 EUR
    revenue:charging:energy   -10.00 EUR
    liabilities:tax:vat:de     -1.90 EUR
`);
  });

  it('declares every commodity with its decimals, and every account', () => {
    const text = hledgerJournal('default', book);
    expect(text).toContain('commodity 1000.00 EUR\ncommodity 1000. JPY\ncommodity 1000.000 KWD\n');
    expect(text).toContain('account liabilities:tax:vat:de  ; type:L\n');
    expect(text).toContain('account assets:bank:operating  ; type:A\n');
  });

  it('keeps amounts that no float could hold', () =>
    expect(hledgerJournal('default', [inFils])).toContain(' 9007199254740993.001 KWD'));

  it('lets no narration become a comment, a code or a second line', () =>
    expect(hledgerJournal('default', [inYen])).toContain(
      '\n2026-11-21 (cdr.issued) Fee of somebody "quoted", and more\n',
    ));

  it('shows a reversal as the entry it is', () =>
    expect(hledgerJournal('default', book)).toContain(
      '2026-11-21 (entry.reversed) Reverses e-1: booked in error\n',
    ));

  it('passes the strict checks of hledger, where that is installed', () => {
    const text = hledgerJournal('default', book);
    const sums = new Map<string, bigint>();
    for (const [, sign, digits, currency] of text.matchAll(/ {2}(-?)([\d.]+) ([A-Z]{3})$/gm)) {
      const minor = BigInt((digits ?? '').replace('.', '')) * (sign === '-' ? -1n : 1n);
      sums.set(currency ?? '', (sums.get(currency ?? '') ?? 0n) + minor);
    }
    expect([...sums.values()]).toEqual([0n, 0n, 0n]);
    if (spawnSync('hledger', ['--version']).error !== undefined) {
      process.stderr.write('hledger is not installed: only our own balance check was made\n');
      return;
    }
    execFileSync('hledger', ['check', '-s', '-f', '-'], { input: text, stdio: 'pipe' });
  });

  it('may be empty', () => expect(hledgerJournal('default', [])).not.toContain('commodity'));
});

describe('a book as CSV', () => {
  it('has a row for each line, quoted as RFC 4180 says', () => {
    const [header, first, , , yen] = csvJournal([posted(), inYen]).split('\r\n');
    expect(header?.split(',')).toHaveLength(14);
    expect(first).toBe(
      'e-1,2026-11-21T08:00:00.000Z,2026-11-20T23:30:00.000Z,2026-11,cdr.issued,cdr-1,s-1,' +
        'assets:receivable:driver,11.90,,EUR,Session s-1 priced,hhhhhhhh,ledger.journal.v1/2@7',
    );
    expect(yen).toContain(',5,,JPY,"Fee; of (somebody) | ""quoted"", and\nmore",');
  });
});
