import { corrected } from '../../domain/clock-correction';
import type { ConnectorStatus } from '../../domain/connector-status';
import { type Answer, claimedInstant, int32 } from '../frame';

type StatusNotification = Readonly<{
  connectorId: number;
  status: ConnectorStatus;
  errorCode: string;
  timestamp?: string;
}>;

/** OCPP 1.6, section 4.9. A status without a timestamp is of the moment it arrived. */
export const statusNotification: Answer<StatusNotification> = async (frame, gateway) => {
  const { connection, params, messageId, receivedAt } = frame;
  const { cpoId, chargePointId } = connection;
  const { status, errorCode, timestamp } = params;
  const connectorId = int32('connectorId', params.connectorId);
  const changedAt = timestamp === undefined ? receivedAt : claimedInstant('timestamp', timestamp);
  const clock =
    timestamp === undefined ? undefined : gateway.clocks.at(connection, changedAt, receivedAt);
  if (timestamp !== undefined) gateway.clocks.witness(connection, changedAt, receivedAt);
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
