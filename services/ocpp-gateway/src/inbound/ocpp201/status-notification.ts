import { corrected } from '../../domain/clock-correction';
import type { ConnectorStatus } from '../../domain/connector-status';
import { type Answer, claimedInstant } from '../frame';
import { connectorOf } from './evse';

type StatusNotification = Readonly<{
  timestamp: string;
  connectorStatus: ConnectorStatus;
  evseId: number;
  connectorId: number;
}>;

/** OCPP 2.0.1 part 2, G01. It has no error codes: what is wrong is said by NotifyEvent. */
export const statusNotification: Answer<StatusNotification> = async (frame, gateway) => {
  const { connection, params, messageId, receivedAt } = frame;
  const { cpoId, chargePointId } = connection;
  const { connectorStatus: status } = params;
  const connectorId = connectorOf(params.evseId, params.connectorId);
  const changedAt = claimedInstant('timestamp', params.timestamp);
  const errorCode = status === 'Faulted' ? 'OtherError' : 'NoError';
  const clock = gateway.clocks.at(connection, changedAt, receivedAt);
  gateway.clocks.witness(connection, changedAt, receivedAt);
  const at = corrected(changedAt, clock);
  const live = clock === undefined ? {} : { clock };
  const report = { connectorId, status, errorCode, changedAt, ...live };
  const station = { cpoId, chargePointId };
  await gateway.commits.submit(async (tx) => {
    await gateway.stations.statusChanged(tx, connection, messageId, report, receivedAt);
    await gateway.sessions.connectorStatus(tx, station, connectorId, status, at, receivedAt);
  });
  return {};
};
