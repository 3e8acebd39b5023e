import type { DescMessage } from '@bufbuild/protobuf';
import { ContractViolation, decodeMessage, encodeMessage } from './contract-codec';
import { eventContracts } from './event-catalog';
import { optionalMessageFields } from './readable';

const stopped = eventContracts.SessionStopped;
const closed = eventContracts.SessionClosed;
const good = {
  cpoId: 'default',
  sessionId: 's',
  stoppedAt: '2026-11-20T16:00:00.000Z',
  meterStopMilliWh: '0',
  stopReason: 'Local',
};

describe('reading a contract', () => {
  it('keeps zero apart from unknown', () => {
    const value = decodeMessage(stopped.message, good);
    expect(value['meterStopMilliWh']).toBe(0n);
    expect('tokenRef' in value).toBe(false);
  });

  it('passes over fields of a later version', () => {
    expect(decodeMessage(stopped.message, { ...good, later: 1 })).not.toHaveProperty('later');
  });

  it.each([
    ['a missing field', { ...good, meterStopMilliWh: undefined }, 'meterStopMilliWh: is missing'],
    ['a number for an int64', { ...good, meterStopMilliWh: 5 }, 'must be an int64 as text'],
    ['an int64 too large', { ...good, meterStopMilliWh: '9223372036854775808' }, '64 bits'],
    ['no instant', { ...good, stoppedAt: 'yesterday' }, 'is not an RFC 3339 instant'],
    ['a wrong kind', { ...good, stopReason: 7 }, 'stopReason: must be a text'],
    ['no object', 'text', 'SessionStopped: must be an object'],
  ])('refuses %s and says where', (_, json, message) => {
    expect(() => decodeMessage(stopped.message, json)).toThrow(ContractViolation);
    expect(() => decodeMessage(stopped.message, json)).toThrow(message);
  });

  it('refuses a text outside its closed set', () => {
    const json = { cpoId: 'c', sessionId: 's', closedAt: good.stoppedAt, closedBy: 'magic' };
    expect(() => decodeMessage(closed.message, json, closed.closed)).toThrow(
      "closedBy: 'magic' is none of stop, available, next-start, time-out, cap",
    );
  });
});

describe('writing a contract', () => {
  it('refuses what it does not name', () => {
    const value = { ...decodeMessage(stopped.message, good), idTag: 'secret' };
    expect(() => encodeMessage(stopped.message, value)).toThrow('idTag: is not in the contract');
  });

  it('refuses a number where an int64 belongs', () => {
    const value = { ...decodeMessage(stopped.message, good), meterStopMilliWh: 1 };
    expect(() => encodeMessage(stopped.message, value)).toThrow('must be a bigint within 64 bits');
  });
});

describe('the table of optional message fields', () => {
  const found: Record<string, string[]> = {};
  const visit = (message: DescMessage): void => {
    for (const field of message.fields) {
      if (field.message === undefined) continue;
      if (field.fieldKind === 'message' && field.proto.proto3Optional) {
        const names = (found[message.typeName] ??= []);
        if (!names.includes(field.localName)) names.push(field.localName);
      }
      if (field.message.typeName.startsWith('tallywatt.')) visit(field.message);
    }
  };
  Object.values(eventContracts).forEach(({ message }) => visit(message));

  it('says what the contracts say', () => {
    const { 'tallywatt.access.v1.AuthorizeResponse': _, ...ofEvents } = optionalMessageFields;
    expect(ofEvents).toEqual(found);
  });
});
