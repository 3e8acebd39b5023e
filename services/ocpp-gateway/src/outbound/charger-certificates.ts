import { derivedId } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { randomUUID } from 'node:crypto';
import type { CommandEnd } from '../domain/command-end';
import type { SignedCertificate } from './certificate-authority';
import type { ChargerCommands, OpenCommand } from './charger-commands';
import { lockChargePoint } from './credential-rotations';
import type { Appends } from './group-append';
import type { Station } from './session-store';

export type RefusalReason = 'request-invalid' | 'no-certificate-authority' | 'too-many-requests';

/** A charger renews its certificate once a year, and a broken one for ever. */
const issuedPerDayMax = 10;

/** The charger may not have it: no answer is known, or it asks again some time after it took it. */
const isToGoAgain = `c.status = 'failed'
  OR c.status = 'accepted' AND c.sent_at < now() - interval '1 minute'`;

/**
 * Certificates that a CPO's authority has signed for chargers: written down, with the command that
 * carries them, before the charger hears that its request is taken.
 */
export class ChargerCertificates {
  constructor(
    private readonly eventLog: Appends,
    private readonly commands: Pick<ChargerCommands, 'request'>,
  ) {}

  /** Whether so many were signed within a day that the next has to wait. */
  async isAtLimit(sql: SqlClient, { cpoId, chargePointId }: Station): Promise<boolean> {
    const { rows } = await sql.query<{ n: string }>(
      `SELECT count(*) AS n FROM charger_certificates
       WHERE cpo_id = $1 AND charge_point_id = $2 AND created_at > now() - interval '1 day'`,
      [cpoId, chargePointId],
    );
    return Number(rows[0]?.n) >= issuedPerDayMax;
  }

  /** Whether there is a certificate for this very request that the charger has not come with yet. */
  async isKnown(
    sql: SqlClient,
    { cpoId, chargePointId }: Station,
    digest: string,
  ): Promise<boolean> {
    const { rowCount } = await sql.query(
      `SELECT FROM charger_certificates
       WHERE cpo_id = $1 AND charge_point_id = $2 AND request_digest = $3 AND status = 'issued'`,
      [cpoId, chargePointId, digest],
    );
    return rowCount === 1;
  }

  /**
   * A charger asks again with the same request: its certificate is on its way, or goes again where
   * it has arrived before or got lost.
   *
   * @returns false when there is none by now.
   */
  async repeat(tx: SqlClient, station: Station, digest: string, now: Instant): Promise<boolean> {
    const { cpoId, chargePointId } = station;
    await lockChargePoint(tx, cpoId, chargePointId);
    const { rows } = await tx.query<Row & { is_to_go_again: boolean }>(
      `SELECT k.*, coalesce(${isToGoAgain}, true) AS is_to_go_again
       FROM charger_certificates k LEFT JOIN charger_commands c USING (cpo_id, command_id)
       WHERE k.cpo_id = $1 AND k.charge_point_id = $2 AND k.request_digest = $3
         AND k.status = 'issued'`,
      [cpoId, chargePointId, digest],
    );
    const [row] = rows;
    if (row === undefined) return false;
    if (!row.is_to_go_again) return true;
    const { rotation_id: rotationId, fingerprint_sha256: fingerprintSha256, chain } = row;
    const commandId = await this.deliver(
      tx,
      station,
      { rotationId, fingerprintSha256, chain },
      now,
    );
    await tx.query(
      'UPDATE charger_certificates SET command_id = $3 WHERE cpo_id = $1 AND rotation_id = $2',
      [cpoId, rotationId, commandId],
    );
    return true;
  }

  /** Writes down a new certificate and the command that carries it. */
  async issue(
    tx: SqlClient,
    station: Station,
    digest: string,
    signed: SignedCertificate,
    now: Instant,
  ): Promise<void> {
    // The same request may have come twice, through two connections.
    if (await this.repeat(tx, station, digest, now)) return;
    const { cpoId, chargePointId } = station;
    const rotationId = randomUUID();
    const { fingerprintSha256, serialNumber, validFrom, validUntil, chain } = signed;
    const identity = { cpoId, chargePointId, rotationId } as const;
    const events = [
      {
        type: 'CredentialsRotationRequested',
        ...identity,
        kind: 'certificate',
        requestedBy: 'charge-point',
      },
      {
        type: 'CertificateIssued',
        ...identity,
        fingerprintSha256,
        serialNumber,
        validFrom,
        validUntil,
      },
    ] as const;
    await this.eventLog.append(
      tx,
      events.map((event) => ({ event, occurredAt: now, correlationId: rotationId })),
    );
    const delivery = { rotationId, fingerprintSha256, chain };
    const commandId = await this.deliver(tx, station, delivery, now);
    await tx.query(
      `INSERT INTO charger_certificates (cpo_id, rotation_id, charge_point_id, request_digest,
         fingerprint_sha256, serial_number, chain, valid_from, valid_until, status, command_id,
         issued_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'issued', $10, $11)`,
      [
        cpoId,
        rotationId,
        chargePointId,
        digest,
        fingerprintSha256,
        serialNumber,
        chain,
        validFrom,
        validUntil,
        commandId,
        now,
      ],
    );
  }

  /** A request that is not signed; the same fault of a charger is one fact a day. */
  async refused(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    reason: RefusalReason,
    detail: string,
    now: Instant,
  ): Promise<void> {
    const day = now.slice(0, 10);
    const rotationId = derivedId('certificate-refused', cpoId, chargePointId, day, reason, detail);
    const event = {
      type: 'CredentialsRotationFailed',
      cpoId,
      chargePointId,
      rotationId,
      kind: 'certificate',
      reason,
      detail,
    } as const;
    await this.eventLog.append(tx, [{ event, occurredAt: now, id: rotationId }]);
  }

  /** What became of the command that carried one. Without an answer it may have arrived. */
  async delivered(tx: SqlClient, open: OpenCommand, end: CommandEnd, now: Instant): Promise<void> {
    if (end.kind !== 'rejected') return;
    const { cpoId, chargePointId, commandId } = open;
    const { rows } = await tx.query<{ rotation_id: string }>(
      `UPDATE charger_certificates SET status = 'rejected', detail = $3
       WHERE cpo_id = $1 AND charge_point_id = $4 AND command_id = $2 AND status = 'issued'
       RETURNING rotation_id`,
      [cpoId, commandId, end.detail, chargePointId],
    );
    const [row] = rows;
    if (row === undefined) return;
    const event = {
      type: 'CredentialsRotationFailed',
      cpoId,
      chargePointId,
      rotationId: row.rotation_id,
      kind: 'certificate',
      reason: 'rejected-by-charger',
      detail: end.detail,
    } as const;
    await this.eventLog.append(tx, [{ event, occurredAt: now, correlationId: row.rotation_id }]);
  }

  /** A charger has come with a new certificate: those before it are void. */
  async used(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    rotationId: string,
    now: Instant,
  ): Promise<void> {
    await lockChargePoint(tx, cpoId, chargePointId);
    const { rows } = await tx.query<{ ordinal: string }>(
      `UPDATE charger_certificates SET status = 'in-use', in_use_since = $3
       WHERE cpo_id = $1 AND rotation_id = $2 AND status = 'issued' RETURNING ordinal`,
      [cpoId, rotationId, now],
    );
    const [row] = rows;
    if (row === undefined) return;
    await tx.query(
      `UPDATE charger_certificates SET status = 'superseded'
       WHERE cpo_id = $1 AND charge_point_id = $2 AND ordinal < $3
         AND status IN ('issued', 'in-use')`,
      [cpoId, chargePointId, row.ordinal],
    );
    const event = {
      type: 'CredentialsRotated',
      cpoId,
      chargePointId,
      rotationId,
      kind: 'certificate',
      rotatedAt: now,
    } as const;
    const id = derivedId('credentials-rotated', cpoId, rotationId);
    await this.eventLog.append(tx, [{ event, occurredAt: now, id, correlationId: rotationId }]);
  }

  private async deliver(
    tx: SqlClient,
    { cpoId, chargePointId }: Station,
    { rotationId, fingerprintSha256, chain }: Delivery,
    now: Instant,
  ): Promise<string> {
    const commandId = randomUUID();
    const command = {
      type: 'CertificateDelivery',
      rotationId,
      fingerprintSha256,
      certificateChain: chain,
    } as const;
    const wish = { cpoId, chargePointId, commandId, command, asked: rotationId };
    // A charger that is gone by now gets it when it comes: it waits for it.
    await this.commands.request(
      tx,
      { ...wish, requestedBy: 'charge-point', waitsForCharger: true },
      now,
    );
    return commandId;
  }
}

type Delivery = Readonly<{ rotationId: string; fingerprintSha256: string; chain: string }>;

type Row = { rotation_id: string; fingerprint_sha256: string; chain: string };

type KnownRow = Readonly<{ password_hash: string | null; certificate_fingerprint: string | null }>;
type Registered = Readonly<{ passwordHash?: string; certificateFingerprint?: string }>;

/** Where a certificate is not pinned any more, what was signed for its charger stays as it is. */
export const isOtherPin = (
  known: Pick<KnownRow, 'certificate_fingerprint'> | undefined,
  { certificateFingerprint: fingerprint }: Registered,
): boolean => fingerprint !== undefined && known?.certificate_fingerprint !== fingerprint;

/** Whether another password or another certificate takes the place of the known one. */
export const isReplaced = (known: KnownRow, credentials: Registered): boolean => {
  const { passwordHash } = credentials;
  const hadPassword = known.password_hash !== null && passwordHash !== undefined;
  return (hadPassword && passwordHash !== known.password_hash) || isOtherPin(known, credentials);
};

/**
 * An operator has registered another certificate, or another password: what was signed before lets nobody
 * in any more, for whoever had the former could ask for it. That its charger did not take one says
 * nothing of who has its key.
 */
export const voidCertificates = async (
  tx: SqlClient,
  cpoId: string,
  chargePointIds: readonly string[],
): Promise<void> => {
  await tx.query(
    `UPDATE charger_certificates SET status = 'superseded'
     WHERE cpo_id = $1 AND charge_point_id = ANY($2)
       AND status IN ('issued', 'in-use', 'rejected')`,
    [cpoId, chargePointIds],
  );
};
