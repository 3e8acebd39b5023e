import { decodeRecord, type LogPosition, type SessionEvent } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { keyIdOf, openedText } from './frame-cipher';
import type { FrameKeys } from './frame-keys';

/** A signed value with the reading that it is of. */
export type ShownSignedValue = Readonly<{
  readAt: Instant;
  context: string;
  measurand: string | null;
  encodingMethod: string | null;
  signingMethod: string | null;
  publicKey: string | null;
  /** As stored. */
  sealedData: string;
  /** As the meter signed it, byte for byte; null when nobody asked for it, or when it was erased. */
  data: string | null;
}>;

/** What one event of a session has of them, with its place in Kafka. */
export type ShownSignedValues = Readonly<{
  sequence: string;
  eventId: string;
  contentHash: string;
  /** Null while it is on its way to Kafka. */
  position: LogPosition | null;
  values: readonly ShownSignedValue[];
}>;

type Row = {
  stream_key: string;
  value: string;
  headers: Record<string, string>;
  topic: string;
  partition: number | null;
  log_offset: string | null;
};

const valuesOf = (event: SessionEvent): ShownSignedValue[] =>
  event.type === 'MeterValuesRecorded'
    ? event.readings.flatMap(({ readAt, context, signedValues = [] }) =>
        signedValues.map((signed) => ({
          readAt,
          context,
          measurand: signed.measurand ?? null,
          encodingMethod: signed.encodingMethod ?? null,
          signingMethod: signed.signingMethod ?? null,
          publicKey: signed.publicKey ?? null,
          sealedData: signed.sealedData,
          data: null,
        })),
      )
    : [];

const shownOf = (row: Row): ShownSignedValues => {
  const { event, metadata } = decodeRecord(row.stream_key, row.value, row.headers);
  const { topic, partition, log_offset: offset } = row;
  return {
    sequence: metadata.sequence.toString(),
    eventId: metadata.id,
    contentHash: metadata.contentHash,
    position:
      partition === null || offset === null ? null : { topic, partition, offset: BigInt(offset) },
    values: valuesOf(event as SessionEvent),
  };
};

/** The signed values of a session, event by event; one more than the limit. */
export const listSignedValues = async (
  sql: SqlClient,
  cpoId: string,
  sessionId: string,
  after: string | undefined,
  limit: number,
): Promise<ShownSignedValues[]> => {
  const { rows } = await sql.query<Row>(
    `SELECT topic, stream_key, value, headers, partition, log_offset FROM event_log.outbox
     WHERE topic = 'charging.sessions.v1' AND stream_key = $1 AND sequence > $2
       AND value LIKE '%"signedValues"%'
     ORDER BY sequence LIMIT $3`,
    [`${cpoId}/${sessionId}`, after ?? '0', limit + 1],
  );
  return rows.map(shownOf);
};

/** As the meter signed them, as far as they have not been erased. */
export const openedSignedValues = async (
  sql: SqlClient,
  cpoId: string,
  keys: FrameKeys,
  shown: readonly ShownSignedValues[],
): Promise<ShownSignedValues[]> => {
  const keyIds = shown.flatMap(({ values }) =>
    values.flatMap(({ sealedData }) => keyIdOf(sealedData) ?? []),
  );
  const secrets = await keys.find(sql, cpoId, [...new Set(keyIds)]);
  const opened = (sealedData: string): string | null => {
    const secret = secrets.get(keyIdOf(sealedData) ?? '');
    return secret === undefined ? null : openedText(cpoId, secret, sealedData);
  };
  return shown.map((one) => ({
    ...one,
    values: one.values.map((value) => ({ ...value, data: opened(value.sealedData) })),
  }));
};

/** Writes down who is shown what, before it is shown. */
export const recordSignedValueDisclosure = async (
  sql: SqlClient,
  cpoId: string,
  sessionId: string,
  shown: readonly ShownSignedValues[],
  shownTo: string,
  reason: string,
): Promise<void> => {
  const [first, last] = [shown[0], shown.at(-1)];
  if (first === undefined || last === undefined) return;
  await sql.query(
    `INSERT INTO signed_value_disclosures
       (cpo_id, session_id, first_sequence, last_sequence, shown_to, reason)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [cpoId, sessionId, first.sequence, last.sequence, shownTo, reason],
  );
};
