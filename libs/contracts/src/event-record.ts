import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Instant } from '@tallywatt/time';
import { ContractViolation, decodeMessage, encodeMessage } from './contract-codec';
import { eventContracts, streamKeyOf, type EventType, type TallywattEvent } from './event-catalog';

/** What is known about an event besides its facts; the same for every event. */
export type EventMetadata = Readonly<{
  /** UUIDv5 of what the event says: a resend or a re-run yields the same id. */
  id: string;
  source: string;
  /** Stream key: CPO id, a slash, the subject. */
  subject: string;
  cpoId: string;
  /** Number of the event within its stream, from 1 without gaps. */
  sequence: bigint;
  /** When it happened, as far as the outside world says. */
  occurredAt: Instant;
  /** When we wrote it down. */
  recordedAt: Instant;
  /** Id of the event or request at the start of the chain this event belongs to. */
  correlationId: string;
  causationId?: string;
  /** SHA-256, hex, over the RFC 8785 canonical JSON of the value. */
  contentHash: string;
  traceparent?: string;
}>;

/** Place of a record in the log. */
export type LogPosition = Readonly<{ topic: string; partition: number; offset: bigint }>;

/** An event as a consumer gets it. */
export type RecordedEvent<E extends TallywattEvent = TallywattEvent> = Readonly<{
  event: E;
  metadata: EventMetadata;
  position: LogPosition;
}>;

const eventIdNamespace = Buffer.from('5a1d1f3e92a45b1c8f5e0c8f2f6f7d11', 'hex');

/** RFC 9562, section 5.5: UUIDv5. Here and not from a library: every event needs several. */
const uuidV5 = (name: string): string => {
  const bytes = hash('sha1', Buffer.concat([eventIdNamespace, Buffer.from(name)]), 'buffer');
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join('-')}-${hex.slice(20)}`;
};

/** Derives a stable id (UUIDv5) from texts that say what the thing is. */
export const derivedId = (...parts: readonly string[]): string =>
  uuidV5(parts.map((part) => `${part.length}:${part}`).join('|'));

/** SHA-256, hex, of a text in UTF-8. */
export const sha256Hex = (text: string): string => hash('sha256', text);

/** RFC 8785 canonical JSON. The value must hold JSON only (no bigint, no undefined members). */
export const canonicalJson = (value: unknown): string => {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('only JSON values have a canonical form');
  return text;
};

export type EncodedEvent = Readonly<{
  topic: string;
  key: string;
  fullType: string;
  value: string;
  contentHash: string;
}>;

/**
 * The event as it stands on Kafka: its topic, its key and its value in canonical proto3 JSON.
 *
 * @throws ContractViolation when the event does not keep its contract.
 */
export const encodeEvent = (event: TallywattEvent): EncodedEvent => {
  const contract = eventContracts[event.type];
  // What is written must be readable: closed sets are checked on the way out as well.
  const value = JSON.stringify(encodeMessage(contract.message, event, contract.closed));
  return {
    topic: contract.topic,
    key: streamKeyOf(event),
    fullType: contract.message.typeName,
    value,
    contentHash: sha256Hex(value),
  };
};

/** The default id of an event: of its type, its stream and what it says. */
export const contentEventId = (encoded: EncodedEvent): string =>
  derivedId(encoded.fullType, encoded.key, encoded.contentHash);

const shortTypes = new Map(
  (Object.keys(eventContracts) as EventType[]).map((type) => [
    eventContracts[type].message.typeName,
    type,
  ]),
);

export type RecordHeaders = Readonly<Record<string, string>>;

/** CloudEvents 1.0, Kafka protocol binding, binary content mode. */
export const encodeHeaders = (fullType: string, metadata: EventMetadata): RecordHeaders => ({
  ...encodeUnnumberedHeaders(fullType, metadata),
  ce_sequence: metadata.sequence.toString(),
});

/** The headers but `ce_sequence`: of an event whose place in its stream is still to be given. */
export const encodeUnnumberedHeaders = (
  fullType: string,
  metadata: Omit<EventMetadata, 'sequence'>,
): RecordHeaders => ({
  ce_specversion: '1.0',
  ce_id: metadata.id,
  ce_type: fullType,
  ce_source: metadata.source,
  ce_subject: metadata.subject,
  ce_time: metadata.occurredAt,
  ce_recordedtime: metadata.recordedAt,
  ce_correlationid: metadata.correlationId,
  ...(metadata.causationId === undefined ? {} : { ce_causationid: metadata.causationId }),
  ce_cpo: metadata.cpoId,
  ce_contenthash: metadata.contentHash,
  ...(metadata.traceparent === undefined ? {} : { traceparent: metadata.traceparent }),
  'content-type': 'application/json',
});

const requiredHeader = (headers: RecordHeaders, name: string): string => {
  const value = headers[name];
  if (value === undefined || value === '') {
    throw new ContractViolation('is missing', `headers.${name}`);
  }
  return value;
};

/** Reads the metadata of a record from its headers. @throws ContractViolation */
export const decodeHeaders = (headers: RecordHeaders): EventMetadata => {
  const sequence = requiredHeader(headers, 'ce_sequence');
  if (!/^[1-9][0-9]*$/.test(sequence)) {
    throw new ContractViolation('must be a number from 1', 'headers.ce_sequence');
  }
  return {
    id: requiredHeader(headers, 'ce_id'),
    source: requiredHeader(headers, 'ce_source'),
    subject: requiredHeader(headers, 'ce_subject'),
    cpoId: requiredHeader(headers, 'ce_cpo'),
    sequence: BigInt(sequence),
    occurredAt: requiredHeader(headers, 'ce_time'),
    recordedAt: requiredHeader(headers, 'ce_recordedtime'),
    correlationId: requiredHeader(headers, 'ce_correlationid'),
    contentHash: requiredHeader(headers, 'ce_contenthash'),
    ...(headers['ce_causationid'] === undefined ? {} : { causationId: headers['ce_causationid'] }),
    ...(headers['traceparent'] === undefined ? {} : { traceparent: headers['traceparent'] }),
  };
};

/**
 * Reads a record back: type and metadata from the headers, facts from the value, and the content
 * hash checked against the value as it stands.
 *
 * @throws ContractViolation when the type is unknown, the value does not keep its contract, the
 *   record's key is not the stream's, or the hash is not that of the value.
 */
export const decodeRecord = (
  key: string,
  value: string,
  headers: RecordHeaders,
): Readonly<{ event: TallywattEvent; metadata: EventMetadata }> => {
  const fullType = requiredHeader(headers, 'ce_type');
  const type = shortTypes.get(fullType);
  if (type === undefined)
    throw new ContractViolation(`unknown type ${fullType}`, 'headers.ce_type');
  const metadata = decodeHeaders(headers);
  if (sha256Hex(value) !== metadata.contentHash) {
    throw new ContractViolation('is not the hash of the value', 'headers.ce_contenthash');
  }
  const contract = eventContracts[type];
  const event = {
    type,
    ...decodeMessage(contract.message, parseJson(value), contract.closed),
  } as unknown as TallywattEvent;
  if (streamKeyOf(event) !== key) {
    throw new ContractViolation(`'${key}' is not the stream of the event`, 'key');
  }
  return { event, metadata };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ContractViolation(`is not JSON: ${(error as Error).message}`, 'value');
  }
};
