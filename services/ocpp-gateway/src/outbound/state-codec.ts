import type { ChargingSession } from '../domain/charging-session';
import type { HeardEvent } from '../domain/transaction-event';

/** A session's state, or an event that waits, as text; bigint as `{"$int": "..."}`, which no field of it is called. */
export const encodeState = (state: ChargingSession | HeardEvent): string =>
  JSON.stringify(state, (_key, value: unknown) =>
    typeof value === 'bigint' ? { $int: value.toString() } : value,
  );

export const decodeState = <State extends ChargingSession | HeardEvent>(text: string): State =>
  JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && '$int' in value
      ? BigInt(value.$int as string)
      : value,
  ) as State;
