import type { AccountEvent, FleetFeeEvent, RecordedEvent } from '@tallywatt/contracts';
import { decodeState, encodeState, type FleetWords } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';

export type FleetKey = Readonly<{ cpoId: string; fleetRef: string }>;

/** Keeps what the log says of fleets; of drivers and tokens nothing is kept. */
export const keepFleetWords = async (
  tx: SqlClient,
  records: readonly RecordedEvent<AccountEvent>[],
): Promise<void> => {
  const words = records.flatMap(({ event }) =>
    event.type === 'FleetRegistered' || event.type === 'FleetClosed' ? [event] : [],
  );
  if (words.length === 0) return;
  await tx.query(
    `INSERT INTO fleet_words (cpo_id, fleet_ref, revision, word)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
     ON CONFLICT DO NOTHING`,
    [
      words.map(({ cpoId }) => cpoId),
      words.map(({ fleetRef }) => fleetRef),
      words.map(({ revision }) => revision.toString()),
      words.map((word) => encodeState(word)),
    ],
  );
};

/** Every fleet of every CPO. */
export const listFleets = async (db: SqlClient): Promise<readonly FleetKey[]> => {
  const { rows } = await db.query<{ cpo_id: string; fleet_ref: string }>(
    'SELECT DISTINCT cpo_id, fleet_ref FROM fleet_words ORDER BY 1, 2',
  );
  return rows.map((row) => ({ cpoId: row.cpo_id, fleetRef: row.fleet_ref }));
};

/** Locks the months of a fleet against other replicas, and says what was said of it. */
export const lockFleet = async (
  tx: SqlClient,
  { cpoId, fleetRef }: FleetKey,
): Promise<FleetWords> => {
  await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
    'pricing-engine.fleet-fees',
    `${cpoId}/${fleetRef}`,
  ]);
  const { rows } = await tx.query<{ word: string }>(
    'SELECT word FROM fleet_words WHERE cpo_id = $1 AND fleet_ref = $2 ORDER BY revision',
    [cpoId, fleetRef],
  );
  return rows.map(({ word }) => decodeState<FleetWords[number]>(word));
};

/** The months of a fleet in which nothing is left to charge. */
export const doneMonths = async (
  tx: SqlClient,
  { cpoId, fleetRef }: FleetKey,
): Promise<ReadonlySet<string>> => {
  const { rows } = await tx.query<{ period: string }>(
    'SELECT period FROM fleet_months WHERE cpo_id = $1 AND fleet_ref = $2',
    [cpoId, fleetRef],
  );
  return new Set(rows.map(({ period }) => period));
};

export const keepDoneMonth = async (
  tx: SqlClient,
  { cpoId, fleetRef }: FleetKey,
  period: string,
): Promise<void> => {
  await tx.query('INSERT INTO fleet_months VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
    cpoId,
    fleetRef,
    period,
  ]);
};

/** What has been said last of each fee of a month. */
export const feesOfMonth = async (
  tx: SqlClient,
  { cpoId, fleetRef }: FleetKey,
  period: string,
): Promise<ReadonlyMap<string, FleetFeeEvent>> => {
  const { rows } = await tx.query<{ fee: string }>(
    'SELECT fee FROM fleet_fees WHERE cpo_id = $1 AND fleet_ref = $2 AND period = $3',
    [cpoId, fleetRef, period],
  );
  return new Map(
    rows.map(({ fee }) => {
      const event = decodeState<FleetFeeEvent>(fee);
      return [event.feeId, event];
    }),
  );
};

/** Keeps what was said of fees. One that is charged stays so. */
export const keepFleetFees = async (
  tx: SqlClient,
  fees: readonly FleetFeeEvent[],
): Promise<void> => {
  for (const fee of fees) {
    await tx.query(
      `INSERT INTO fleet_fees (cpo_id, fee_id, fleet_ref, period, status, fee)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (cpo_id, fee_id) DO UPDATE SET status = EXCLUDED.status, fee = EXCLUDED.fee
         WHERE fleet_fees.status = 'withheld'`,
      [
        fee.cpoId,
        fee.feeId,
        fee.fleetRef,
        fee.period,
        fee.type === 'FleetFeeCharged' ? 'charged' : 'withheld',
        encodeState(fee),
      ],
    );
  }
};

/** A CPO's fees by month and id, after the place given. */
export const listFleetFees = async (
  db: SqlClient,
  cpoId: string,
  fleetRef: string | undefined,
  after: readonly string[] | undefined,
  limit: number,
): Promise<readonly FleetFeeEvent[]> => {
  const { rows } = await db.query<{ fee: string }>(
    `SELECT fee FROM fleet_fees
     WHERE cpo_id = $1 AND ($2::text IS NULL OR fleet_ref = $2)
       AND ($3::text IS NULL OR (period, fee_id) > ($3, $4))
     ORDER BY period, fee_id LIMIT $5`,
    [cpoId, fleetRef ?? null, after?.[0] ?? null, after?.[1] ?? '', limit],
  );
  return rows.map(({ fee }) => decodeState<FleetFeeEvent>(fee));
};
