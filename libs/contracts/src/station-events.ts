import type {
  ConnectorStatusChanged as ConnectorStatusChangedMessage,
  StationBooted as StationBootedMessage,
  StationConnected as StationConnectedMessage,
  StationDisconnected as StationDisconnectedMessage,
} from './gen/tallywatt/station/v1/station_events_pb';
import {
  ConnectorStatusChangedSchema,
  StationBootedSchema,
  StationConnectedSchema,
  StationDisconnectedSchema,
} from './gen/tallywatt/station/v1/station_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

export type StationConnected = EventOf<'StationConnected', StationConnectedMessage>;
export type StationDisconnected = EventOf<'StationDisconnected', StationDisconnectedMessage>;
export type StationBooted = EventOf<'StationBooted', StationBootedMessage>;
export type ConnectorStatusChanged = EventOf<
  'ConnectorStatusChanged',
  ConnectorStatusChangedMessage
>;

/** Events of `charging.stations.v1`: connection, boot and connector states. */
export type StationEvent =
  StationConnected | StationDisconnected | StationBooted | ConnectorStatusChanged;

export const stationContracts = {
  StationConnected: contractOf('charging.stations.v1', StationConnectedSchema),
  StationDisconnected: contractOf('charging.stations.v1', StationDisconnectedSchema),
  StationBooted: contractOf('charging.stations.v1', StationBootedSchema),
  ConnectorStatusChanged: contractOf('charging.stations.v1', ConnectorStatusChangedSchema),
} as const;
