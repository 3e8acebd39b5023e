import {
  type AttachMethod,
  canonicalJson,
  derivedId,
  sha256Hex,
  type MeterReading,
} from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { corrected, correctedReadings, correctedStop, type LiveClock } from './clock-correction';
import {
  initial,
  type RecordReadings,
  type StartSession,
  type StopSession,
} from './charging-session';
import { sessionIdOf, startFingerprint, type StartWords } from './session-identity';
import type { IdTagInfo, SessionKey, StoredSession } from './session-record';
import type { Departure } from './session-occupancy';
import type { Stop } from './stop';

/** The charge point that speaks. */
export type Station = Readonly<{ cpoId: string; chargePointId: string }>;

export type NewStart = Readonly<{
  station: Station;
  words: StartWords;
  now: Instant;
  idTagInfo: IdTagInfo;
  /** Where the message was made when it came; its claims are corrected by it. */
  clock?: LiveClock;
  /** All of SessionStarted that the start itself does not say. */
  facts: Omit<
    StartSession['started'],
    'cpoId' | 'sessionId' | 'chargePointId' | 'ocppTransactionId' | 'occurrence' | keyof StartWords
  >;
}>;

export type StopMessage = Readonly<{
  station: Station;
  now: Instant;
  /** Where the message was made when it came; its claims are corrected by it. */
  clock?: LiveClock;
  /** Left out when it cannot be read. */
  transactionId?: number;
  stop: Omit<Stop, 'tokenRef'>;
  /** Mark of the tag that stopped the session, if one did. */
  tokenMark?: string;
  readings: readonly MeterReading[];
}>;

export type MeterMessage = Readonly<{
  station: Station;
  now: Instant;
  /** Where the message was made when it came; its claims are corrected by it. */
  clock?: LiveClock;
  connectorId: number;
  transactionId?: number;
  readings: readonly MeterReading[];
  /** They were read before the connection they came by: what runs now need not be what ran then. */
  isQueued?: boolean;
}>;

/**
 * What a message says as one text: amounts are bigint, which JSON does not know. Of a signed value its
 * mark counts: encrypted it is another text each time.
 */
export const contentText = (content: unknown): string =>
  canonicalJson(
    JSON.parse(
      JSON.stringify(content, (key, value: unknown) => {
        if (key === 'sealedData') return undefined;
        return typeof value === 'bigint' ? value.toString() : value;
      }),
    ),
  );

const transactionOf = (transactionId: number | undefined) =>
  transactionId === undefined ? {} : { ocppTransactionId: transactionId.toString() };

/**
 * The session that a new start begins, and the command that begins it. The fingerprint is that of its
 * words as they were said, unless the charge point names its transactions itself.
 */
export const beginningOf = (
  { station, words, now, idTagInfo, clock, facts }: NewStart,
  occurrence: number,
  ocppTransactionId: string,
  fingerprint = startFingerprint(words),
): Readonly<{ session: StoredSession; command: StartSession }> => {
  const { cpoId, chargePointId } = station;
  const sessionId = sessionIdOf(cpoId, chargePointId, fingerprint, occurrence);
  const { tokenMark, ...said } = words;
  const { at: startedAt, ...note } = corrected(words.startedAt, clock);
  const key: SessionKey = {
    ...station,
    sessionId,
    connectorId: words.connectorId,
    ocppVersion: facts.ocppVersion,
    ocppTransactionId,
    fingerprint,
    occurrence,
    tokenMark,
    tokenRef: facts.decision.tokenRef,
    idTagInfo,
  };
  const started = {
    ...facts,
    ...said,
    startedAt,
    ...note,
    ...station,
    sessionId,
    occurrence,
    ocppTransactionId,
  };
  return {
    session: { ...key, state: initial, eventCount: 0 },
    command: { type: 'StartSession', now, started },
  };
};

/**
 * The command for a stop. Its tag counts where it is the session's own; `departure` is
 * what is known to have ended its stay.
 */
export const stopCommandOf = (
  { station, now, clock, transactionId, stop, tokenMark, readings }: StopMessage,
  session: StoredSession | undefined,
  departure: Departure,
  linkedBy?: AttachMethod,
): StopSession => {
  const content = contentText([transactionId ?? null, stop, tokenMark ?? '', readings]);
  const isOwnTag = session !== undefined && tokenMark === session.tokenMark;
  return {
    type: 'StopSession',
    now,
    ...(linkedBy === undefined ? {} : { linkedBy }),
    origin: {
      ...station,
      connectorId: 0,
      ...transactionOf(transactionId),
      orphanId: derivedId('orphaned-stop', station.cpoId, station.chargePointId, content),
    },
    stop: { ...correctedStop(stop, clock), ...(isOwnTag ? { tokenRef: session.tokenRef } : {}) },
    readings: correctedReadings(readings, clock),
    ...departure,
  };
};

/** The command for a report of readings, and by what a resend of the report is recognised. */
export const reportOf = (
  { station, now, clock, connectorId, transactionId, readings }: MeterMessage,
  linkedBy?: AttachMethod,
): Readonly<{ reportHash: string; command: RecordReadings }> => {
  const content = contentText([connectorId, transactionId ?? null, readings]);
  const origin = {
    ...station,
    connectorId,
    ...transactionOf(transactionId),
    orphanId: derivedId('orphaned-readings', station.cpoId, station.chargePointId, content),
  };
  return {
    reportHash: sha256Hex(content),
    command: {
      type: 'RecordReadings',
      now,
      origin,
      readings: correctedReadings(readings, clock),
      ...(linkedBy === undefined ? {} : { linkedBy }),
    },
  };
};
