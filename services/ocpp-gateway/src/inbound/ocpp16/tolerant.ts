import { isQueued } from '../../domain/clock';
import { keepRefusedFrame } from '../../outbound/refused-frames';
import { storableText } from '../../outbound/storable-text';
import type { SqlClient } from '@tallywatt/event-log';
import { type Answer, type Frame, FrameFault, type Gateway } from '../frame';
import { readableMeterValues, readableStop } from './readable-facts';
import { checkSchema } from './schema';

/** Takes what can be read of a faulty frame, in the transaction that keeps the frame itself. */
type Salvage = (
  tx: SqlClient,
  frame: Frame<unknown>,
  fault: string,
  gateway: Gateway,
) => Promise<void>;

/**
 * An answer that never is an error for what the charger said: an error would only make it send the
 * same words again, for ever, with all that waits behind them. A frame that breaks its schema is kept
 * before it is confirmed, and what can be read of it counts.
 */
const tolerant =
  <Params>(action: string, answer: Answer<Params>, salvage: Salvage): Answer<unknown> =>
  async (frame, gateway) => {
    try {
      checkSchema(action, frame.params);
      return await answer(frame as Frame<Params>, gateway);
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      const { cpoId, chargePointId } = frame.connection;
      const { code: errorCode } = error;
      const detail = storableText(error.message, 500);
      const said = JSON.stringify([action, frame.params]);
      gateway.logger.warn({ cpoId, chargePointId, action, detail }, 'faulty frame confirmed');
      await gateway.commits.submit(async (tx) => {
        await keepRefusedFrame(tx, { cpoId, chargePointId, frame: said, errorCode, detail });
        await salvage(tx, frame, detail, gateway);
      });
      return {};
    }
  };

const salvageStop: Salvage = async (tx, { connection, params, receivedAt }, fault, gateway) => {
  const { cpoId, chargePointId } = connection;
  const station = { cpoId, chargePointId };
  const { transactionId, stoppedAt, meterStopMilliWh, stopReason, idTag, readings } = readableStop(
    params,
    (token) => gateway.signedValues.sealing(station, token),
  );
  const origin = {
    station,
    now: receivedAt,
    ...(transactionId === undefined ? {} : { transactionId }),
  };
  if (stoppedAt === undefined || meterStopMilliWh === undefined) {
    return gateway.sessions.doubtStop(tx, { ...origin, detail: fault });
  }
  await gateway.signedValues.keepKeys(tx, readings);
  await gateway.sessions.stop(tx, {
    ...origin,
    stop: { stoppedAt, meterStopMilliWh, stopReason },
    ...(idTag === undefined ? {} : { tokenMark: gateway.tokenMark(cpoId, idTag) }),
    readings,
  });
};

const salvageMeterValues: Salvage = async (tx, frame, _fault, gateway) => {
  const { connection, params, receivedAt } = frame;
  const { cpoId, chargePointId, connectedAt } = connection;
  const station = { cpoId, chargePointId };
  const said = readableMeterValues(params, gateway.signedValues.sealing(station));
  await gateway.signedValues.keepKeys(tx, said.readings);
  await gateway.sessions.meterValues(tx, {
    station,
    now: receivedAt,
    ...said,
    isQueued: isQueued(said.readings, receivedAt, connectedAt),
  });
};

/** A StopTransaction is confirmed whatever it says (OCPP 1.6, section 4.10). */
export const tolerantStop = <Params>(answer: Answer<Params>): Answer<unknown> =>
  tolerant('StopTransaction', answer, salvageStop);

/** A MeterValues is confirmed whatever it says (OCPP 1.6, section 4.7). */
export const tolerantMeterValues = <Params>(answer: Answer<Params>): Answer<unknown> =>
  tolerant('MeterValues', answer, salvageMeterValues);
