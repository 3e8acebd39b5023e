import type { ChargingSession } from '../domain/charging-session';

/** A session's state as text; bigint as `{"$int": "..."}`, which no field of it is called. */
export const encodeState = (state: ChargingSession): string =>
  JSON.stringify(state, (_key, value: unknown) =>
    typeof value === 'bigint' ? { $int: value.toString() } : value,
  );

export const decodeState = (text: string): ChargingSession =>
  JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && '$int' in value
      ? BigInt(value.$int as string)
      : value,
  ) as ChargingSession;
