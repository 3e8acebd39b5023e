import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  accountKind,
  defaultChart,
  roamingAccount,
  taxAccount,
  unbilledFleetAccount,
} from './chart-of-accounts';
import {
  assertBookable,
  bookedAmountMinor,
  credit,
  debit,
  entryFaults,
  EntryInvalid,
  reversedLines,
  type EntryDraft,
} from './journal-entry';
import { merkleRoot } from './merkle-root';
import { permittedPostings } from './permitted-postings';
import { trialBalance } from './trial-balance';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

const priced: EntryDraft = {
  rule: 'cdr.issued',
  documentId: 'cdr-1',
  currency: 'EUR',
  narration: 'Session priced',
  lines: [
    ...debit('assets:receivable:driver', 1190n),
    ...credit('revenue:charging:energy', 1000n),
    ...credit(taxAccount('de'), 190n),
  ],
};

describe('an entry', () => {
  it('may be booked when it balances and its rule permits its accounts', () => {
    expect(entryFaults(priced)).toEqual([]);
  });

  it('is refused when it does not balance', () => {
    const draft = { ...priced, lines: [...priced.lines, ...credit(taxAccount('de'), 1n)] };
    expect(() => assertBookable(draft)).toThrow(EntryInvalid);
    expect(() => assertBookable(draft)).toThrow('differ by -1 EUR minor units');
  });

  it('is refused when it balances and posts where its rule may not', () => {
    const lines = [...debit('assets:bank:operating', 5n), ...credit('revenue:charging:energy', 5n)];
    expect(entryFaults({ ...priced, lines })).toEqual([
      'assets:bank:operating: cdr.issued may not debit it',
    ]);
  });

  it('is refused for an account that the chart does not have', () => {
    const lines = [...debit('assets:mattress', 5n), ...credit('revenue:charging:energy', 5n)];
    expect(entryFaults({ ...priced, lines })).toEqual(['assets:mattress: not in the chart']);
  });

  it('takes a negative amount to the other side and leaves zero out', () => {
    expect(debit('a', -5n)).toEqual([{ account: 'a', side: 'credit', amountMinor: 5n }]);
    expect(credit('a', 0n)).toEqual([]);
  });

  it('and its mirror image bring every account back to zero', () => {
    const balances = trialBalance([priced, { ...priced, lines: reversedLines(priced.lines) }]);
    expect(balances.map(({ balanceMinor }) => balanceMinor)).toEqual([0n, 0n, 0n]);
  });
});

describe('the table of permitted postings', () => {
  it('names accounts of the chart only', () => {
    const accounts = Object.values(permittedPostings).flatMap((postings) =>
      postings.map(([, path]) => path),
    );
    for (const path of accounts) {
      const known = path.endsWith(':*')
        ? defaultChart.some((account) => account.path.startsWith(path.slice(0, -1))) ||
          accountKind(`${path.slice(0, -1)}xxabc`) !== undefined
        : accountKind(path) !== undefined;
      expect([path, known]).toEqual([path, true]);
    }
  });
});

describe('who owes instead of a driver', () => {
  it('has an account of its own, whatever the case of its name', () => {
    expect(roamingAccount('NLABC')).toBe('assets:receivable:roaming:nlabc');
    expect(accountKind(roamingAccount('NLABC'))).toBe('asset');
    expect(accountKind(unbilledFleetAccount('5B0E7C1A-9d2f'))).toBe('asset');
  });

  it.each(['assets:receivable:roaming:unknown', 'assets:receivable:fleet:unbilled:'])(
    'is never nobody: %s',
    (path) => expect(accountKind(path)).toBeUndefined(),
  );

  it('never meets the revenue of drivers', () => {
    const lines = [...debit(roamingAccount('NLABC'), 5n), ...credit('revenue:charging:energy', 5n)];
    expect(entryFaults({ ...priced, rule: 'roaming-cdr.issued', lines })).toEqual([
      'revenue:charging:energy: roaming-cdr.issued may not credit it',
    ]);
    expect(entryFaults({ ...priced, lines })).toEqual([
      'assets:receivable:roaming:nlabc: cdr.issued may not debit it',
    ]);
  });
});

describe('a trial balance', () => {
  it('sums to zero in each currency, whatever balanced entries it is made of', () => {
    const entry = fc
      .tuple(fc.bigInt(1n, 10n ** 12n), fc.constantFrom('EUR', 'JPY'))
      .map(([amount, currency]) => ({
        currency,
        lines: [...debit('assets:bank:operating', amount), ...credit('assets:suspense', amount)],
      }));
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        for (const currency of ['EUR', 'JPY']) {
          const sum = trialBalance(entries)
            .filter((balance) => balance.currency === currency)
            .reduce((total, { balanceMinor }) => total + balanceMinor, 0n);
          expect(sum).toBe(0n);
        }
      }),
    );
  });
});

describe('a Merkle root', () => {
  const entries = fc.uniqueArray(
    fc.record({ entryId: fc.uuid(), entryHash: fc.string({ minLength: 1 }) }),
    { selector: ({ entryId }) => entryId, minLength: 1, maxLength: 20 },
  );

  it('does not depend on the order of arrival', () => {
    fc.assert(
      fc.property(entries, (list) => {
        expect(merkleRoot([...list].reverse(), hash)).toBe(merkleRoot(list, hash));
      }),
    );
  });

  it('changes with any hash, and with any entry left out', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (list, pick) => {
        const index = pick % list.length;
        const changed = list.map((entry, at) =>
          at === index ? { ...entry, entryHash: `${entry.entryHash}x` } : entry,
        );
        const root = merkleRoot(list, hash);
        expect(merkleRoot(changed, hash)).not.toBe(root);
        expect(
          merkleRoot(
            list.filter((_, at) => at !== index),
            hash,
          ),
        ).not.toBe(root);
      }),
    );
  });

  it('of three entries is the one worked out by hand', () => {
    const list = ['a', 'b', 'c'].map((id) => ({ entryId: id, entryHash: `h${id}` }));
    const [a, b, c] = list.map(({ entryId, entryHash }) => hash(`leaf\n${entryId}\n${entryHash}`));
    expect(merkleRoot(list, hash)).toBe(hash(`node\n${hash(`node\n${a}\n${b}`)}\n${c}`));
  });
});

describe('the amount of a recorded line', () => {
  const line = { account: 'assets:suspense', side: 'debit', amountMinor: 5n };

  it('is above zero for a debit and below for a credit', () => {
    expect(bookedAmountMinor(line)).toBe(5n);
    expect(bookedAmountMinor({ ...line, side: 'credit' })).toBe(-5n);
  });

  it.each([
    { ...line, side: 'Debit' },
    { ...line, amountMinor: 0n },
    { ...line, side: 'credit', amountMinor: -5n },
  ])('is refused where it would have to be guessed: $side $amountMinor', (unclear) => {
    expect(() => bookedAmountMinor(unclear)).toThrow(RangeError);
  });
});
