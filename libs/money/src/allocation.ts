/** Weights that cannot share anything out. */
export class InvalidWeights extends Error {
  readonly code = 'invalid-weights';

  constructor(why: string) {
    super(`cannot allocate: ${why}`);
    this.name = 'InvalidWeights';
  }
}

/**
 * Splits whole minor units in proportion to weights: everyone gets the floor of their share, the
 * units left over go to the largest remainders, ties to the earlier part. The parts sum to the
 * whole, and a negative total is the exact mirror of the positive one.
 */
export const allocate = (totalMinor: bigint, weights: readonly bigint[]): bigint[] => {
  if (weights.some((weight) => weight < 0n)) throw new InvalidWeights('a weight is negative');
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0n);
  if (weightSum === 0n) throw new InvalidWeights('the weights sum to zero');

  const magnitude = totalMinor < 0n ? -totalMinor : totalMinor;
  const parts = weights.map((weight) => (magnitude * weight) / weightSum);
  const remainders = weights.map((weight) => (magnitude * weight) % weightSum);
  let left = magnitude - parts.reduce((sum, part) => sum + part, 0n);

  const byRemainder = remainders
    .map((remainder, index) => ({ remainder, index }))
    .sort((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
    );
  for (const { index } of byRemainder) {
    if (left === 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return totalMinor < 0n ? parts.map((part) => -part) : parts;
};
