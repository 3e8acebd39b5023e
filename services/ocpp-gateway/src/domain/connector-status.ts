import type { ChargingState } from '@tallywatt/contracts';

/** OCPP 1.6, section 7.7: ChargePointStatus; `Occupied` is of OCPP 2.0.1, ConnectorStatusEnumType. */
export const connectorStatusValues = [
  'Available',
  'Preparing',
  'Charging',
  'SuspendedEVSE',
  'SuspendedEV',
  'Finishing',
  'Reserved',
  'Unavailable',
  'Faulted',
  'Occupied',
] as const;
export type ConnectorStatus = (typeof connectorStatusValues)[number];

/**
 * What a connector's status says of the session on it, in the words of OCPP 2.0.1, or undefined when
 * it says nothing. After the stop no energy can flow, so a late `Charging` is not believed. Before
 * the stop `Finishing` only says that the cable is still in.
 */
export const chargingStateOf = (
  status: ConnectorStatus,
  session: 'active' | 'stopped',
): ChargingState | undefined => {
  switch (status) {
    case 'Charging':
    case 'SuspendedEV':
    case 'SuspendedEVSE':
      return session === 'active' ? status : undefined;
    case 'Finishing':
      return session === 'active' ? 'EVConnected' : 'Idle';
    case 'Preparing':
      return 'EVConnected';
    case 'Available':
    case 'Reserved':
    case 'Unavailable':
    case 'Faulted':
    case 'Occupied':
      return undefined;
  }
};

/**
 * What a charging state that a station reports itself (OCPP 2.0.1, ChargingStateEnumType) says of a
 * running session. `EVConnected` before energy has flowed is a vehicle that waits; after that somebody
 * has ended the charge and the cable is still in, which is what the log calls `Idle`. The station's own
 * `Idle` is the opposite: no vehicle is there, so nobody owes idle time.
 */
export const reportedChargingState = (
  reported: ChargingState,
  hasCharged: boolean,
): ChargingState => {
  if (reported === 'Idle') return 'EVConnected';
  return reported === 'EVConnected' && hasCharged ? 'Idle' : reported;
};
