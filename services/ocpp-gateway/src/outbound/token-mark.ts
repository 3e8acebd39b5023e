import { createHmac, randomBytes } from 'node:crypto';
import type { SqlClient } from '@tallywatt/event-log';

/** Stands for an idTag: equal for equal tags, and worthless without the installation's key. */
export type TokenMark = (cpoId: string, idTag: string) => string;

/** A key that this installation has made for itself at its first start, and keeps in the database. */
export const ownKey = async (sql: SqlClient, name: 'fingerprint' | 'frames'): Promise<Buffer> => {
  await sql.query(
    `INSERT INTO installation_keys (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
    [name, randomBytes(32)],
  );
  const { rows } = await sql.query<{ secret: Buffer }>(
    `SELECT secret FROM installation_keys WHERE name = $1`,
    [name],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`the installation has lost its ${name} key`);
  return row.secret;
};

/** The key given, else the installation's own. */
export const fingerprintKey = async (sql: SqlClient, given: string | undefined): Promise<Buffer> =>
  given === undefined ? ownKey(sql, 'fingerprint') : Buffer.from(given, 'utf8');

/** OCPP 1.6 compares idTags without regard to case (CiString). */
export const tokenMarkWith =
  (key: Buffer): TokenMark =>
  (cpoId, idTag) =>
    createHmac('sha256', key).update(`${cpoId}\n${idTag.toLowerCase()}`).digest('hex');
