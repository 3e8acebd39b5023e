import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { VerifySignature } from '@tallywatt/derivations';

/** The CPO's Ed25519 key: signs a text, base64. */
export type SigningKey = Readonly<{
  keyId: string;
  sign: (text: string) => string;
  publicKeyPem: string;
}>;

/** A key's standard id: the first 16 hex digits of the SHA-256 of its public half (SPKI, DER). */
export const keyIdOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

/** Reads a PKCS #8 PEM file. @throws when it cannot be read or holds another kind of key. */
export const readSigningKey = (path: string, keyId?: string): SigningKey => {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(readFileSync(path));
  } catch (error) {
    throw new Error(
      `LEDGER_SIGNING_KEY_FILE ${path}: no PKCS #8 PEM private key (${(error as Error).message}); ` +
        'make one with: openssl genpkey -algorithm ed25519 -out FILE',
      { cause: error },
    );
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new Error(
      `LEDGER_SIGNING_KEY_FILE ${path}: is a key for ${privateKey.asymmetricKeyType}, not Ed25519`,
    );
  }
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: keyId ?? keyIdOf(publicKey),
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64'),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};

/** Verifies with the public keys (PEM) one trusts, by key id. */
export const verifierOf =
  (publicKeys: ReadonlyMap<string, string>): VerifySignature =>
  (text, signature, keyId) => {
    const publicKey = publicKeys.get(keyId);
    if (publicKey === undefined) return false;
    return verify(null, Buffer.from(text, 'utf8'), publicKey, Buffer.from(signature, 'base64'));
  };
