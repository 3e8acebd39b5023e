import { isQueued } from '../../domain/clock';
import { storableText } from '../../outbound/storable-text';
import { keepRefusedFrame } from '../../outbound/refused-frames';
import { clockOf } from '../connection-clocks';
import { type Answer, type Frame, FrameFault, type Gateway } from '../frame';
import { fieldsOf, wholeOf } from '../readable';
import { connectorIn } from './evse';
import { readingsIn } from './sampled-values';
import { checkSchema } from './schema';

/** What breaks a schema in a message that is confirmed all the same, or undefined. */
export const faultIn = (action: string, params: unknown): string | undefined => {
  try {
    checkSchema(action, params);
    return undefined;
  } catch (error) {
    if (!(error instanceof FrameFault)) throw error;
    return storableText(error.message, 500);
  }
};

/** Keeps a faulty frame that is confirmed: an error would only bring the same words again. */
export const keepFaulty = async (
  action: string,
  { connection, params }: Frame<unknown>,
  detail: string,
  { commits, logger }: Gateway,
): Promise<void> => {
  const { cpoId, chargePointId } = connection;
  const errorCode = 'FormatViolation';
  const frame = JSON.stringify([action, params]);
  logger.warn({ cpoId, chargePointId, action, detail }, 'faulty frame confirmed');
  await commits.submit((tx) =>
    keepRefusedFrame(tx, { cpoId, chargePointId, frame, errorCode, detail }),
  );
};

/**
 * OCPP 2.0.1 part 2, J01: readings outside of a transaction. They belong to the session that runs on
 * the EVSE, where only one can be meant. Always confirmed.
 */
export const meterValues: Answer<unknown> = async (frame, gateway) => {
  const { connection, params, receivedAt } = frame;
  const { cpoId, chargePointId, connectedAt } = connection;
  const fault = faultIn('MeterValues', params);
  if (fault !== undefined) await keepFaulty('MeterValues', frame, fault, gateway);
  const { evseId, meterValue } = fieldsOf(params);
  const connectorId = connectorIn({ id: wholeOf(evseId) }) ?? 0;
  const { signedValues, commits, sessions } = gateway;
  const readings = readingsIn(meterValue, signedValues.sealing({ cpoId, chargePointId }));
  const clock = clockOf(gateway.clocks, connection, readings, receivedAt);
  const message = {
    station: { cpoId, chargePointId },
    now: receivedAt,
    ...(clock === undefined ? {} : { clock }),
    connectorId,
    readings,
    isQueued: isQueued(readings, receivedAt, connectedAt, clock),
  };
  await signedValues.committed(commits, readings, (tx) => sessions.meterValues(tx, message));
  return {};
};
