/** The value below which `fraction` of the sorted samples lie (nearest rank). */
export const percentile = (samples: readonly number[], fraction: number): number => {
  if (samples.length === 0) throw new Error('there is no percentile of nothing');
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(sorted.length * fraction)));
  return sorted[rank - 1] as number;
};

/** The middle one; of an even number, the mean of the two in the middle. */
export const median = (samples: readonly number[]): number => {
  if (samples.length === 0) throw new Error('there is no median of nothing');
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
};

/** What the rounds of one figure say: the middle, and how far they lie apart. */
export type Spread = Readonly<{ median: number; min: number; max: number }>;

export const spreadOf = (samples: readonly number[]): Spread => ({
  median: median(samples),
  min: samples.reduce((least, one) => Math.min(least, one), Infinity),
  max: samples.reduce((most, one) => Math.max(most, one), -Infinity),
});

/** Four significant digits: more would be noise that looks like knowledge. */
export const rounded = (value: number): number => Number(value.toPrecision(4));
