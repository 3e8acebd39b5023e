import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** What is kept under a reference. */
export type ReferenceKind = 'token' | 'driver' | 'group' | 'fleet';

const nonceBytes = 12;
const tagBytes = 16;

/** The seal was made with another key, or it was moved to another row. */
export class SealBroken extends Error {
  readonly code = 'seal-broken';

  constructor(options?: ErrorOptions) {
    super('a vault row cannot be opened: VAULT_KEY is not the key it was sealed with', options);
    this.name = 'SealBroken';
  }
}

/**
 * The vault's cryptography: HMAC-SHA-256 to find an identifier, AES-256-GCM to read it back. Both
 * keys are derived (HKDF) from one secret, so that one cannot stand in for the other.
 */
export class VaultSeal {
  private readonly lookupKey: Buffer;
  private readonly sealingKey: Buffer;

  constructor(secret: string) {
    const derived = (purpose: string): Buffer =>
      Buffer.from(hkdfSync('sha256', secret, 'tallywatt.vault', purpose, 32));
    this.lookupKey = derived('lookup');
    this.sealingKey = derived('sealing');
  }

  /**
   * OCPP idTags and OCPI uids are CiStrings: ASCII letters of either case say the same token.
   * Drivers and groups are the operator's own names and are taken as written.
   */
  lookup(cpoId: string, kind: ReferenceKind, identifier: string): Buffer {
    const folded = kind === 'token' ? identifier.toUpperCase() : identifier;
    return createHmac('sha256', this.lookupKey)
      .update([cpoId, kind, folded].map((part) => `${part.length}:${part}`).join('|'))
      .digest();
  }

  /** Nonce, tag and ciphertext. The row's place is authenticated, so that rows cannot be swapped. */
  seal(place: string, identifier: string): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.sealingKey, nonce);
    cipher.setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(identifier, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** @throws SealBroken */
  open(place: string, sealed: Buffer): string {
    try {
      const decipher = createDecipheriv(
        'aes-256-gcm',
        this.sealingKey,
        sealed.subarray(0, nonceBytes),
      );
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
      const clear = decipher.update(sealed.subarray(nonceBytes + tagBytes));
      return Buffer.concat([clear, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new SealBroken({ cause });
    }
  }
}
