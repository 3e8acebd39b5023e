import { createHmac, randomBytes } from 'node:crypto';
import type { SqlClient } from '@tallywatt/event-log';

/** Stands for an idTag: equal for equal tags, and worthless without the installation's key. */
export type TokenMark = (cpoId: string, idTag: string) => string;

/** The key given, else the installation's own, made at the first start and kept in the database. */
export const fingerprintKey = async (
  sql: SqlClient,
  given: string | undefined,
): Promise<Buffer> => {
  if (given !== undefined) return Buffer.from(given, 'utf8');
  await sql.query(
    `INSERT INTO installation_keys (name, secret) VALUES ('fingerprint', $1)
     ON CONFLICT (name) DO NOTHING`,
    [randomBytes(32)],
  );
  const { rows } = await sql.query<{ secret: Buffer }>(
    `SELECT secret FROM installation_keys WHERE name = 'fingerprint'`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the installation has lost its fingerprint key');
  return row.secret;
};

/** OCPP 1.6 compares idTags without regard to case (CiString). */
export const tokenMarkWith =
  (key: Buffer): TokenMark =>
  (cpoId, idTag) =>
    createHmac('sha256', key).update(`${cpoId}\n${idTag.toLowerCase()}`).digest('hex');
