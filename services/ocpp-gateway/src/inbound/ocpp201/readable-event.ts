import { chargingStateValues } from '@tallywatt/contracts';
import { contentHashOf, type TransactionEvent } from '../../domain/transaction-event';
import type { SealSignedValue } from '../../outbound/signed-values';
import { storableText } from '../../outbound/storable-text';
import { fieldsOf, instantOf, int32Of } from '../readable';
import { connectorIn } from './evse';
import { readingsIn } from './sampled-values';

/** What can be read of a TransactionEvent. */
export type ReadableEvent = Readonly<{
  transactionId?: string;
  /** In clear: it is asked about, and never kept. */
  idToken?: string;
  isEnd: boolean;
  /** The station says that it was away when it happened. */
  isOffline: boolean;
  /** Of the command that the transaction came of (F01). */
  remoteStartId?: number;
  /** Of the reservation that it uses (H03). */
  reservationId?: number;
  /** Absent when it cannot be said which event of which transaction it is, or of when. */
  event?: TransactionEvent & Readonly<{ contentHash: string }>;
}>;

const eventTypes = ['Started', 'Updated', 'Ended'] as const;

const textOf = (value: unknown, charsMax: number): string | undefined =>
  typeof value === 'string' ? storableText(value, charsMax) : undefined;

/**
 * Reads a TransactionEvent (OCPP 2.0.1 part 2, E02 and others), each fact for itself: one that breaks
 * its schema in a corner says the rest all the same. A null is a field that was left out.
 */
export const readEvent = (
  params: unknown,
  markOf: (idToken: string) => string,
  sealing: (idToken?: string) => SealSignedValue,
): ReadableEvent => {
  const said = fieldsOf(params);
  const info = fieldsOf(said['transactionInfo']);
  const { idToken } = fieldsOf(said['idToken']);
  const token = typeof idToken === 'string' ? idToken : undefined;
  // The longest that the standard allows, in characters that may have become escapes.
  const transactionId = textOf(info['transactionId'], 36 * 6);
  const eventType = eventTypes.find((known) => known === said['eventType']);
  const seqNo = int32Of(said['seqNo']);
  const happenedAt = instantOf(said['timestamp']);
  const remoteStartId = int32Of(info['remoteStartId']);
  const reservationId = int32Of(said['reservationId']);
  const told = {
    isEnd: eventType === 'Ended',
    isOffline: said['offline'] === true,
    ...(transactionId === undefined ? {} : { transactionId }),
    ...(token === undefined ? {} : { idToken: token }),
    ...(remoteStartId === undefined ? {} : { remoteStartId }),
    ...(reservationId === undefined ? {} : { reservationId }),
  };
  if (transactionId === undefined || eventType === undefined) return told;
  if (seqNo === undefined || happenedAt === undefined) return told;
  const connectorId = connectorIn(said['evse']);
  const chargingState = chargingStateValues.find((state) => state === info['chargingState']);
  const stoppedReason = textOf(info['stoppedReason'], 50);
  const event: TransactionEvent = {
    eventType,
    seqNo,
    happenedAt,
    triggerReason: textOf(said['triggerReason'], 50) ?? '',
    ...(connectorId === undefined ? {} : { connectorId }),
    ...(chargingState === undefined ? {} : { chargingState }),
    ...(stoppedReason === undefined ? {} : { stoppedReason }),
    ...(token === undefined ? {} : { tokenMark: markOf(token) }),
    readings: readingsIn(said['meterValue'], sealing(token)),
  };
  return { ...told, event: { ...event, contentHash: contentHashOf(event) } };
};
