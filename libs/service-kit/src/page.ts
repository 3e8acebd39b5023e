import { z } from 'zod';
import { Problem } from './problem';

/** One page of a list; `next` goes into `?cursor=` for the next one and is null at the end. */
export type Page<Item> = Readonly<{ items: readonly Item[]; next: string | null }>;

/** `?limit=` (1 to 500, default 50) and `?cursor=` of every list. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(1_000).optional(),
});

/** A cursor is the sort key of the last item seen, opaque to callers. */
export const encodeCursor = (key: readonly string[]): string =>
  Buffer.from(JSON.stringify(key), 'utf8').toString('base64url');

/** @throws Problem 422 when the cursor is none of ours. */
export const decodeCursor = (cursor: string | undefined, parts: number): string[] | undefined => {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (
      Array.isArray(key) &&
      key.length === parts &&
      key.every((part): part is string => typeof part === 'string')
    ) {
      return key;
    }
  } catch {
    // Not ours: answered below.
  }
  throw new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: '$.cursor: is not a cursor of this list',
    faults: [{ path: '$.cursor', message: 'is not a cursor of this list' }],
  });
};

/**
 * Makes a page from one row more than the limit asked for: the extra row only says that there are
 * more.
 */
export const pageOf = <Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => readonly string[],
): Page<Item> => {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    next: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
};
