import { createHash } from 'node:crypto';
import { trialBalance } from '@tallywatt/accounting';
import { canonicalJson, sha256Hex, type JournalEntryPosted } from '@tallywatt/contracts';
import { specification } from '@tallywatt/testing';
import fc from 'fast-check';
import {
  cdrIssued,
  movementAvailable,
  movementRecorded,
  payoutCreated,
  payoutPaid,
  receivableOpened,
  recorded,
  taxPortion,
} from '@tallywatt/testing';
import {
  absentEntry,
  journalEntry,
  journalEntryHash,
  journalEntryId,
  postJournalEntry,
  type JournalEntry,
  type PostJournalEntry,
} from './journal';
import { postingFor, type Fact } from './posting-rules';

const commandFor = (fact: Fact, bookedAt = '2026-11-30T23:59:59.999Z'): PostJournalEntry => {
  const posting = postingFor(fact, { taxJurisdiction: 'de', isPosted: () => false });
  if (posting.kind === 'none') throw new Error(posting.reason);
  return postJournalEntry(recorded(fact), posting.draft, bookedAt);
};

const priced = cdrIssued('S1', [['ENERGY', 1000n]], 190n);
const command = commandFor(priced);
const posted: JournalEntryPosted = {
  type: 'JournalEntryPosted',
  cpoId: 'default',
  entryId: journalEntryId('default', 'cdr.issued', 'cdr-S1'),
  postingRule: 'cdr.issued',
  documentId: 'cdr-S1',
  causeEventId: recorded(priced).metadata.id,
  sessionId: 'S1',
  currency: 'EUR',
  lines: [
    { account: 'assets:receivable:driver', side: 'debit', amountMinor: 1190n },
    { account: 'revenue:charging:energy', side: 'credit', amountMinor: 1000n },
    { account: 'liabilities:tax:vat:de', side: 'credit', amountMinor: 190n },
  ],
  occurredAt: '2026-11-20T16:00:00.000Z',
  bookedAt: '2026-11-30T23:59:59.999Z',
  period: '2026-11',
  entryHash: '',
  narration: 'Session S1 priced',
};
const entry: JournalEntryPosted = { ...posted, entryHash: journalEntryHash(posted) };
const { sessionId: _, ...withoutSession } = entry;
const { given } = specification(journalEntry);

describe('an absent entry', () => {
  it('is posted into the period in which it is booked', () => given().when(command).then(entry));

  it('is not posted when it does not balance', () => {
    const lines = command.draft.lines.slice(1);
    expect(() =>
      journalEntry.decide({ ...command, draft: { ...command.draft, lines } }, absentEntry),
    ).toThrow('cdr.issued of cdr-S1 cannot be booked: debits and credits differ by -1190');
  });
});

describe('a posted entry', () => {
  it('is not posted again, however late the fact comes once more', () =>
    given(entry)
      .when({ ...command, bookedAt: '2027-01-01T00:00:00.000Z' })
      .thenIgnored('already-posted'));

  it('contradicted by other facts under its id is a broken book', () => {
    const cheaper = commandFor(cdrIssued('S1', [['ENERGY', 999n]], 190n));
    expect(() => journalEntry.decide(cheaper, journalEntry.evolve(absentEntry, entry))).toThrow(
      `entry ${entry.entryId} is booked with hash ${entry.entryHash}`,
    );
  });
});

describe('the hash of an entry', () => {
  it.each([
    ['all members', { ...entry, paymentId: 'P1' }],
    ['as few as there can be', withoutSession],
    [
      'texts that need escaping',
      { ...entry, documentId: 'a"b\\c\n\u2028\u00e9', sessionId: '\u{1f50c}' },
    ],
  ])('is that of canonical JSON: %s', (_, hashed: JournalEntryPosted) => {
    const { type, bookedAt, period, entryHash, narration, lines, ...facts } = hashed;
    expect([type, bookedAt, period, entryHash, narration]).not.toContain(undefined);
    const texts = lines.map(({ amountMinor, ...line }) => ({
      ...line,
      amountMinor: amountMinor.toString(),
    }));
    expect(journalEntryHash(hashed)).toBe(sha256Hex(canonicalJson({ ...facts, lines: texts })));
  });

  it('covers every fact', () => {
    const others: Partial<JournalEntryPosted>[] = [
      { cpoId: 'other' },
      { entryId: 'other' },
      { postingRule: 'payout.paid' },
      { documentId: 'cdr-S2' },
      { causeEventId: 'other' },
      { sessionId: 'S2' },
      { paymentId: 'p' },
      { currency: 'CHF' },
      { lines: entry.lines.map((line) => ({ ...line, amountMinor: line.amountMinor + 1n })) },
      { occurredAt: '2026-11-20T16:00:00.001Z' },
    ];
    const hashes = others.map((other) => journalEntryHash({ ...entry, ...other }));
    expect(new Set([...hashes, entry.entryHash]).size).toBe(others.length + 1);
  });

  it('does not depend on when it was booked, nor on how it is worded', () => {
    const later = { ...entry, bookedAt: '2027-01-01T00:00:00.000Z', period: '2027-01' };
    expect(journalEntryHash({ ...later, narration: 'other words' } as typeof entry)).toBe(
      entry.entryHash,
    );
  });

  it('is that of the facts as canonical JSON: keys sorted, amounts as texts', () => {
    const json =
      `{"causeEventId":"${entry.causeEventId}","cpoId":"default","currency":"EUR",` +
      `"documentId":"cdr-S1","entryId":"${entry.entryId}","lines":[` +
      '{"account":"assets:receivable:driver","amountMinor":"1190","side":"debit"},' +
      '{"account":"revenue:charging:energy","amountMinor":"1000","side":"credit"},' +
      '{"account":"liabilities:tax:vat:de","amountMinor":"190","side":"credit"}],' +
      '"occurredAt":"2026-11-20T16:00:00.000Z","postingRule":"cdr.issued","sessionId":"S1"}';
    expect(entry.entryHash).toBe(createHash('sha256').update(json).digest('hex'));
  });
});

/** Takes facts as they come, each possibly more than once. */
const book = (facts: readonly Fact[]): readonly JournalEntryPosted[] => {
  const states = new Map<string, JournalEntry>();
  const entries: JournalEntryPosted[] = [];
  facts.forEach((fact, index) => {
    const posting = postingFor(fact, {
      taxJurisdiction: 'de',
      isPosted: (rule, documentId) => states.has(journalEntryId(fact.cpoId, rule, documentId)),
    });
    if (posting.kind === 'none') return;
    const { rule, documentId } = posting.draft;
    const id = journalEntryId(fact.cpoId, rule, documentId);
    const state = states.get(id) ?? absentEntry;
    const bookedAt = `2026-11-21T10:00:00.${String(index % 1000).padStart(3, '0')}Z`;
    const decision = journalEntry.decide(
      postJournalEntry(recorded(fact), posting.draft, bookedAt),
      state,
    );
    if (decision.kind !== 'accepted') return;
    entries.push(...decision.events);
    states.set(id, decision.events.reduce(journalEntry.evolve, state));
  });
  return entries;
};

const idsAndHashes = (entries: readonly JournalEntryPosted[]): string[] =>
  entries.map(({ entryId, entryHash }) => `${entryId} ${entryHash}`).sort();

/** A session from its price to the bank: gross, the fee the processor keeps, perhaps a refund. */
const lifeOf = (sessionId: string, netMinor: bigint, refunded: boolean): Fact[] => {
  const taxMinor = (netMinor * 19n) / 100n;
  const grossMinor = netMinor + taxMinor;
  const feeMinor = grossMinor / 50n;
  const charge = {
    id: `ch-${sessionId}`,
    category: 'charge',
    amountMinor: grossMinor,
    feeMinor,
    sessionId,
  };
  const refund = {
    id: `re-${sessionId}`,
    category: 'refund',
    amountMinor: -grossMinor,
    sessionId,
    taxes: [taxPortion(netMinor, taxMinor)],
  };
  const movements = refunded ? [charge, refund] : [charge];
  return [
    cdrIssued(sessionId, [['ENERGY', netMinor]], taxMinor),
    ...movements.flatMap((movement) => [movementRecorded(movement), movementAvailable(movement)]),
  ];
};

const lives = fc
  .array(fc.record({ netMinor: fc.bigInt(100n, 100_000n), refunded: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((sessions) => {
    const facts = sessions.flatMap((session, index) =>
      lifeOf(`S${index}`, session.netMinor, session.refunded),
    );
    const paidOutMinor = facts.reduce(
      (sum, fact) => (fact.type === 'BalanceTransactionAvailable' ? sum + fact.netMinor : sum),
      0n,
    );
    // The processor pays out what is positive; a negative balance waits for the next captures.
    const payouts: Fact[] =
      paidOutMinor > 0n ? [payoutCreated('po', paidOutMinor), payoutPaid('po', paidOutMinor)] : [];
    return { facts: [...facts, ...payouts], paidOutMinor };
  });

describe('a book, whatever happened', () => {
  it('has the same entries however the facts were mixed and repeated', () => {
    const mixed = lives.chain(({ facts }) =>
      fc.record({
        facts: fc.constant(facts),
        disorder: fc.shuffledSubarray([...facts, ...facts, ...facts], {
          minLength: facts.length * 3,
        }),
      }),
    );
    fc.assert(
      fc.property(mixed, ({ facts, disorder }) => {
        expect(idsAndHashes(book(disorder))).toEqual(idsAndHashes(book(facts)));
      }),
    );
  });

  it('balances to zero in total, and clears what was settled and paid out', () => {
    fc.assert(
      fc.property(lives, ({ facts, paidOutMinor }) => {
        const balances = trialBalance(book(facts) as Parameters<typeof trialBalance>[0]);
        const balanceOf = (account: string): bigint =>
          balances.find((balance) => balance.account === account)?.balanceMinor ?? 0n;
        expect(balances.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0n)).toBe(0n);
        expect(balanceOf('assets:receivable:driver')).toBe(0n);
        expect(balanceOf('assets:processor:stripe:pending')).toBe(0n);
        expect(balanceOf('assets:processor:stripe:in-transit')).toBe(0n);
        expect(balanceOf('assets:processor:stripe:available')).toBe(
          paidOutMinor > 0n ? 0n : paidOutMinor,
        );
        expect(balanceOf('assets:bank:operating')).toBe(paidOutMinor > 0n ? paidOutMinor : 0n);
      }),
    );
  });

  it('clears the driver when a hold covers only a part', () => {
    const facts = [
      cdrIssued('S1', [['ENERGY', 5000n]], 950n),
      movementRecorded({ id: 'ch', category: 'charge', amountMinor: 5000n, feeMinor: 100n }),
      receivableOpened('S1', 950n),
    ];
    const balances = trialBalance(book(facts) as Parameters<typeof trialBalance>[0]);
    expect(balances.find(({ account }) => account === 'assets:receivable:driver')).toMatchObject({
      balanceMinor: 0n,
    });
  });
});
