/** First offset not taken and next free offset of a partition, by topic and number. */
export type Look = Readonly<{
  /** When the ends were asked for. */
  atMs: number;
  partitions: ReadonlyMap<string, Readonly<{ from: bigint; end: bigint }>>;
}>;

/** Until when a consumer has taken all that its topics held, and what it has to reach next. */
export type Completeness = Readonly<{
  /** Undefined until it has caught up once. */
  takenUntilMs: number | undefined;
  goal: Look | undefined;
}>;

export const nothingTaken: Completeness = { takenUntilMs: undefined, goal: undefined };

/**
 * What one look at offsets and ends says. A lag of 0 is rarely seen where much is written, so the
 * ends of one look are kept until a later look finds that they are reached: then all is taken that
 * the topics held when those ends were asked for.
 */
export const completenessAfter = (before: Completeness, look: Look): Completeness => {
  if (hasReached(look, look)) return { takenUntilMs: look.atMs, goal: undefined };
  const { goal } = before;
  if (goal === undefined) return { ...before, goal: look };
  return hasReached(look, goal) ? { takenUntilMs: goal.atMs, goal: look } : before;
};

const hasReached = ({ partitions }: Look, goal: Look): boolean =>
  [...goal.partitions].every(([name, { end }]) => {
    const from = partitions.get(name)?.from;
    return from !== undefined && from >= end;
  });
