import { derivedId } from '@tallywatt/contracts';
import { storableText } from '../../outbound/storable-text';
import type { Answer } from '../frame';

type BootNotification = Readonly<{
  reason: string;
  chargingStation: Readonly<{
    vendorName: string;
    model: string;
    firmwareVersion?: string;
    serialNumber?: string;
  }>;
}>;

/** OCPP 2.0.1 part 2, B01. Whoever passed the handshake is registered, so it is accepted. */
export const bootNotification: Answer<BootNotification> = async (frame, gateway) => {
  const { connection, params, messageId, receivedAt } = frame;
  const { cpoId, chargePointId, connectionId } = connection;
  const { vendorName, model, firmwareVersion, serialNumber } = params.chargingStation;
  const booted = {
    type: 'StationBooted',
    cpoId,
    chargePointId,
    bootedAt: receivedAt,
    vendor: storableText(vendorName),
    model: storableText(model),
    ...(firmwareVersion === undefined ? {} : { firmwareVersion: storableText(firmwareVersion) }),
    ...(serialNumber === undefined ? {} : { serialNumber: storableText(serialNumber) }),
  } as const;
  const id = derivedId('station-booted', cpoId, connectionId, messageId);
  await gateway.commits.submit((tx) => gateway.stations.booted(tx, booted, id));
  return {
    status: 'Accepted',
    currentTime: receivedAt,
    interval: gateway.heartbeatIntervalSeconds,
  };
};
