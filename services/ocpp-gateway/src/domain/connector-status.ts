import type { ChargingState } from '@tallywatt/contracts';

/** OCPP 1.6, section 7.7: ChargePointStatus. */
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
      return undefined;
  }
};
