import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

const drawnBytes = 4_096;
let drawn = Buffer.alloc(0);

/** Random bytes, each given out once: many are drawn together, because a draw costs more than they do. */
const freshBytes = (count: number): Buffer => {
  if (drawn.length < count) drawn = randomBytes(drawnBytes);
  const fresh = Buffer.from(drawn.subarray(0, count));
  drawn = drawn.subarray(count);
  return fresh;
};

/** AES-256-GCM: nonce, ciphertext and tag as one; `context` has to be the same to decrypt. */
const encrypted = (key: Buffer, context: string, plain: Buffer): Buffer => {
  const nonce = freshBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
};

/** @throws when the key is another one, or a byte was changed. */
const decrypted = (key: Buffer, context: string, sealed: Buffer): Buffer => {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const plain = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
  return Buffer.concat([plain, decipher.final()]);
};

/** Encrypts what belongs to one token, or to one charge point. */
export type DataKey = Readonly<{ keyId: string; ownerMark: string; cpoId: string; secret: Buffer }>;

export const newDataKey = (cpoId: string, ownerMark: string): DataKey => ({
  keyId: freshBytes(12).toString('base64url'),
  ownerMark,
  cpoId,
  secret: freshBytes(32),
});

/** What is encrypted under a data key, as it stands in events: `v1:<key id>:<base64>`. */
export const sealedText = ({ keyId, cpoId, secret }: DataKey, plain: string): string =>
  `v1:${keyId}:${encrypted(secret, `${cpoId}/${keyId}`, Buffer.from(plain, 'utf8')).toString('base64')}`;

const lastSealed = new WeakMap<DataKey, Readonly<{ plain: string; sealed: string }>>();

/**
 * The same for a token under its own key: said again, it is the same text as the last time. That it is
 * the same token its key's id says already, and encrypting is the dearest part of a frame.
 */
export const sealedToken = (key: DataKey, plain: string): string => {
  const last = lastSealed.get(key);
  if (last?.plain === plain) return last.sealed;
  const sealed = sealedText(key, plain);
  lastSealed.set(key, { plain, sealed });
  return sealed;
};

const sealedPattern = /^v1:([A-Za-z0-9_-]{16}):([A-Za-z0-9+/]+=*)$/;

/** The id of the key that a sealed text needs; undefined when it is none. */
export const keyIdOf = (sealed: string): string | undefined => sealedPattern.exec(sealed)?.[1];

/** @throws when it was not sealed under this key. */
export const openedText = (cpoId: string, secret: Buffer, sealed: string): string => {
  const [, keyId = '', base64 = ''] = sealedPattern.exec(sealed) ?? [];
  return decrypted(secret, `${cpoId}/${keyId}`, Buffer.from(base64, 'base64')).toString('utf8');
};

/** The installation's key, of whatever length it is given. */
export const masterKeyOf = (given: Buffer): Buffer => hash('sha256', given, 'buffer');

export const wrappedKey = (master: Buffer, { keyId, cpoId, secret }: DataKey): Buffer =>
  encrypted(master, `${cpoId}/${keyId}`, secret);

/** Undefined when it was wrapped under another key of the installation. */
export const unwrappedKey = (
  master: Buffer,
  cpoId: string,
  keyId: string,
  wrapped: Buffer,
): Buffer | undefined => {
  try {
    return decrypted(master, `${cpoId}/${keyId}`, wrapped);
  } catch {
    return undefined;
  }
};
