/** What a root seals of an entry. */
export type SealedEntry = Readonly<{ entryId: string; entryHash: string }>;

/** A hash of a text, hex; given by the caller, because domain code imports no cryptography. */
export type Hash = (text: string) => string;

const leaf = (hash: Hash, { entryId, entryHash }: SealedEntry): string =>
  hash(`leaf\n${entryId}\n${entryHash}`);
const node = (hash: Hash, left: string, right: string): string => hash(`node\n${left}\n${right}`);

const sorted = (entries: readonly SealedEntry[]): SealedEntry[] =>
  [...entries].sort((a, b) => (a.entryId < b.entryId ? -1 : a.entryId > b.entryId ? 1 : 0));

const levelAbove = (hash: Hash, level: readonly string[]): string[] => {
  const above: string[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const left = level[index] as string;
    const right = level[index + 1];
    // A node without a neighbour moves up as it is, so that no entry counts twice.
    above.push(right === undefined ? left : node(hash, left, right));
  }
  return above;
};

/**
 * The Merkle root over entries sorted by id: it depends on what was booked, not on the order of
 * arrival. Leaves and nodes are hashed under different prefixes, so neither passes for the other.
 */
export const merkleRoot = (entries: readonly SealedEntry[], hash: Hash): string => {
  let level = sorted(entries).map((entry) => leaf(hash, entry));
  if (level.length === 0) return hash('empty');
  while (level.length > 1) level = levelAbove(hash, level);
  return level[0] as string;
};
