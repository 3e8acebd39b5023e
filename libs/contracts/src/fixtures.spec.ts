import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMessage, encodeMessage } from './contract-codec';
import { eventContracts, type EventType } from './event-catalog';
import { canonicalJson } from './event-record';

// Every shape ever published stays here and is decoded for good: add files, never change one.
const directory = join(__dirname, '..', 'fixtures');
const fixtures = readdirSync(directory).map((file) => ({
  file,
  fullType: file.split('.').slice(0, 4).join('.'),
  json: JSON.parse(readFileSync(join(directory, file), 'utf8')) as JsonValue,
}));
const contractsByFullType = new Map(
  Object.values(eventContracts).map((contract) => [contract.message.typeName, contract]),
);

describe('every shape ever published', () => {
  it.each(fixtures)('$file reads and writes back the same', ({ fullType, json }) => {
    const contract = contractsByFullType.get(fullType);
    if (contract === undefined) throw new Error(`no event type ${fullType} any more`);
    const value = decodeMessage(contract.message, json, contract.closed);
    const written = encodeMessage(contract.message, value);
    expect(canonicalJson(written)).toBe(canonicalJson(json));
    expect(JSON.stringify(written)).toBe(canonicalJson(json));
  });

  it.each(fixtures)('$file is proto3 JSON to protobuf itself', ({ fullType, json }) => {
    const contract = contractsByFullType.get(fullType);
    if (contract === undefined) throw new Error(`no event type ${fullType} any more`);
    expect(() => fromJson(contract.message, json)).not.toThrow();
  });

  it.each(Object.keys(eventContracts) as EventType[])('%s has a fixture', (type) => {
    expect(fixtures.map(({ fullType }) => fullType)).toContain(
      eventContracts[type].message.typeName,
    );
  });
});
