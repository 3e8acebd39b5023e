import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';

/** Secrets of one local instance, made up at its first start and kept beside its data. */
export type LocalSecrets = Readonly<{
  authSecret: string;
  vaultKey: string;
  fingerprintKey: string;
  webhookSecret: string;
  /** Path of the Ed25519 private key (PEM) that signs journal roots. */
  signingKeyFile: string;
}>;

const readableByOwner = 0o600;

/** Reads the secrets of an instance, or makes them. */
export const localSecrets = (directory: string): LocalSecrets => {
  const file = join(directory, 'secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as LocalSecrets;
  mkdirSync(directory, { recursive: true });
  const signingKeyFile = join(directory, 'journal-signing-key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(signingKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: readableByOwner,
  });
  const secrets: LocalSecrets = {
    authSecret: randomBytes(32).toString('hex'),
    vaultKey: randomBytes(32).toString('hex'),
    fingerprintKey: randomBytes(32).toString('hex'),
    webhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
    signingKeyFile,
  };
  writeFileSync(file, JSON.stringify(secrets), { mode: readableByOwner });
  return secrets;
};

/** A token that lets its bearer do what an operator and a finance department may, for 30 days. */
export const operatorToken = (authSecret: string, cpoId: string): Promise<string> =>
  new SignJWT({ cpo: cpoId, roles: ['operator', 'finance'] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('local-operator')
    .setIssuedAt()
    .setExpirationTime('30d')
    .sign(new TextEncoder().encode(authSecret));
