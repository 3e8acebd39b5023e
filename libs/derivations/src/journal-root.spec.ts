import { sha256Hex, type JournalEntryPosted, type JournalRootSigned } from '@tallywatt/contracts';
import { cdrIssued, recorded } from '@tallywatt/testing';
import { absentEntry, journalEntry, postJournalEntry } from './journal';
import { bookingInstant, sealDay, sealText, verifyRoots } from './journal-root';
import { postingFor } from './posting-rules';

/** An entry of a priced session, as it stands in the book. */
const entryOf = (sessionId: string, netMinor: bigint, day: string): JournalEntryPosted => {
  const fact = cdrIssued(sessionId, [['ENERGY', netMinor]], 19n);
  const posting = postingFor(fact, { taxJurisdiction: 'de', isPosted: () => false });
  if (posting.kind === 'none') throw new Error(posting.reason);
  const decision = journalEntry.decide(
    postJournalEntry(recorded(fact), posting.draft, `${day}T12:00:00.000Z`),
    absentEntry,
  );
  if (decision.kind !== 'accepted') throw new Error(decision.kind);
  return decision.events[0] as JournalEntryPosted;
};

// Stands for Ed25519: what matters here is which text is signed, and that no other text passes.
const sign = (text: string): string => sha256Hex(`key ${text}`);
const verify = (text: string, signature: string): boolean => signature === sign(text);

const days = ['2026-11-19', '2026-11-20', '2026-11-21'];
const book = new Map(
  days.map((day, index) => [
    day,
    [entryOf(`A${index}`, 100n, day), entryOf(`B${index}`, 200n, day)],
  ]),
);

const signAll = (entries: ReadonlyMap<string, readonly JournalEntryPosted[]>) =>
  days.reduce<JournalRootSigned[]>((roots, day) => {
    const seal = sealDay('default', day, entries.get(day) ?? [], roots.at(-1)?.rootHash ?? '');
    const root = { ...seal, keyId: 'key-1', signature: sign(sealText(seal)) };
    return [...roots, { type: 'JournalRootSigned', ...root }];
  }, []);

const roots = signAll(book);
const faultsOf = (
  given: readonly JournalRootSigned[],
  entries: ReadonlyMap<string, readonly JournalEntryPosted[]>,
): string[] =>
  verifyRoots(given, (day) => entries.get(day) ?? [], verify).map(
    ({ day, fault }) => `${day} ${fault}`,
  );

const withDay = (day: string, entries: readonly JournalEntryPosted[]) =>
  new Map([...book, [day, entries]]);

describe('the roots of a book', () => {
  it('verify, in whatever order the entries come', () => {
    const reversed = new Map([...book].map(([day, entries]) => [day, [...entries].reverse()]));
    expect(faultsOf(roots, reversed)).toEqual([]);
  });

  it('say the count, the root and the root before', () => {
    expect(roots.map(({ entryCount }) => entryCount)).toEqual([2n, 2n, 2n]);
    expect(roots.map(({ previousRootHash }) => previousRootHash)).toEqual([
      '',
      roots[0]?.rootHash,
      roots[1]?.rootHash,
    ]);
  });

  it('find an amount changed under a hash that was left as it was', () => {
    const [first, second] = book.get('2026-11-20') as [JournalEntryPosted, JournalEntryPosted];
    const lines = first.lines.map((line) => ({ ...line, amountMinor: line.amountMinor * 2n }));
    expect(faultsOf(roots, withDay('2026-11-20', [{ ...first, lines }, second]))).toEqual([
      `2026-11-20 entry ${first.entryId} does not say what its hash says`,
    ]);
  });

  it('find an entry replaced together with its hash', () => {
    const [, second] = book.get('2026-11-20') as [JournalEntryPosted, JournalEntryPosted];
    const forged = entryOf('A1', 999n, '2026-11-20');
    expect(faultsOf(roots, withDay('2026-11-20', [forged, second]))).toEqual([
      '2026-11-20 the entries are not the ones that were sealed',
    ]);
  });

  it('find an entry left out or slipped in', () => {
    const [first, second] = book.get('2026-11-21') as [JournalEntryPosted, JournalEntryPosted];
    expect(faultsOf(roots, withDay('2026-11-21', [first]))).toContain(
      '2026-11-21 1 entries, but 2 were sealed',
    );
    const late = entryOf('C', 1n, '2026-11-21');
    expect(faultsOf(roots, withDay('2026-11-21', [first, second, late]))).toContain(
      '2026-11-21 3 entries, but 2 were sealed',
    );
  });

  it('find a past day sealed anew, even by a forger who has the key', () => {
    const forgedBook = withDay('2026-11-19', [entryOf('A0', 999n, '2026-11-19')]);
    const forged = [signAll(forgedBook)[0] as JournalRootSigned, ...roots.slice(1)];
    expect(faultsOf(forged, forgedBook)).toEqual([
      '2026-11-20 the chain is broken: the root before it is another one',
    ]);
  });

  it('find a day left out', () =>
    expect(faultsOf([roots[0], roots[2]] as JournalRootSigned[], book)).toContain(
      '2026-11-21 the chain is broken: the root before it is another one',
    ));

  it('find a seal that was changed after it was signed', () => {
    const changed = roots.map((root) => ({ ...root, keyId: 'key-1', cpoId: 'other' }));
    expect(faultsOf(changed, book)).toContain('2026-11-19 the signature is not that of key key-1');
  });
});

describe('an entry', () => {
  it('is booked now', () => {
    const now = '2026-11-21T10:00:00.000Z';
    expect(bookingInstant(now, undefined)).toBe(now);
    expect(bookingInstant(now, '2026-11-20')).toBe(now);
  });

  it('is never booked into a sealed day, whatever the clock says', () =>
    expect(bookingInstant('2026-12-31T23:59:59.990Z', '2026-12-31')).toBe(
      '2027-01-01T00:00:00.000Z',
    ));
});
