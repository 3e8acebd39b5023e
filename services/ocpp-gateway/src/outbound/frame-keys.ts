import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import { type DataKey, masterKeyOf, newDataKey, unwrappedKey, wrappedKey } from './frame-cipher';
import type { Station } from './session-store';
import { ownKey } from './token-mark';

/** A key encrypts for a day: what a token said on one day can be erased alone, and keys stay young. */
const keyLifeMs = 24 * 60 * 60 * 1_000;
const keysMax = 50_000;
/** Keys that are made for tokens that one charge point names, in the life of a key. */
const keysOfStationMax = 2_000;

/** Keys of the installation: data keys are encrypted under the first, and decrypted with any. */
export type MasterKeys = readonly [Buffer, ...Buffer[]];

/**
 * The keys given, the newest first, separated by commas; else the installation's own. Its own still
 * decrypts what it encrypted once others are given.
 */
export const masterKeys = async (
  sql: SqlClient,
  given: string | undefined,
): Promise<MasterKeys> => {
  const own = masterKeyOf(await ownKey(sql, 'frames'));
  const [first, ...others] = (given ?? '').split(',').filter((key) => key !== '');
  if (first === undefined) return [own];
  return [
    masterKeyOf(Buffer.from(first)),
    ...others.map((key) => masterKeyOf(Buffer.from(key))),
    own,
  ];
};

/** Whose keys, and of which age. */
export type KeyOwner = Readonly<{ cpoId: string; ownerMark: string; madeBefore: Date }>;

type Held = { readonly key: DataKey; readonly madeAtMs: number };

/**
 * The data keys this process encrypts under. They are made in memory, so that no frame waits for the
 * database, and are written down in the transaction that writes the first frame encrypted under
 * them. Never again after that: a key that was erased meanwhile must not come back.
 */
export class FrameKeys {
  /** By owner, the least recently used first. */
  private readonly current = new Map<string, Held>();
  /** By key id, those that are in no transaction that has committed. */
  private readonly unsaved = new Map<string, Held>();

  /** By charge point, how many keys its tokens were given, since when. */
  private readonly madeFor = new Map<string, { sinceMs: number; count: number }>();

  constructor(
    private readonly masters: MasterKeys,
    private readonly nowMs: () => number,
  ) {}

  /**
   * The key of a token that a charge point names; undefined when it has named more than drivers come to
   * it, so that a hostile one does not fill the table of keys.
   */
  keyFor({ cpoId, chargePointId }: Station, ownerMark: string): DataKey | undefined {
    const held = this.heldKey(`${cpoId}/${ownerMark}`);
    if (held !== undefined) return held;
    const station = `${cpoId}/${chargePointId}`;
    const known = this.madeFor.get(station);
    const isYoung = known !== undefined && this.nowMs() - known.sinceMs < keyLifeMs;
    const made = isYoung ? known : { sinceMs: this.nowMs(), count: 0 };
    if (made.count >= keysOfStationMax) return undefined;
    made.count += 1;
    if (this.madeFor.size >= keysMax) this.madeFor.clear();
    this.madeFor.set(station, made);
    return this.keyOf(cpoId, ownerMark);
  }

  keyOf(cpoId: string, ownerMark: string): DataKey {
    const owner = `${cpoId}/${ownerMark}`;
    const held = this.heldKey(owner);
    if (held !== undefined) return held;
    const key = newDataKey(cpoId, ownerMark);
    const made = { key, madeAtMs: this.nowMs() };
    this.current.set(owner, made);
    this.unsaved.set(key.keyId, made);
    const [oldest] = this.current.keys();
    if (this.current.size > keysMax && oldest !== undefined) this.current.delete(oldest);
    return key;
  }

  /** The key under which an owner's words are encrypted now; it is used last from here on. */
  private heldKey(owner: string): DataKey | undefined {
    const held = this.current.get(owner);
    this.current.delete(owner);
    if (held === undefined || this.nowMs() - held.madeAtMs >= keyLifeMs) return undefined;
    this.current.set(owner, held);
    return held.key;
  }

  /** Writes down those of the keys that are new: more than once where two write at the same time. */
  async save(tx: SqlClient, keyIds: Iterable<string>): Promise<void> {
    const fresh = [...new Set(keyIds)].flatMap((keyId) => this.unsaved.get(keyId) ?? []);
    if (fresh.length === 0) return;
    await queryPrepared(
      tx,
      'gateway.save_frame_keys',
      `INSERT INTO frame_keys (cpo_id, owner_mark, key_id, wrapped_key, made_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[])`,
      [
        fresh.map(({ key }) => key.cpoId),
        fresh.map(({ key }) => key.ownerMark),
        fresh.map(({ key }) => key.keyId),
        fresh.map(({ key }) => wrappedKey(this.masters[0], key)),
        fresh.map(({ madeAtMs }) => new Date(madeAtMs)),
      ],
    );
  }

  /** They are durable. */
  saved(keyIds: Iterable<string>): void {
    for (const keyId of keyIds) this.unsaved.delete(keyId);
  }

  /**
   * Destroys the keys of an owner that were made before an instant; says how many there were. A key
   * that another process writes down afterwards does not count either.
   */
  async erase(
    tx: SqlClient,
    { cpoId, ownerMark, madeBefore }: KeyOwner,
    erasedBy: string,
  ): Promise<number> {
    const { rows } = await tx.query<{ keys: number }>(
      `WITH erased AS (
         DELETE FROM frame_keys WHERE cpo_id = $1 AND owner_mark = $2 AND made_at < $3
         RETURNING key_id)
       SELECT count(DISTINCT key_id)::int AS keys FROM erased`,
      [cpoId, ownerMark, madeBefore],
    );
    const keysErased = rows[0]?.keys ?? 0;
    await tx.query(
      `INSERT INTO frame_erasures (cpo_id, owner_mark, made_before, keys_erased, erased_by)
       VALUES ($1, $2, $3, $4, $5)`,
      [cpoId, ownerMark, madeBefore, keysErased, erasedBy],
    );
    return keysErased;
  }

  /** What comes next of an owner is encrypted under a new key. */
  forget({ cpoId, ownerMark, madeBefore }: KeyOwner): void {
    const owner = `${cpoId}/${ownerMark}`;
    const held = this.current.get(owner);
    if (held === undefined || held.madeAtMs >= madeBefore.getTime()) return;
    this.current.delete(owner);
    this.unsaved.delete(held.key.keyId);
  }

  /** The secrets of those keys that have not been erased. */
  async find(
    sql: SqlClient,
    cpoId: string,
    keyIds: readonly string[],
  ): Promise<ReadonlyMap<string, Buffer>> {
    const { rows } = await sql.query<{ key_id: string; wrapped_key: Buffer }>(
      `SELECT key_id, wrapped_key FROM frame_keys k
       WHERE cpo_id = $1 AND key_id = ANY($2::text[]) AND NOT EXISTS (
         SELECT FROM frame_erasures e WHERE e.cpo_id = k.cpo_id
           AND e.owner_mark = k.owner_mark AND k.made_at < e.made_before)`,
      [cpoId, keyIds],
    );
    return new Map(
      rows.map((row) => [row.key_id, this.unwrapped(cpoId, row.key_id, row.wrapped_key)]),
    );
  }

  /** Whether the newest key that is stored can be opened: else FRAME_KEY lacks the one it was made under. */
  async state(sql: SqlClient): Promise<true | string> {
    const { rows } = await sql.query<{ cpo_id: string; key_id: string; wrapped_key: Buffer }>(
      `SELECT cpo_id, key_id, wrapped_key FROM frame_keys ORDER BY made_at DESC LIMIT 1`,
    );
    const [row] = rows;
    if (row === undefined) return true;
    try {
      this.unwrapped(row.cpo_id, row.key_id, row.wrapped_key);
      return true;
    } catch (error) {
      return `${(error as Error).message}: frames of before cannot be shown`;
    }
  }

  private unwrapped(cpoId: string, keyId: string, wrapped: Buffer): Buffer {
    for (const master of this.masters) {
      const secret = unwrappedKey(master, cpoId, keyId, wrapped);
      if (secret !== undefined) return secret;
    }
    throw new Error(`none of the keys in FRAME_KEY has encrypted data key ${keyId}`);
  }
}
