import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './port';

const run = promisify(execFile);

/** Listeners for those who have a name, beside the plain one, through which a superuser comes. */
export type SecuredKafka = Readonly<{
  /** SASL over TLS: SCRAM-SHA-512, SCRAM-SHA-256 and PLAIN for the users given. */
  saslBrokers: string;
  /** TLS for whoever shows a certificate of the same authority; its common name is the user. */
  certificateBrokers: string;
  caFile: string;
  /** An authority that signed nothing here. */
  strangerCaFile: string;
  /** Makes a certificate for a user. */
  certificateFor(user: string): Promise<Readonly<{ certificateFile: string; keyFile: string }>>;
}>;

/** What a broker with secured listeners needs on top of a plain one. */
export type KafkaSecurity = Readonly<{
  listeners: readonly string[];
  protocols: readonly string[];
  properties: Readonly<Record<string, string>>;
  /** Words for `kafka-storage format`. */
  formatWords: readonly string[];
  secured: SecuredKafka;
}>;

const validDays = '3650';

const openssl = async (...words: readonly string[]): Promise<void> => {
  try {
    await run('openssl', [...words], { timeout: 60_000 });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const reason = code === 'ENOENT' ? 'there is no openssl on the PATH' : (stderr ?? '');
    throw new Error(`Certificates could not be made: ${reason}`, { cause: error });
  }
};

const newKey = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const;

const makeAuthority = async (directory: string, name: string): Promise<string> => {
  const file = join(directory, `${name}.pem`);
  if (existsSync(file)) return file;
  const key = ['-keyout', join(directory, `${name}-key.pem`), '-out', file];
  await openssl(...newKey, '-x509', '-subj', `/CN=tallywatt ${name}`, '-days', validDays, ...key);
  return file;
};

const makeCertificate = async (directory: string, commonName: string, extensions = '') => {
  const at = (ending: string): string => join(directory, `${commonName}${ending}`);
  const [certificateFile, keyFile] = [at('.pem'), at('-key.pem')];
  if (existsSync(certificateFile)) return { certificateFile, keyFile };
  const subject = `/CN=${commonName}`;
  await openssl(...newKey, '-subj', subject, '-keyout', keyFile, '-out', at('.csr'));
  writeFileSync(at('.ext'), extensions);
  const authority = ['-CA', join(directory, 'ca.pem'), '-CAkey', join(directory, 'ca-key.pem')];
  const signed = ['-in', at('.csr'), '-extfile', at('.ext'), '-out', certificateFile];
  await openssl('x509', '-req', ...authority, '-CAcreateserial', '-days', validDays, ...signed);
  return { certificateFile, keyFile };
};

const scramWords = (users: Readonly<Record<string, string>>): string[] =>
  Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-512', 'SCRAM-SHA-256'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name="${name}",password="${password}"]`,
    ]),
  );

const jaas = (module: string, options = ''): string =>
  `org.apache.kafka.common.security.${module} required${options};`;

/**
 * Prepares listeners on which Kafka asks who comes, and permits only what its permissions say. The
 * users are created when the data directory is formatted: those of the first start stay.
 */
export const secureKafka = async (
  instanceDirectory: string,
  users: Readonly<Record<string, string>>,
): Promise<KafkaSecurity> => {
  const directory = join(instanceDirectory, 'certificates');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const caFile = await makeAuthority(directory, 'ca');
  const strangerCaFile = await makeAuthority(directory, 'stranger');
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const { certificateFile, keyFile } = await makeCertificate(directory, 'broker', names);
  const keyStore = join(directory, 'broker-key-store.pem');
  writeFileSync(keyStore, readFileSync(keyFile, 'utf8') + readFileSync(certificateFile, 'utf8'), {
    mode: 0o600,
  });
  const saslPort = await freePort();
  const certificatePort = await freePort();
  const plainUsers = Object.entries(users).map(([name, word]) => ` user_${name}="${word}"`);
  return {
    listeners: [`NAMED://127.0.0.1:${saslPort}`, `CERTIFIED://127.0.0.1:${certificatePort}`],
    protocols: ['NAMED:SASL_SSL', 'CERTIFIED:SSL'],
    properties: {
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512,SCRAM-SHA-256,PLAIN',
      'listener.name.named.scram-sha-512.sasl.jaas.config': jaas('scram.ScramLoginModule'),
      'listener.name.named.scram-sha-256.sasl.jaas.config': jaas('scram.ScramLoginModule'),
      'listener.name.named.plain.sasl.jaas.config': jaas(
        'plain.PlainLoginModule',
        plainUsers.join(''),
      ),
      'listener.name.certified.ssl.client.auth': 'required',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keyStore,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': caFile,
      'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'false',
      'super.users': 'User:ANONYMOUS',
    },
    formatWords: scramWords(users),
    secured: {
      saslBrokers: `127.0.0.1:${saslPort}`,
      certificateBrokers: `127.0.0.1:${certificatePort}`,
      caFile,
      strangerCaFile,
      certificateFor: (user) => makeCertificate(directory, user),
    },
  };
};
