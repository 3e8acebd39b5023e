import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaSettingsInvalid, readKafkaConnection } from './kafka-environment';

let folder: string;
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kafka-environment-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const brokers = { KAFKA_BROKERS: 'a:1, b:2' };
const scram = {
  ...brokers,
  KAFKA_TLS: '1',
  KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
  KAFKA_USERNAME: 'ledger',
};

const faultsOf = (source: Record<string, string>): readonly string[] => {
  try {
    readKafkaConnection(source);
    return [];
  } catch (error) {
    if (error instanceof KafkaSettingsInvalid) return error.faults;
    throw error;
  }
};

describe('the way to Kafka', () => {
  it('is in the clear when nothing else is said', () => {
    expect(readKafkaConnection(brokers)).toEqual({ brokers: ['a:1', 'b:2'] });
    expect(readKafkaConnection({ ...brokers, KAFKA_TLS: '', KAFKA_USERNAME: '' })).toEqual({
      brokers: ['a:1', 'b:2'],
    });
  });

  it('reads a password file again when it is asked for, without the end of its line', () => {
    const path = file('password', 'first\n');
    const { sasl } = readKafkaConnection({ ...scram, KAFKA_PASSWORD_FILE: path });
    expect(sasl?.password()).toBe('first');
    file('password', 'second');
    expect(sasl?.password()).toBe('second');
    rmSync(path);
    expect(() => sasl?.password()).toThrow(/^KAFKA_PASSWORD_FILE: .* cannot be read \(ENOENT\)$/);
  });

  const key = (): string =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  it.each<[string, () => Record<string, string>, RegExp[]]>([
    ['no broker', () => ({ KAFKA_BROKERS: ' , ' }), [/^KAFKA_BROKERS: must name brokers/]],
    ['half a yes', () => ({ ...brokers, KAFKA_TLS: 'yes' }), [/^KAFKA_TLS: must be 1 or 0/]],
    [
      'a CA that would not be used',
      () => ({ ...brokers, KAFKA_CA_FILE: '/ca.pem', KAFKA_SERVER_NAME: 'kafka' }),
      [/^KAFKA_CA_FILE: .*without KAFKA_TLS=1/, /^KAFKA_SERVER_NAME: .*without KAFKA_TLS=1/],
    ],
    [
      'a CA that is not there',
      () => ({ ...brokers, KAFKA_TLS: '1', KAFKA_CA_FILE: join(folder, 'none') }),
      [/^KAFKA_CA_FILE: .*none cannot be read \(ENOENT\)$/],
    ],
    [
      'a CA that is none',
      () => ({ ...brokers, KAFKA_TLS: '1', KAFKA_CA_FILE: file('ca', 'hello') }),
      [/^KAFKA_CA_FILE: .*does not hold what it should, as PEM$/],
    ],
    [
      'a key without its certificate',
      () => ({ ...brokers, KAFKA_TLS: '1', KAFKA_KEY_FILE: file('key', key()) }),
      [/^KAFKA_CERTIFICATE_FILE: /],
    ],
    [
      'a user that would not be used',
      () => ({ ...brokers, KAFKA_USERNAME: 'ledger', KAFKA_PASSWORD: 'secret' }),
      [/^KAFKA_USERNAME: .*KAFKA_SASL_MECHANISM/, /^KAFKA_PASSWORD: .*KAFKA_SASL_MECHANISM/],
    ],
    [
      'a mechanism nobody knows',
      () => ({ ...scram, KAFKA_SASL_MECHANISM: 'GSSAPI', KAFKA_PASSWORD: 'secret' }),
      [/^KAFKA_SASL_MECHANISM: must be one of SCRAM-SHA-512, SCRAM-SHA-256, PLAIN$/],
    ],
    ['no password', () => scram, [/^KAFKA_PASSWORD: or KAFKA_PASSWORD_FILE is needed/]],
    [
      'two passwords',
      () => ({ ...scram, KAFKA_PASSWORD: 'secret', KAFKA_PASSWORD_FILE: file('word', 'secret') }),
      [/^KAFKA_PASSWORD: or KAFKA_PASSWORD_FILE, not both$/],
    ],
    [
      'an empty password file',
      () => ({ ...scram, KAFKA_PASSWORD_FILE: file('empty', '\n') }),
      [/^KAFKA_PASSWORD_FILE: is empty$/],
    ],
    [
      'a password in the clear',
      () => ({ ...scram, KAFKA_TLS: '0', KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_PASSWORD: 'secret' }),
      [/^KAFKA_SASL_MECHANISM: PLAIN would send the password in the clear/],
    ],
  ])('refuses %s, and names the variable', (_, source, expected) => {
    const faults = faultsOf(source());
    expect(faults).toEqual(expected.map((fault) => expect.stringMatching(fault) as string));
    expect(faults.join()).not.toContain('secret');
  });
});
