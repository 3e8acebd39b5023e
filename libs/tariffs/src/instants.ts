/** The instants in order, each once. */
export const distinctAscending = (instants: readonly number[]): number[] => {
  // A typed array sorts numbers without asking a function for each pair.
  const ordered = isAscending(instants) ? instants : Float64Array.from(instants).sort();
  const distinct: number[] = [];
  for (const atMs of ordered) {
    if (atMs !== distinct[distinct.length - 1]) distinct.push(atMs);
  }
  return distinct;
};

const isAscending = (instants: readonly number[]): boolean => {
  for (let index = 1; index < instants.length; index += 1) {
    if ((instants[index - 1] ?? 0) > (instants[index] ?? 0)) return false;
  }
  return true;
};
