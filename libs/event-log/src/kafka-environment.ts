import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type Credential,
  type KafkaConnection,
  type KafkaSasl,
  type KafkaTls,
  saslMechanisms,
} from './kafka-connection';

/** The variables that say how Kafka is reached, for whatever process connects to it. */
export const kafkaVariables = [
  'KAFKA_BROKERS',
  'KAFKA_TLS',
  'KAFKA_CA_FILE',
  'KAFKA_CERTIFICATE_FILE',
  'KAFKA_KEY_FILE',
  'KAFKA_SERVER_NAME',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_USERNAME',
  'KAFKA_PASSWORD',
  'KAFKA_PASSWORD_FILE',
] as const;

type Variable = (typeof kafkaVariables)[number];
type Given = (name: Variable) => string | undefined;
type Fault = (name: string, message: string) => void;

/** The variables do not say how to connect; the message names each, and never a secret. */
export class KafkaSettingsInvalid extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('; '));
    this.name = 'KafkaSettingsInvalid';
  }
}

/** A file that is read now, and again whenever its content is asked for. */
const credentialFile = (
  name: Variable,
  given: Given,
  fault: Fault,
  check: (text: string) => void,
): Credential | undefined => {
  const file = given(name);
  if (file === undefined) return undefined;
  const read = (): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`${name}: ${file} cannot be read (${code})`, { cause: error });
    }
  };
  let text: string;
  try {
    text = read();
  } catch (error) {
    fault(name, (error as Error).message.slice(name.length + 2));
    return undefined;
  }
  try {
    check(text);
  } catch {
    fault(name, `${file} does not hold what it should, as PEM`);
  }
  return read;
};

const isCertificate = (text: string): void => void new X509Certificate(text);
const isKey = (text: string): KeyObject => createPrivateKey(text);

const clientOf = (given: Given, fault: Fault): KafkaTls['client'] => {
  const certificate = credentialFile('KAFKA_CERTIFICATE_FILE', given, fault, isCertificate);
  const key = credentialFile('KAFKA_KEY_FILE', given, fault, isKey);
  const names = ['KAFKA_CERTIFICATE_FILE', 'KAFKA_KEY_FILE'] as const;
  const [first, second] = names.map((name) => given(name) !== undefined);
  if (first !== second) fault(first === true ? names[1] : names[0], 'belongs to the other one');
  if (certificate === undefined || key === undefined) return undefined;
  try {
    if (!new X509Certificate(certificate()).checkPrivateKey(isKey(key()))) {
      fault('KAFKA_KEY_FILE', 'is not the key of KAFKA_CERTIFICATE_FILE');
    }
  } catch {
    // Said already, by the variable whose file it is.
  }
  return { certificate, key };
};

const tlsOf = (given: Given, fault: Fault): KafkaTls | undefined => {
  const flag = given('KAFKA_TLS') ?? '0';
  if (!['0', '1'].includes(flag)) fault('KAFKA_TLS', 'must be 1 or 0');
  if (flag !== '1') {
    const more = ['KAFKA_CA_FILE', 'KAFKA_CERTIFICATE_FILE', 'KAFKA_KEY_FILE'] as const;
    for (const name of [...more, 'KAFKA_SERVER_NAME'] as const) {
      if (given(name) !== undefined) fault(name, 'means nothing without KAFKA_TLS=1');
    }
    return undefined;
  }
  return {
    ca: credentialFile('KAFKA_CA_FILE', given, fault, isCertificate),
    client: clientOf(given, fault),
    serverName: given('KAFKA_SERVER_NAME'),
  };
};

const passwordOf = (given: Given, fault: Fault): Credential | undefined => {
  const word = given('KAFKA_PASSWORD');
  const file = credentialFile('KAFKA_PASSWORD_FILE', given, fault, () => undefined);
  if (word !== undefined && given('KAFKA_PASSWORD_FILE') !== undefined) {
    fault('KAFKA_PASSWORD', 'or KAFKA_PASSWORD_FILE, not both');
  }
  if (word !== undefined) return () => word;
  // Whoever writes a file by hand ends its line.
  return file === undefined ? undefined : () => file().replace(/\r?\n$/, '');
};

const saslOf = (given: Given, fault: Fault): KafkaSasl | undefined => {
  const mechanism = saslMechanisms.find((known) => known === given('KAFKA_SASL_MECHANISM'));
  const username = given('KAFKA_USERNAME');
  const password = passwordOf(given, fault);
  if (given('KAFKA_SASL_MECHANISM') === undefined) {
    for (const name of ['KAFKA_USERNAME', 'KAFKA_PASSWORD', 'KAFKA_PASSWORD_FILE'] as const) {
      if (given(name) !== undefined) fault(name, 'means nothing without KAFKA_SASL_MECHANISM');
    }
    return undefined;
  }
  if (mechanism === undefined) {
    fault('KAFKA_SASL_MECHANISM', `must be one of ${saslMechanisms.join(', ')}`);
    return undefined;
  }
  if (mechanism === 'PLAIN' && given('KAFKA_TLS') !== '1') {
    fault('KAFKA_SASL_MECHANISM', 'PLAIN would send the password in the clear without KAFKA_TLS=1');
  }
  if (username === undefined) fault('KAFKA_USERNAME', `is needed by ${mechanism}`);
  const hasPassword = given('KAFKA_PASSWORD') ?? given('KAFKA_PASSWORD_FILE');
  if (hasPassword === undefined) {
    fault('KAFKA_PASSWORD', `or KAFKA_PASSWORD_FILE is needed by ${mechanism}`);
  } else if (password?.() === '') {
    fault('KAFKA_PASSWORD_FILE', 'is empty');
  }
  if (username === undefined || password === undefined) return undefined;
  return { mechanism, username, password };
};

/**
 * Reads from an environment how Kafka is reached. Files are read now, so that what is wrong is said
 * at the start, and again at every connection, so that a rotation needs no restart.
 *
 * @throws KafkaSettingsInvalid naming every variable that is missing or wrong.
 */
export const readKafkaConnection = (
  source: Readonly<Record<string, string | undefined>>,
): KafkaConnection => {
  const given: Given = (name) => source[name] || undefined;
  const faults: string[] = [];
  const fault: Fault = (name, message) => void faults.push(`${name}: ${message}`);
  const brokers = (given('KAFKA_BROKERS') ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (brokers.length === 0) fault('KAFKA_BROKERS', 'must name brokers, as host:port,host:port');
  const tls = tlsOf(given, fault);
  const sasl = saslOf(given, fault);
  if (faults.length > 0) throw new KafkaSettingsInvalid(faults);
  return { brokers, tls, sasl };
};
