import type { RatedSession } from '@tallywatt/derivations';

/** A session's state as text; bigint as `{"$int": "..."}`, which no field of it is called. */
export const encodeState = (state: RatedSession): string =>
  JSON.stringify(state, (_key, value: unknown) =>
    typeof value === 'bigint' ? { $int: value.toString() } : value,
  );

/** @see encodeState */
export const decodeState = (text: string): RatedSession =>
  JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && '$int' in value
      ? BigInt(value.$int as string)
      : value,
  ) as RatedSession;
