import { derivedId } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import { fromRow, registered, type Row, selectRow } from './charge-point-registry';
import type { Appends } from './group-append';
import type { Connection } from './station-store';

const isUnderWay = `cpo_id = $1 AND charge_point_id = $2 AND command = 'SecurityProfileRaise'
  AND sent_at IS NOT NULL AND status <> 'rejected' AND followed_by IS NULL`;

/**
 * A charger has come by a security profile above its registered one: where it was told to raise it, the
 * registration follows, and lower ones let it in no longer (OCPP 1.6 security white paper, A05; 2.0.1
 * part 2, A05). Whoever comes so of itself may go back.
 */
export const followRaise = async (
  eventLog: Appends,
  tx: SqlClient,
  { cpoId, chargePointId, connectionId, connectedAt, securityProfile }: Connection,
): Promise<void> => {
  // Most that come by a higher one were not told to, and nobody's registration is locked for them.
  const { rowCount: raisesUnderWay } = await tx.query(
    `SELECT FROM charger_commands WHERE ${isUnderWay} LIMIT 1`,
    [cpoId, chargePointId],
  );
  if (raisesUnderWay === 0) return;
  const { rows } = await tx.query<Row>(
    `${selectRow} WHERE c.cpo_id = $1 AND c.charge_point_id = $2 FOR NO KEY UPDATE OF c`,
    [cpoId, chargePointId],
  );
  const [row] = rows;
  if (row === undefined || row.security_profile >= securityProfile) return;
  const { rows: raises } = await tx.query<{ command_id: string; profile: number }>(
    `UPDATE charger_commands SET followed_by = $5
     WHERE ${isUnderWay}
       AND (parameters->>'securityProfile')::int > $3
       AND (parameters->>'securityProfile')::int <= $4
     RETURNING command_id, (parameters->>'securityProfile')::int AS profile`,
    [cpoId, chargePointId, row.security_profile, securityProfile, connectionId],
  );
  const [raise] = raises.sort((one, other) => other.profile - one.profile);
  if (raise === undefined) return;
  const point = { ...fromRow(row), securityProfile: raise.profile };
  const revision = row.revision + 1;
  // Of a charger with a certificate no password is known any more.
  await tx.query(
    `UPDATE charge_points SET security_profile = $3, revision = $4,
       password_hash = CASE WHEN $3 < 3 THEN password_hash END
     WHERE cpo_id = $1 AND charge_point_id = $2`,
    [cpoId, chargePointId, raise.profile, revision],
  );
  if (raise.profile === 3) {
    await tx.query(
      `UPDATE credential_rotations SET status = 'superseded', sealed = NULL
       WHERE cpo_id = $1 AND charge_point_id = $2 AND status IN ('waiting', 'sent', 'accepted')`,
      [cpoId, chargePointId],
    );
  }
  const event = {
    type: 'SecurityProfileRaised',
    cpoId,
    chargePointId,
    commandId: raise.command_id,
    formerSecurityProfile: row.security_profile,
    securityProfile: raise.profile,
    raisedAt: connectedAt,
  } as const;
  const id = derivedId('registration', cpoId, chargePointId, revision.toString());
  await eventLog.append(tx, [
    { event, occurredAt: connectedAt, correlationId: raise.command_id },
    { event: registered(point), occurredAt: connectedAt, id, correlationId: raise.command_id },
  ]);
};
