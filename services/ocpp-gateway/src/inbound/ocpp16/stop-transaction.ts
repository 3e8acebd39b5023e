import { type Answer, claimedInstant, milliWhOf } from '../frame';
import { decodeMeterValues, type WireMeterValue } from './sampled-values';

type StopTransaction = Readonly<{
  transactionId: number;
  timestamp: string;
  meterStop: number;
  idTag?: string;
  reason?: string;
  transactionData?: readonly WireMeterValue[];
}>;

/** OCPP 1.6, section 4.10. A stop cannot be refused: known transaction or not, it is confirmed. */
export const stopTransaction: Answer<StopTransaction> = async (frame, gateway) => {
  const { connection, params, receivedAt } = frame;
  const { cpoId, chargePointId } = connection;
  const { idTag } = params;
  const seal = gateway.signedValues.sealing({ cpoId, chargePointId }, idTag);
  const readings = decodeMeterValues('transactionData', params.transactionData ?? [], seal);
  const stoppedAt = claimedInstant('timestamp', params.timestamp);
  const clock = gateway.clocks.at(connection, stoppedAt, receivedAt);
  const message = {
    station: { cpoId, chargePointId },
    now: receivedAt,
    ...(clock === undefined ? {} : { clock }),
    transactionId: params.transactionId,
    stop: {
      stoppedAt,
      meterStopMilliWh: milliWhOf('meterStop', params.meterStop),
      stopReason: params.reason ?? 'Local',
    },
    ...(idTag === undefined ? {} : { tokenMark: gateway.tokenMark(cpoId, idTag) }),
    readings,
  };
  const { signedValues, commits, sessions } = gateway;
  await signedValues.committed(commits, readings, (tx) => sessions.stop(tx, message));
  return {};
};
