import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { ReferenceKind, VaultSeal } from './vault-seal';

/** Beyond this many tokens (some 80 MiB) the oldest are looked up in the database again. */
const rememberedTokensMax = 500_000;
/** One character a byte: half of what hexadecimal digits take. */
const marked = (lookup: Buffer): string => lookup.toString('latin1');

type VaultRow = { cpo_id: string; reference: string; sealed_identifier: Buffer };

/**
 * Gives out the random references that stand for tokens, drivers and groups in all events. Nothing
 * else in the system knows an identifier in clear, and a row deleted here is forgotten for good.
 */
export class Vault {
  private readonly tokenRefs = new Map<string, string>();

  constructor(
    private readonly pool: Pool,
    private readonly seal: VaultSeal,
  ) {}

  /**
   * Loads the references of known tokens, so that decisions need no query.
   * @throws SealBroken when the key is another than the one the vault was sealed with: every token
   *   would get a second reference.
   */
  async open(): Promise<void> {
    const probe = await this.pool.query<VaultRow & { kind: ReferenceKind }>(
      'SELECT cpo_id, kind, reference, sealed_identifier FROM vault_references LIMIT 1',
    );
    for (const row of probe.rows) {
      this.seal.open(placeOf(row.cpo_id, row.kind, row.reference), row.sealed_identifier);
    }
    const known = await this.pool.query<{ lookup: Buffer; reference: string }>(
      `SELECT lookup_hmac AS lookup, reference
         FROM vault_references WHERE kind = 'token' ORDER BY created_at DESC LIMIT $1`,
      [rememberedTokensMax],
    );
    // Oldest first, because the first ones in are the first ones out.
    for (const row of known.rows.reverse()) this.tokenRefs.set(marked(row.lookup), row.reference);
  }

  /** The reference of a token that this process remembers: no database is asked. */
  rememberedTokenRef(cpoId: string, uid: string): string | undefined {
    return this.tokenRefs.get(marked(this.seal.lookup(cpoId, 'token', uid)));
  }

  /** The reference of an identifier; a new one is durable before it is given out. */
  async referenceOf(cpoId: string, kind: ReferenceKind, identifier: string): Promise<string> {
    const lookup = this.seal.lookup(cpoId, kind, identifier);
    const remembered = this.tokenRefs.get(marked(lookup));
    if (remembered !== undefined) return remembered;
    const reference =
      (await this.find(cpoId, kind, lookup)) ?? (await this.add(cpoId, kind, lookup, identifier));
    if (kind === 'token') this.remember(marked(lookup), reference);
    return reference;
  }

  /** The reference of an identifier that has one already. */
  async knownReferenceOf(
    cpoId: string,
    kind: ReferenceKind,
    identifier: string,
  ): Promise<string | undefined> {
    return this.find(cpoId, kind, this.seal.lookup(cpoId, kind, identifier));
  }

  /** The identifiers behind references; those that were erased are missing. */
  async identifiersOf(
    cpoId: string,
    kind: ReferenceKind,
    references: readonly string[],
  ): Promise<ReadonlyMap<string, string>> {
    const { rows } = await this.pool.query<VaultRow>(
      `SELECT cpo_id, reference, sealed_identifier FROM vault_references
        WHERE cpo_id = $1 AND kind = $2 AND reference = ANY($3::uuid[])`,
      [cpoId, kind, references],
    );
    return new Map(
      rows.map((row) => [
        row.reference,
        this.seal.open(placeOf(cpoId, kind, row.reference), row.sealed_identifier),
      ]),
    );
  }

  private async find(
    cpoId: string,
    kind: ReferenceKind,
    lookup: Buffer,
  ): Promise<string | undefined> {
    const { rows } = await this.pool.query<{ reference: string }>(
      `SELECT reference FROM vault_references
        WHERE cpo_id = $1 AND kind = $2 AND lookup_hmac = $3`,
      [cpoId, kind, lookup],
    );
    return rows[0]?.reference;
  }

  private async add(
    cpoId: string,
    kind: ReferenceKind,
    lookup: Buffer,
    identifier: string,
  ): Promise<string> {
    const reference = randomUUID();
    const sealed = this.seal.seal(placeOf(cpoId, kind, reference), identifier);
    const { rowCount } = await this.pool.query(
      `INSERT INTO vault_references (cpo_id, kind, lookup_hmac, reference, sealed_identifier)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (cpo_id, kind, lookup_hmac) DO NOTHING`,
      [cpoId, kind, lookup, reference, sealed],
    );
    if (rowCount === 1) return reference;
    // Somebody else was faster: theirs is the reference.
    const theirs = await this.find(cpoId, kind, lookup);
    if (theirs === undefined) throw new Error('a vault row vanished while it was being read');
    return theirs;
  }

  private remember(lookup: string, reference: string): void {
    this.tokenRefs.set(lookup, reference);
    if (this.tokenRefs.size <= rememberedTokensMax) return;
    const [oldest] = this.tokenRefs.keys();
    if (oldest !== undefined) this.tokenRefs.delete(oldest);
  }
}

const placeOf = (cpoId: string, kind: ReferenceKind, reference: string): string =>
  `${cpoId}/${kind}/${reference}`;
