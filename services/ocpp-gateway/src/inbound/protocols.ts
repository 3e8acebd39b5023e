import { ocpp16 } from './ocpp16/protocol';
import { ocpp201 } from './ocpp201/protocol';
import type { Protocol } from './protocol';

/** WebSocket subprotocol to the version of OCPP that is spoken under it. */
export const protocols = {
  'ocpp1.6': ocpp16,
  'ocpp2.0.1': ocpp201,
} as const satisfies Record<string, Protocol>;

export type Subprotocol = keyof typeof protocols;
