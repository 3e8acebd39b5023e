import { derivedId } from '@tallywatt/contracts';
import { storableText } from '../../outbound/storable-text';
import type { Answer } from '../frame';

type BootNotification = Readonly<{
  chargePointVendor: string;
  chargePointModel: string;
  firmwareVersion?: string;
  chargePointSerialNumber?: string;
}>;

/** OCPP 1.6, section 4.2. Whoever passed the handshake is registered, so it is accepted. */
export const bootNotification: Answer<BootNotification> = async (frame, gateway) => {
  const { connection, params, messageId, receivedAt } = frame;
  const { cpoId, chargePointId, connectionId } = connection;
  const { firmwareVersion, chargePointSerialNumber } = params;
  const booted = {
    type: 'StationBooted',
    cpoId,
    chargePointId,
    bootedAt: receivedAt,
    vendor: storableText(params.chargePointVendor),
    model: storableText(params.chargePointModel),
    ...(firmwareVersion === undefined ? {} : { firmwareVersion: storableText(firmwareVersion) }),
    ...(chargePointSerialNumber === undefined
      ? {}
      : { serialNumber: storableText(chargePointSerialNumber) }),
  } as const;
  const id = derivedId('station-booted', cpoId, connectionId, messageId);
  await gateway.commits.submit((tx) => gateway.stations.booted(tx, booted, id));
  return {
    status: 'Accepted',
    currentTime: receivedAt,
    interval: gateway.heartbeatIntervalSeconds,
  };
};
