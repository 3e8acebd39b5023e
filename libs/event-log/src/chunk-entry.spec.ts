import { enterChunk } from './chunk-entry';

const place = (fetched: number, first: number, last: number, end: number) => ({
  fetchedOffset: BigInt(fetched),
  firstOffset: BigInt(first),
  lastOffset: BigInt(last),
  endOffset: BigInt(end),
});

describe('a chunk is compared with the stored offset', () => {
  it('is taken where it begins there', () =>
    expect(enterChunk(10n, place(10, 10, 19, 40))).toEqual({ do: 'take', fromOffset: 10n }));
  it('is taken from there on where it begins below', () =>
    expect(enterChunk(15n, place(10, 10, 19, 40))).toEqual({ do: 'take', fromOffset: 15n }));
  it('is passed over where all of it was taken', () =>
    expect(enterChunk(20n, place(10, 10, 19, 40))).toEqual({ do: 'seek', offset: 20n }));
  it('is refused where it begins above: something would be left out', () =>
    expect(enterChunk(5n, place(10, 10, 19, 40))).toEqual({ do: 'seek', offset: 5n }));
  it('is taken over a hole that the log itself has', () =>
    expect(enterChunk(8n, place(8, 10, 19, 40))).toEqual({ do: 'take', fromOffset: 8n }));
  it('is taken where the log begins since older records have expired', () => {
    const expired = { ...place(10, 10, 19, 40), startOffset: 10n };
    expect(enterChunk(5n, expired)).toEqual({ do: 'take', fromOffset: 10n });
    expect(enterChunk(12n, expired)).toEqual({ do: 'take', fromOffset: 12n });
    const above = { ...place(15, 15, 19, 40), startOffset: 10n };
    expect(enterChunk(5n, above)).toEqual({ do: 'seek', offset: 10n });
  });
  it('is refused when the log is shorter than what was taken from it', () =>
    expect(enterChunk(41n, place(10, 10, 19, 40))).toEqual({
      do: 'refuse',
      reason: 'offset 41 is stored but the log ends at 40',
    }));
});
