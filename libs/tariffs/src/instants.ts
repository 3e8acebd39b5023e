/** The instants in order, each once. */
export const distinctAscending = (instants: readonly number[]): number[] => {
  // A typed array sorts numbers without asking a function for each pair.
  const ordered = Float64Array.from(instants).sort();
  const distinct: number[] = [];
  let last: number | undefined;
  // Walked by index: its iterator was a tenth of the time of cutting a session.
  for (let index = 0; index < ordered.length; index += 1) {
    const atMs = ordered[index];
    if (atMs === undefined || atMs === last) continue;
    distinct.push(atMs);
    last = atMs;
  }
  return distinct;
};
