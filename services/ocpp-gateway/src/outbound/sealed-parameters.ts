import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Keeps what may be in no event and in no row: tokens, addresses with passwords, vendors' data. */
export type Seal = Readonly<{
  seal: (commandId: string, text: string) => Buffer;
  /** @throws when it was sealed under another key or for another command. */
  open: (commandId: string, sealed: Buffer) => string;
  /** Equal for equal texts, and worthless without the installation's key. */
  markOf: (text: string) => string;
}>;

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM under a key derived from the installation's own; the command's id is bound to it. */
export const sealWith = (installationKey: Buffer): Seal => {
  const derived = (use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', installationKey, '', use, 32));
  const key = derived('tallywatt charger command');
  const markKey = derived('tallywatt charger command mark');
  return {
    seal: (commandId, text) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(commandId));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open: (commandId, sealed) => {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes))
        .setAAD(Buffer.from(commandId))
        .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
      const body = sealed.subarray(nonceBytes + tagBytes);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
    markOf: (text) => createHmac('sha256', markKey).update(text).digest('hex'),
  };
};
