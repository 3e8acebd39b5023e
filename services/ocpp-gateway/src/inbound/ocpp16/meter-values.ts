import { isQueued } from '../../domain/clock';
import { clockOf } from '../connection-clocks';
import { type Answer, int32 } from '../frame';
import { decodeMeterValues, type WireMeterValue } from './sampled-values';

type MeterValues = Readonly<{
  connectorId: number;
  transactionId?: number;
  meterValue: readonly WireMeterValue[];
}>;

/** OCPP 1.6, section 4.7. Always confirmed, whatever transaction it names. */
export const meterValues: Answer<MeterValues> = async (frame, gateway) => {
  const { connection, params, receivedAt } = frame;
  const { cpoId, chargePointId, connectedAt } = connection;
  const { transactionId } = params;
  const seal = gateway.signedValues.sealing({ cpoId, chargePointId });
  const readings = decodeMeterValues('meterValue', params.meterValue, seal);
  const clock = clockOf(gateway.clocks, connection, readings, receivedAt);
  const message = {
    station: { cpoId, chargePointId },
    now: receivedAt,
    ...(clock === undefined ? {} : { clock }),
    connectorId: int32('connectorId', params.connectorId),
    ...(transactionId === undefined ? {} : { transactionId }),
    readings,
    isQueued: isQueued(readings, receivedAt, connectedAt, clock),
  };
  const { signedValues, commits, sessions } = gateway;
  await signedValues.committed(commits, readings, (tx) => sessions.meterValues(tx, message));
  return {};
};
