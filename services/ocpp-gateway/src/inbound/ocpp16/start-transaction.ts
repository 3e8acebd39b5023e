import { clockFault, clockSkewMs } from '../../domain/clock';
import { findChargePoint, locationOf, placeOf } from '../../outbound/charge-point-registry';
import { matchRemoteStart } from '../../outbound/remote-starts';
import { askedTag } from '../../outbound/storable-text';
import { type Answer, claimedInstant, FrameFault, int32, milliWhOf } from '../frame';
import { idTagInfoOf } from './id-tag-info';

type StartTransaction = Readonly<{
  connectorId: number;
  idTag: string;
  meterStart: number;
  timestamp: string;
  reservationId?: number;
}>;

/**
 * OCPP 1.6, section 4.8. A session begins with the decision it rests on, so nothing is answered while
 * authorization cannot be asked; the charger keeps the message and sends it again.
 */
export const startTransaction: Answer<StartTransaction> = async (frame, gateway) => {
  const { connection, params, receivedAt } = frame;
  const { cpoId, chargePointId, connectedAt } = connection;
  const startedAt = claimedInstant('timestamp', params.timestamp);
  const words = {
    connectorId: int32('connectorId', params.connectorId),
    tokenMark: gateway.tokenMark(cpoId, params.idTag),
    meterStartMilliWh: milliWhOf('meterStart', params.meterStart),
    startedAt,
  };
  const { sessions, commits, sql } = gateway;
  const station = { cpoId, chargePointId };
  const known = await sessions.recall(sql, station, words, receivedAt);
  if (known !== undefined) return commits.submit((tx) => sessions.repeat(tx, known));

  const point = await findChargePoint(sql, cpoId, chargePointId);
  if (point === undefined) throw new FrameFault(`charge point ${chargePointId} is not registered`);
  const connector = point.connectors.find(({ id }) => id === words.connectorId);
  const powerWMax = connector?.powerWMax ?? 0n;
  const answer = await gateway.authorization.authorize({
    cpoId,
    chargePointId,
    connectorId: words.connectorId,
    idTag: askedTag(params.idTag),
    at: clockFault(startedAt, receivedAt) === undefined ? startedAt : receivedAt,
    ...placeOf(point, connector),
    powerWMax,
    purpose: 'start',
  });
  const clock = gateway.clocks.at(connection, startedAt, receivedAt);
  const skewMs = clockSkewMs(startedAt, receivedAt, connectedAt, clock);
  const live = clock === undefined ? {} : { clock };
  const idTagInfo = idTagInfoOf(answer);
  const facts = {
    ocppVersion: connection.ocppVersion,
    ...(skewMs === undefined ? {} : { clockSkewMs: skewMs }),
    powerWMax,
    location: locationOf(point),
    decision: answer.decision,
  };
  return commits.submit(async (tx) => {
    const remote = await matchRemoteStart(tx, station, words, receivedAt);
    const about = { ...facts, ...remote };
    const start = { station, words, now: receivedAt, idTagInfo, ...live, facts: about };
    const started = await sessions.start(tx, start);
    const { reservationId } = params;
    if (reservationId !== undefined) {
      const ocppTransactionId = String(started.transactionId);
      const used = { reason: 'used', ocppTransactionId } as const;
      await gateway.notices.endReservation(tx, station, reservationId, used, receivedAt);
    }
    return started;
  });
};
