import * as fc from 'fast-check';
import { type BookRecord, KeyBook, type ParkingKind } from './key-book';

type Numbered = BookRecord & { sequence: bigint };
const record = (sequence: number, key = 'k'): Numbered => ({
  topic: 't',
  key,
  sequence: BigInt(sequence),
});
const garbage = (key = 'k'): BookRecord => ({ topic: 't', key, fault: new Error('no JSON') });

const opened = (last: number, parked: [BookRecord, ParkingKind][] = []): KeyBook<BookRecord> => {
  const book = new KeyBook<BookRecord>();
  book.open(
    't',
    'k',
    BigInt(last),
    parked.map(([parkedRecord, kind]) => ({ record: parkedRecord, kind })),
  );
  return book;
};
const told = (book: KeyBook<BookRecord>, ...records: BookRecord[]): string[] =>
  records.flatMap((offered) =>
    book
      .offer(offered)
      .map((step) =>
        step.do === 'park'
          ? `park ${step.record.sequence ?? '?'}: ${step.reason}`
          : `${step.do} ${step.record.sequence}`,
      ),
  );

describe('a stream that is open', () => {
  it('is taken in order', () =>
    expect(told(opened(0), record(1), record(2))).toEqual(['handle 1', 'handle 2']));
  it('drops what was seen', () =>
    expect(told(opened(2), record(1), record(2), record(3), record(3))).toEqual([
      'drop 1',
      'drop 2',
      'handle 3',
      'drop 3',
    ]));
  it('parks what comes too early and says what is missing', () =>
    expect(told(opened(2), record(5))).toEqual(['park 5: sequence-gap: expected 3, got 5']));
  it('parks what cannot be decoded, and what follows', () =>
    expect(told(opened(0), garbage(), record(1))).toEqual([
      'park ?: undecodable: no JSON',
      'park 1: follows a parked record',
    ]));
});

describe('a stream whose records expire', () => {
  const estimate = (sequence: number) => ({ ...record(sequence), topic: 'pricing.estimates.v1' });
  const reading = (sequence: number) => ({ ...record(sequence), topic: 'charging.sessions.v1' });

  it('is taken from the first record that is left, and over what expired since', () =>
    expect(told(opened(0), estimate(5), estimate(6), estimate(5), estimate(9))).toEqual([
      'handle 5',
      'handle 6',
      'drop 5',
      'handle 9',
    ]));
  it('is none of those that are kept for ever', () =>
    expect(told(opened(0), reading(5))).toEqual(['park 5: sequence-gap: expected 1, got 5']));
});

describe('a stream with a gap', () => {
  it('is drained in order when the missing record arrives', () =>
    expect(
      told(
        opened(2, [
          [record(5), 'gap'],
          [record(4), 'gap'],
        ]),
        record(3),
        record(6),
      ),
    ).toEqual(['handle 3', 'handle 4', 'handle 5', 'handle 6']));
  it('drops a second copy of what waits', () =>
    expect(told(opened(2, [[record(5), 'gap']]), record(5))).toEqual(['drop 5']));
  it('stays parked behind a second gap', () =>
    expect(told(opened(2, [[record(5), 'gap']]), record(3), record(6), record(4))).toEqual([
      'handle 3',
      'park 6: sequence-gap: expected 4, got 6',
      'handle 4',
      'handle 5',
      'handle 6',
    ]));
});

describe('a poisoned stream', () => {
  it('parks what follows, also the next in sequence', () =>
    expect(told(opened(2, [[record(3), 'poison']]), record(4), record(5))).toEqual([
      'park 4: follows a parked record',
      'park 5: follows a parked record',
    ]));
  it('drops a second copy of the poison', () =>
    expect(told(opened(2, [[record(3), 'poison']]), record(3))).toEqual(['drop 3']));
  it('goes back to before the record that failed', () => {
    const book = opened(0);
    expect(told(book, record(1), record(2))).toEqual(['handle 1', 'handle 2']);
    book.poison(record(2));
    expect(book.lastSequence('t', 'k')).toBe(1n);
    expect(told(book, record(2), record(3))).toEqual(['drop 2', 'park 3: follows a parked record']);
  });
  it('does not touch other keys', () => {
    const book = opened(0, [[record(1), 'poison']]);
    expect(told(book, record(1, 'other'))).toEqual(['handle 1']);
  });
});

it('takes each record once and in order, however they are repeated and mixed', () => {
  const arrivals = fc
    .uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 12, maxLength: 12 })
    .chain((order) =>
      fc
        .array(fc.integer({ min: 1, max: 12 }), { maxLength: 20 })
        .map((again) => [...order, ...again]),
    );
  fc.assert(
    fc.property(arrivals, (sequences) => {
      const book = opened(0);
      const handled = sequences.flatMap((sequence) =>
        book
          .offer(record(sequence))
          .flatMap((step) => (step.do === 'handle' ? [Number(step.record.sequence)] : [])),
      );
      expect(handled).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }),
  );
});
