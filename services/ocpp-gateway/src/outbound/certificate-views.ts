import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { Station } from './session-store';

/** A certificate as it is shown. */
export type CertificateView = Readonly<{
  rotationId: string;
  status: 'issued' | 'in-use' | 'rejected' | 'superseded';
  detail?: string;
  fingerprintSha256: string;
  serialNumber: string;
  validFrom: Instant;
  validUntil: Instant;
  issuedAt: Instant;
  inUseSince?: Instant;
  /** The command that carried it to the charger. */
  commandId: string;
}>;

/** With which certificates of ours a charger may come. */
export type OwnCertificates = Readonly<{
  /** It has come with this one, so with none that is older. */
  inUse?: string;
  issued: readonly Readonly<{ rotationId: string; fingerprint: string }>[];
  /** With none of these, also where no certificate in particular is registered. */
  superseded: readonly string[];
}>;

type Row = {
  rotation_id: string;
  status: CertificateView['status'];
  detail: string | null;
  fingerprint_sha256: string;
  serial_number: string;
  valid_from: string;
  valid_until: string;
  issued_at: string;
  in_use_since: string | null;
  command_id: string;
};

export const ownCertificates = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Station,
): Promise<OwnCertificates> => {
  const { rows } = await sql.query<Pick<Row, 'rotation_id' | 'status' | 'fingerprint_sha256'>>(
    `SELECT rotation_id, status, fingerprint_sha256 FROM charger_certificates
     WHERE cpo_id = $1 AND charge_point_id = $2 AND (status IN ('issued', 'in-use')
       OR status = 'superseded' AND valid_until::timestamptz > now())`,
    [cpoId, chargePointId],
  );
  const inUse = rows.find(({ status }) => status === 'in-use')?.fingerprint_sha256;
  return {
    ...(inUse === undefined ? {} : { inUse }),
    issued: rows
      .filter(({ status }) => status === 'issued')
      .map((row) => ({ rotationId: row.rotation_id, fingerprint: row.fingerprint_sha256 })),
    superseded: rows
      .filter(({ status }) => status === 'superseded')
      .map((row) => row.fingerprint_sha256),
  };
};

/** The latest first. */
export const listCertificates = async (
  sql: SqlClient,
  { cpoId, chargePointId }: Station,
): Promise<CertificateView[]> => {
  const { rows } = await sql.query<Row>(
    `SELECT * FROM charger_certificates WHERE cpo_id = $1 AND charge_point_id = $2
     ORDER BY ordinal DESC LIMIT 50`,
    [cpoId, chargePointId],
  );
  return rows.map((row) => ({
    rotationId: row.rotation_id,
    status: row.status,
    ...(row.detail === null ? {} : { detail: row.detail }),
    fingerprintSha256: row.fingerprint_sha256,
    serialNumber: row.serial_number,
    validFrom: row.valid_from,
    validUntil: row.valid_until,
    issuedAt: row.issued_at,
    ...(row.in_use_since === null ? {} : { inUseSince: row.in_use_since }),
    commandId: row.command_id,
  }));
};
