import { clockFault, clockSkewMs } from '../../domain/clock';
import type { IdTagInfo } from '../../domain/session-record';
import type { Grant, HeardEvent } from '../../domain/transaction-event';
import { AuthorizationUnavailable } from '../../outbound/authorization-client';
import { findChargePoint } from '../../outbound/charge-point-registry';
import { nameRemoteStart } from '../../outbound/remote-starts';
import { askedTag } from '../../outbound/storable-text';
import { type Answer, type Frame, FrameFault, type Gateway } from '../frame';
import { idTokenInfo, tokenInfoOf } from './id-token-info';
import { faultIn, keepFaulty } from './meter-values';
import { questionAt } from '../question';
import { readEvent } from './readable-event';

/** Asks about a token; undefined while nobody can be asked. */
const granted = async (
  { connection, receivedAt }: Frame<unknown>,
  event: HeardEvent,
  idToken: string,
  known: Readonly<{ connectorId?: number; hasSession: boolean }>,
  gateway: Gateway,
): Promise<Grant | undefined> => {
  const { cpoId, chargePointId } = connection;
  const point = await findChargePoint(gateway.sql, cpoId, chargePointId);
  if (point === undefined) throw new FrameFault(`charge point ${chargePointId} is not registered`);
  const isTimed = clockFault(event.happenedAt, receivedAt) === undefined;
  const place = questionAt(point, event.connectorId ?? known.connectorId);
  try {
    const answer = await gateway.authorization.authorize({
      ...place,
      idTag: askedTag(idToken),
      at: isTimed ? event.happenedAt : receivedAt,
      purpose: known.hasSession ? 'authorize' : 'start',
    });
    const { connectorId } = place;
    return { decision: answer.decision, idTagInfo: tokenInfoOf(answer), connectorId };
  } catch (error) {
    if (!(error instanceof AuthorizationUnavailable)) throw error;
    gateway.logger.warn({ err: error, cpoId, chargePointId }, 'a token waits for its decision');
    return undefined;
  }
};

/**
 * OCPP 2.0.1 part 2, block E. The event is durable before it is confirmed, whatever it says: it may
 * belong to no transaction we know, and come before the one that is due. A token without a decision
 * is the one reason for an error, so that the station comes again with it; the rest of the event is
 * kept by then. The end of a transaction is confirmed without.
 */
export const transactionEvent: Answer<unknown> = async (frame, gateway) => {
  const { connection, params, receivedAt } = frame;
  const { cpoId, chargePointId, connectedAt, ocppVersion } = connection;
  const { sql, commits, transactions, signedValues } = gateway;
  const fault = faultIn('TransactionEvent', params);
  if (fault !== undefined) await keepFaulty('TransactionEvent', frame, fault, gateway);
  const read = readEvent(
    params,
    (idToken) => gateway.tokenMark(cpoId, idToken),
    (idToken) => signedValues.sealing({ cpoId, chargePointId }, idToken),
  );
  const { transactionId, event: said, idToken } = read;
  const speaker = { cpoId, chargePointId, transactionId: transactionId ?? '', now: receivedAt };
  if (said === undefined) {
    if (read.isEnd && transactionId !== undefined) {
      await commits.submit((tx) => transactions.doubtEnd(tx, speaker, fault ?? 'unreadable'));
    }
    return {};
  }
  const clock = read.isOffline
    ? undefined
    : gateway.clocks.at(connection, said.happenedAt, receivedAt);
  const skewMs = clockSkewMs(said.happenedAt, receivedAt, connectedAt, clock);
  const event = {
    ...said,
    ...(skewMs === undefined ? {} : { clockSkewMs: skewMs }),
    ...(clock === undefined ? {} : { clock }),
  };
  const recalled = await transactions.recall(sql, speaker, event, receivedAt);
  const grant =
    idToken === undefined || recalled.answer !== undefined
      ? undefined
      : await granted(frame, event, idToken, recalled, gateway);
  const answer = recalled.answer ?? grant?.idTagInfo;
  const heard = { ...event, ...(grant === undefined ? {} : { grant }) };
  const { remoteStartId, reservationId } = read;
  await signedValues.committed(commits, event.readings, async (tx) => {
    if (remoteStartId !== undefined) await nameRemoteStart(tx, speaker, remoteStartId);
    if (reservationId !== undefined) {
      const used = { reason: 'used', ocppTransactionId: speaker.transactionId } as const;
      await gateway.notices.endReservation(tx, speaker, reservationId, used, receivedAt);
    }
    await transactions.hear(tx, {
      speaker,
      ocppVersion,
      event: heard,
      ...(answer === undefined ? {} : { answer }),
    });
  });
  const cost = event.eventType === 'Updated' ? costOf(frame, speaker.transactionId, gateway) : {};
  if (idToken === undefined) return cost;
  if (answer === undefined && event.eventType !== 'Ended') {
    throw new AuthorizationUnavailable('the event is kept; its token waits for a decision');
  }
  return { ...answerOf(answer), ...cost };
};

/**
 * Part 2, I02: what it costs so far, where that is known here and shown there. Left out it is unknown,
 * while 0 would say that the session is free.
 */
const costOf = (
  { connection }: Frame<unknown>,
  transactionId: string,
  { costs }: Gateway,
): object => {
  const totalCost = costs.totalCostOf(connection, transactionId);
  return totalCost === undefined ? {} : { totalCost };
};

const answerOf = (answer: IdTagInfo | undefined): object =>
  answer === undefined ? {} : { idTokenInfo: idTokenInfo(answer) };
