import type { DescMessage } from '@bufbuild/protobuf';
import { ContractViolation, decodeMessage, encodeMessage } from './contract-codec';
import { eventContracts } from './event-catalog';
import { laterLists, optionalMessageFields } from './readable';

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

describe('a list that came later', () => {
  const { message } = eventContracts.ChargePointRegistered;
  const location = { locationId: 'L', timeZone: 'Europe/Berlin', currency: 'EUR' };
  const before = {
    cpoId: 'c',
    chargePointId: 'CP',
    location,
    tariffId: 'T',
    connectors: [],
    securityProfile: 0,
  };

  it('is no part of a record from before it, read and written again', () => {
    const value = decodeMessage(message, before);
    expect(value['location']).not.toHaveProperty('siteGroups');
    expect(encodeMessage(message, value)).toEqual(before);
  });

  it('says the same empty as left out', () => {
    const empty = { ...before, location: { ...location, siteGroups: [] } };
    expect(encodeMessage(message, empty)).toEqual(before);
    expect(decodeMessage(message, empty)).toEqual(before);
  });

  it('is written when it has something, and still has to be a list', () => {
    const grouped = { ...before, location: { ...location, siteGroups: ['depots'] } };
    expect(encodeMessage(message, decodeMessage(message, grouped))).toEqual(grouped);
    const wrong = { ...before, location: { ...location, siteGroups: 'depots' } };
    expect(() => decodeMessage(message, wrong)).toThrow('siteGroups: must be a list');
  });

  it('is not the one that was there from the beginning', () => {
    const { connectors: _, ...lacking } = before;
    expect(() => decodeMessage(message, lacking)).toThrow('connectors: must be a list');
  });

  it('is named as the contract names it', () => {
    const messages = new Map<string, DescMessage>();
    const visit = (one: DescMessage): void => {
      if (messages.has(one.typeName)) return;
      messages.set(one.typeName, one);
      one.fields.forEach((field) => field.message === undefined || visit(field.message));
    };
    Object.values(eventContracts).forEach((contract) => visit(contract.message));
    for (const [name, fields] of Object.entries(laterLists)) {
      const lists = messages.get(name)?.fields.filter(({ fieldKind }) => fieldKind === 'list');
      expect(lists?.map(({ localName }) => localName)).toEqual(expect.arrayContaining(fields));
    }
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
