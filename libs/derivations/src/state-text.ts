/** A state as text for a database; bigint as `{"$int": "..."}`, which no field of one is called. */
export const encodeState = (state: object): string =>
  JSON.stringify(state, (_key, value: unknown) =>
    typeof value === 'bigint' ? { $int: value.toString() } : value,
  );

/** @see encodeState */
export const decodeState = <State extends object>(text: string): State =>
  JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && '$int' in value
      ? BigInt(value.$int as string)
      : value,
  ) as State;
