import { v5 as uuidV5 } from 'uuid';
import type { SessionClosed } from './session-events';
import {
  contentEventId,
  decodeRecord,
  derivedId,
  encodeEvent,
  encodeHeaders,
  sha256Hex,
  type EventMetadata,
} from './event-record';
import { allTopicDefinitions, keptMs, topics } from './topics';
import { eventContracts } from './event-catalog';

const event: SessionClosed = {
  type: 'SessionClosed',
  cpoId: 'default',
  sessionId: 's-1',
  closedAt: '2026-11-20T16:00:00.000Z',
  closedBy: 'stop',
};
const encoded = encodeEvent(event);
const metadata: EventMetadata = {
  id: contentEventId(encoded),
  source: '/tallywatt/ocpp-gateway',
  subject: encoded.key,
  cpoId: 'default',
  sequence: 3n,
  occurredAt: event.closedAt,
  recordedAt: '2026-11-20T16:00:01.000Z',
  correlationId: 'c-1',
  contentHash: encoded.contentHash,
};
const headers = encodeHeaders(encoded.fullType, metadata);

describe('a record on Kafka', () => {
  it('is canonical JSON that people can read', () => {
    expect(encoded.value).toBe(
      '{"closedAt":"2026-11-20T16:00:00.000Z","closedBy":"stop","cpoId":"default","sessionId":"s-1"}',
    );
    expect(encoded.key).toBe('default/s-1');
    expect(encoded.topic).toBe('charging.sessions.v1');
    expect(encoded.contentHash).toBe(sha256Hex(encoded.value));
  });

  it('reads back as what was written', () => {
    expect(decodeRecord(encoded.key, encoded.value, headers)).toEqual({ event, metadata });
  });

  it('has an id that depends on what it says alone', () => {
    expect(contentEventId(encodeEvent({ ...event }))).toBe(metadata.id);
    expect(contentEventId(encodeEvent({ ...event, closedBy: 'cap' }))).not.toBe(metadata.id);
  });

  it('is refused when a digit was changed', () => {
    const forged = encoded.value.replace('16:00:00', '17:00:00');
    expect(() => decodeRecord(encoded.key, forged, headers)).toThrow(
      'is not the hash of the value',
    );
  });

  it('is refused under another key', () => {
    expect(() => decodeRecord('other/s-1', encoded.value, headers)).toThrow('is not the stream');
  });

  it('is refused when its type is unknown', () => {
    const unknown = { ...headers, ce_type: 'tallywatt.session.v9.SessionMelted' };
    expect(() => decodeRecord(encoded.key, encoded.value, unknown)).toThrow('unknown type');
  });

  it('is refused without a sequence', () => {
    expect(() =>
      decodeRecord(encoded.key, encoded.value, { ...headers, ce_sequence: '0' }),
    ).toThrow('headers.ce_sequence');
  });
});

describe('a derived id', () => {
  it.each([[['a']], [['', '']], [['CPO', 'Ladesäule 5', '∞']], [['x'.repeat(300)]]])(
    'of %j is the UUIDv5 of its parts',
    (parts) => {
      const name = parts.map((part) => `${part.length}:${part}`).join('|');
      const expected = uuidV5(name, '5a1d1f3e-92a4-5b1c-8f5e-0c8f2f6f7d11');
      expect(derivedId(...parts)).toBe(expected);
    },
  );

  it('tells its parts apart', () => expect(derivedId('ab', 'c')).not.toBe(derivedId('a', 'bc')));
});

describe('an event outside its closed set', () => {
  it('is not written', () => {
    const magic = { ...event, closedBy: 'magic' } as unknown as SessionClosed;
    expect(() => encodeEvent(magic)).toThrow("SessionClosed.closedBy: 'magic' is none of stop");
  });
});

describe('topics', () => {
  it('each has a parked twin with as many partitions', () => {
    expect(allTopicDefinitions).toHaveLength(topics.length * 2);
  });

  it('keep their records for ever, but for what running sessions would cost', () => {
    const expiring = topics.flatMap(({ name }) => keptMs(name) ?? []);
    expect(expiring).toEqual([7 * 24 * 60 * 60 * 1000]);
    expect(keptMs('pricing.estimates.v1')).toBe(expiring[0]);
    const kept = allTopicDefinitions.filter(({ retentionMs }) => retentionMs !== -1);
    expect(kept.map(({ name }) => name)).toEqual([
      'pricing.estimates.v1',
      'pricing.estimates.v1.parked',
    ]);
  });

  it('each has events, and each event has its topic', () => {
    const used = new Set(Object.values(eventContracts).map(({ topic }) => topic));
    expect([...used].sort()).toEqual(topics.map(({ name }) => name).sort());
  });
});
