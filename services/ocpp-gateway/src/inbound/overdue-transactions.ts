import { instantFromEpochMs } from '@tallywatt/time';
import type { Grant } from '../domain/transaction-event';
import { AuthorizationUnavailable } from '../outbound/authorization-client';
import { findChargePoint } from '../outbound/charge-point-registry';
import { askedTag } from '../outbound/storable-text';
import { onBehalfOf } from '../outbound/station-lock';
import type { StoredTransaction } from '../outbound/transaction-rows';
import { laneOf } from './charger-connection';
import type { Gateway } from './frame';
import type { OcppMetrics } from './ocpp-metrics';
import { questionAt } from './question';

/** What is decided about a driver of whom nobody knows a token; undefined while nobody can be asked. */
const decisionAboutNobody = async (
  { cpoId, chargePointId, connectorId: known }: StoredTransaction,
  { sql, authorization }: Gateway,
  at: string,
): Promise<Grant | undefined> => {
  const point = await findChargePoint(sql, cpoId, chargePointId);
  if (point === undefined) return undefined;
  const place = questionAt(point, known);
  try {
    const { decision } = await authorization.authorize({
      ...place,
      idTag: askedTag(''),
      at,
      purpose: 'start',
    });
    return { decision, idTagInfo: { status: 'Invalid' }, connectorId: place.connectorId };
  } catch (error) {
    if (error instanceof AuthorizationUnavailable) return undefined;
    throw error;
  }
};

/** Goes on with one, unless nobody can be asked what it needs. */
const giveUp = async (due: StoredTransaction, gateway: Gateway): Promise<void> => {
  const { sql, commits, transactions, logger } = gateway;
  const { cpoId, chargePointId, transactionId } = due;
  const now = instantFromEpochMs(Date.now());
  const needsDecision = await transactions.isOverUndecided(sql, due);
  const nobody = needsDecision ? await decisionAboutNobody(due, gateway, now) : undefined;
  if (needsDecision && nobody === undefined) return;
  const about = { cpoId, chargePointId, transactionId };
  logger.warn(about, 'a transaction goes on without what is missing of it');
  await onBehalfOf(laneOf(due), () =>
    commits.submit((tx) => transactions.giveUpWaiting(tx, due, now, nobody)),
  );
};

/**
 * Goes on with the transactions whose missing events have not come in time, and with those that are
 * over and never had a token: what they took becomes a session that a person looks at. One that
 * cannot go on holds up none of the others: it comes up again, here or in another process, and stays
 * among those that are counted as incomplete.
 */
export const giveUpWaiting = async (
  gateway: Gateway,
  { transactionStuck }: Pick<OcppMetrics, 'transactionStuck'>,
): Promise<void> => {
  const { sql, transactions, logger } = gateway;
  for (const due of await transactions.claimDue(sql)) {
    const { cpoId, chargePointId, transactionId } = due;
    await giveUp(due, gateway).catch((error: unknown) => {
      const about = { cpoId, chargePointId, transactionId, err: error };
      logger.warn(about, 'a transaction cannot go on, and is tried again');
      transactionStuck();
    });
  }
};
