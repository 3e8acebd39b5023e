import type { exclusionReasons } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { Appends } from './group-append';
import type { Station } from './session-store';

/** Time in which outage does not count, the end not included; of all connectors where none is said. */
export type OutageExclusion = Station &
  Readonly<{
    exclusionId: string;
    connectorId?: number | undefined;
    beganAt: Instant;
    endedAt: Instant;
    reason: (typeof exclusionReasons)[number];
    detail: string;
    excludedBy: string;
  }>;

type Row = {
  exclusion_id: string;
  charge_point_id: string;
  connector_id: number | null;
  began_at: string;
  ended_at: string;
  reason: OutageExclusion['reason'];
  detail: string;
  excluded_by: string;
};

const fromRow = (cpoId: string, row: Row): OutageExclusion => ({
  cpoId,
  chargePointId: row.charge_point_id,
  exclusionId: row.exclusion_id,
  ...(row.connector_id === null ? {} : { connectorId: row.connector_id }),
  beganAt: row.began_at,
  endedAt: row.ended_at,
  reason: row.reason,
  detail: row.detail,
  excludedBy: row.excluded_by,
});

const columns =
  'exclusion_id, charge_point_id, connector_id, began_at, ended_at, reason, detail, excluded_by';

/** `differs`: the id was used for something else, or for what does not count any more. */
export type ExclusionOutcome = 'excluded' | 'repeated' | 'differs';

/** Once by its id: the same words again add nothing. */
export const excludeOutage = async (
  tx: SqlClient,
  log: Appends,
  exclusion: OutageExclusion,
  now: Instant,
): Promise<ExclusionOutcome> => {
  const { cpoId, chargePointId, exclusionId, connectorId, ...rest } = exclusion;
  const { beganAt, endedAt, reason, detail, excludedBy } = rest;
  const said = [
    cpoId,
    exclusionId,
    chargePointId,
    connectorId ?? null,
    beganAt,
    endedAt,
    reason,
    detail,
  ];
  const { rowCount } = await tx.query(
    `INSERT INTO outage_exclusions (cpo_id, ${columns})
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
    [...said, excludedBy],
  );
  if (rowCount === 0) {
    const { rowCount: same } = await tx.query(
      `SELECT FROM outage_exclusions
       WHERE cpo_id = $1 AND exclusion_id = $2 AND charge_point_id = $3
         AND connector_id IS NOT DISTINCT FROM $4::int AND began_at = $5 AND ended_at = $6
         AND reason = $7 AND detail = $8 AND withdrawn_at IS NULL`,
      said,
    );
    return same === 1 ? 'repeated' : 'differs';
  }
  const event = {
    type: 'OutageExcluded',
    cpoId,
    chargePointId,
    exclusionId,
    ...(connectorId === undefined ? {} : { connectorId }),
    ...rest,
  } as const;
  await log.append(tx, [{ event, occurredAt: now }]);
  return 'excluded';
};

/** False when there is none of this id that counts. */
export const withdrawExclusion = async (
  tx: SqlClient,
  log: Appends,
  { cpoId, chargePointId }: Station,
  withdrawal: Readonly<{ exclusionId: string; detail: string; withdrawnBy: string }>,
  now: Instant,
): Promise<boolean> => {
  const { rowCount } = await tx.query(
    `UPDATE outage_exclusions SET withdrawn_at = now()
     WHERE cpo_id = $1 AND charge_point_id = $2 AND exclusion_id = $3 AND withdrawn_at IS NULL`,
    [cpoId, chargePointId, withdrawal.exclusionId],
  );
  if (rowCount === 0) return false;
  const event = {
    type: 'OutageExclusionWithdrawn',
    cpoId,
    chargePointId,
    ...withdrawal,
  } as const;
  await log.append(tx, [{ event, occurredAt: now }]);
  return true;
};

/** Those that count and touch a period, by charge point and beginning. */
export const findExclusions = async (
  sql: SqlClient,
  cpoId: string,
  chargePointIds: readonly string[],
  period: Readonly<{ from: Instant; to: Instant }>,
): Promise<OutageExclusion[]> => {
  const { rows } = await sql.query<Row>(
    `SELECT ${columns} FROM outage_exclusions
     WHERE cpo_id = $1 AND charge_point_id = ANY($2::text[]) AND withdrawn_at IS NULL
       AND began_at < $4 AND ended_at > $3
     ORDER BY charge_point_id, began_at, exclusion_id`,
    [cpoId, chargePointIds, period.from, period.to],
  );
  return rows.map((row) => fromRow(cpoId, row));
};
