/** Where a fetched chunk of a partition lies. */
export type ChunkPlace = Readonly<{
  /** What the fetch asked for. */
  fetchedOffset: bigint;
  firstOffset: bigint;
  lastOffset: bigint;
  /** End of the partition when it was fetched. */
  endOffset: bigint;
  /** Where the partition begins since older records have expired, as far as somebody has asked. */
  startOffset?: bigint;
}>;

export type ChunkEntry =
  /** Take the records from this offset on. */
  | Readonly<{ do: 'take'; fromOffset: bigint }>
  /** All of it was taken before, by us or by another owner: go on elsewhere. */
  | Readonly<{ do: 'seek'; offset: bigint }>
  /** The log is shorter than what was taken from it: it is not the log it was. */
  | Readonly<{ do: 'refuse'; reason: string }>;

/**
 * Compares a chunk with the stored offset, which alone says how far the consumer is. Holes in the
 * log are passed when the fetch began at or below the stored offset: then nothing lies in them. So is
 * what has expired.
 */
export const enterChunk = (stored: bigint, place: ChunkPlace): ChunkEntry => {
  if (stored > place.endOffset) {
    return {
      do: 'refuse',
      reason: `offset ${stored} is stored but the log ends at ${place.endOffset}`,
    };
  }
  const { startOffset = 0n } = place;
  const from = stored < startOffset ? startOffset : stored;
  if (from > place.lastOffset) return { do: 'seek', offset: from };
  if (place.firstOffset > from && place.fetchedOffset > from) return { do: 'seek', offset: from };
  return { do: 'take', fromOffset: from };
};
