import type { ChargerCommand } from '../domain/charger-command';
import type { ChargingSession } from '../domain/charging-session';
import type { WaitingOrphan } from '../domain/orphan-match';
import type { HeardEvent } from '../domain/transaction-event';

type Kept = ChargingSession | HeardEvent | ChargerCommand | WaitingOrphan;

/**
 * A session's state, an event or a command that waits, as text; bigint as `{"$int": "..."}`, which no
 * field of it is called.
 */
export const encodeState = (state: Kept): string =>
  JSON.stringify(state, (_key, value: unknown) =>
    typeof value === 'bigint' ? { $int: value.toString() } : value,
  );

export const decodeState = <State extends Kept>(text: string): State =>
  JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && '$int' in value
      ? BigInt(value.$int as string)
      : value,
  ) as State;
