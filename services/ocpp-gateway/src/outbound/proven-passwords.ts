import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SqlClient } from '@tallywatt/event-log';
import type { Station } from './session-store';

/**
 * Passwords that a slow check found right once, known again by a mark of them: HMAC-SHA-256 under a key
 * that is not in the database, stored beside it. A process that has just started then does not check
 * a fleet's passwords slowly again (ADR 39). The mark is of the hash as well, and counts for nothing
 * once that is another's.
 */
export class ProvenPasswords {
  private readonly key: Buffer;

  /** @param secret another one voids all marks: what they were of is checked slowly once more. */
  constructor(
    private readonly sql: SqlClient,
    secret: string,
    private readonly unkept: (error: unknown) => void,
  ) {
    this.key = Buffer.from(secret, 'utf8');
  }

  /** The mark that is stored of a charge point's password, for `isOf`. */
  async markOf({ cpoId, chargePointId }: Station): Promise<Buffer | undefined> {
    const { rows } = await this.sql.query<{ mark: Buffer }>(
      'SELECT mark FROM proven_passwords WHERE cpo_id = $1 AND charge_point_id = $2',
      [cpoId, chargePointId],
    );
    return rows[0]?.mark;
  }

  /** Whether a mark is of this password, for this charge point and this hash. */
  isOf(mark: Buffer, station: Station, password: Buffer, hash: string): boolean {
    const expected = this.mark(station, password, hash);
    return mark.length === expected.length && timingSafeEqual(mark, expected);
  }

  /**
   * A slow check has found the password right: its mark takes the place of the one before. Nobody waits
   * for it; without it the next process checks slowly. A quick hash needs none.
   */
  keep(station: Station, password: Buffer, hash: string): void {
    if (hash.startsWith('quick$')) return;
    this.sql
      .query(
        `INSERT INTO proven_passwords (cpo_id, charge_point_id, mark) VALUES ($1, $2, $3)
         ON CONFLICT (cpo_id, charge_point_id) DO UPDATE SET mark = $3`,
        [station.cpoId, station.chargePointId, this.mark(station, password, hash)],
      )
      .catch(this.unkept);
  }

  private mark({ cpoId, chargePointId }: Station, password: Buffer, hash: string): Buffer {
    return createHmac('sha256', this.key)
      .update(`tallywatt.proven-password.v1\n${cpoId}\n${chargePointId}\n${hash}\n`)
      .update(password)
      .digest();
  }
}
