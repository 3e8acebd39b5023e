// Amounts are the only bigints in a subject, and their names end in Minor: that is how they are
// told from other texts when a row is read back.

/** JSON text of a value whose bigints are amounts. */
export const amountsToText = (value: unknown): string =>
  JSON.stringify(value, (key, item: unknown) => {
    if (typeof item !== 'bigint') return item;
    if (!key.endsWith('Minor')) throw new Error(`${key} holds an amount and does not say so`);
    return item.toString();
  });

/** Reads such a text back. */
export const amountsFromText = <T>(text: string): T =>
  JSON.parse(text, (key, item: unknown) =>
    key.endsWith('Minor') && typeof item === 'string' ? BigInt(item) : item,
  ) as T;
