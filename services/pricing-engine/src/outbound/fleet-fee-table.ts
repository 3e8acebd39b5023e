import type { AccountEvent, FleetFeeEvent, RecordedEvent } from '@tallywatt/contracts';
import { decodeState, encodeState, type FleetWords } from '@tallywatt/derivations';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';

export type FleetKey = Readonly<{ cpoId: string; fleetRef: string }>;

/**
 * Keeps what the log says of fleets; of drivers and tokens nothing is kept. A fleet of which something
 * is said is looked at again, also in its months without a fee.
 *
 * @throws when a sequence that is there says something else: two logs, or a forged one.
 */
export const keepFleetWords = async (
  tx: SqlClient,
  records: readonly RecordedEvent<AccountEvent>[],
): Promise<void> => {
  const words = records.flatMap(({ event, metadata }) =>
    event.type === 'FleetRegistered' || event.type === 'FleetClosed'
      ? [{ event, sequence: metadata.sequence.toString() }]
      : [],
  );
  if (words.length === 0) return;
  const values = [
    words.map(({ event }) => event.cpoId),
    words.map(({ event }) => event.fleetRef),
    words.map(({ sequence }) => sequence),
    words.map(({ event }) => encodeState(event)),
  ];
  const given = 'unnest($1::text[], $2::text[], $3::bigint[], $4::text[])';
  await tx.query(
    `INSERT INTO fleet_words (cpo_id, fleet_ref, sequence, word) SELECT * FROM ${given}
     ON CONFLICT DO NOTHING`,
    values,
  );
  const { rows } = await tx.query<{ fleet_ref: string; sequence: string }>(
    `SELECT fleet_ref, sequence FROM ${given} AS k (cpo_id, fleet_ref, sequence, word)
     JOIN fleet_words w USING (cpo_id, fleet_ref, sequence) WHERE w.word <> k.word`,
    values,
  );
  if (rows.length > 0) {
    const which = rows.map((row) => `${row.fleet_ref} at ${row.sequence}`).join(', ');
    throw new Error(`the log and the database disagree about fleet ${which}`);
  }
  await lookAgain(tx, values.slice(0, 3));
};

const lookAgain = async (tx: SqlClient, keys: readonly string[][]): Promise<void> => {
  await tx.query(
    `INSERT INTO fleet_clocks (cpo_id, fleet_ref, sequence, due_at)
     SELECT cpo_id, fleet_ref, max(sequence), 'epoch'
     FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (cpo_id, fleet_ref, sequence)
     GROUP BY 1, 2 ORDER BY 1, 2
     ON CONFLICT (cpo_id, fleet_ref) DO UPDATE SET due_at = EXCLUDED.due_at,
       sequence = greatest(fleet_clocks.sequence, EXCLUDED.sequence)`,
    [...keys],
  );
  await tx.query(
    `DELETE FROM fleet_months WHERE (cpo_id, fleet_ref) IN
       (SELECT * FROM unnest($1::text[], $2::text[]))`,
    keys.slice(0, 2),
  );
};

/** The fleets of every CPO that are to be looked at. */
export const listDueFleets = async (db: SqlClient, at: Instant): Promise<readonly FleetKey[]> => {
  const { rows } = await db.query<{ cpo_id: string; fleet_ref: string }>(
    'SELECT cpo_id, fleet_ref FROM fleet_clocks WHERE due_at <= $1 ORDER BY 1, 2',
    [at],
  );
  return rows.map((row) => ({ cpoId: row.cpo_id, fleetRef: row.fleet_ref }));
};

/** Nothing is to be looked at before `dueAt`, unless more has been said meanwhile than is known. */
export const keepDue = async (
  tx: SqlClient,
  { cpoId, fleetRef }: FleetKey,
  known: FleetWords,
  dueAt: Instant,
): Promise<void> => {
  await tx.query(
    `UPDATE fleet_clocks SET due_at = $4
     WHERE cpo_id = $1 AND fleet_ref = $2 AND sequence = $3`,
    [cpoId, fleetRef, known.length, dueAt],
  );
};

/**
 * Locks the months of a fleet against other replicas, and says what was said of it.
 *
 * @throws when a word is missing: a month could be charged without it.
 */
export const lockFleet = async (
  tx: SqlClient,
  { cpoId, fleetRef }: FleetKey,
): Promise<FleetWords> => {
  await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
    'pricing-engine.fleet-fees',
    `${cpoId}/${fleetRef}`,
  ]);
  const { rows } = await tx.query<{ word: string; sequence: string }>(
    `SELECT word, sequence FROM fleet_words WHERE cpo_id = $1 AND fleet_ref = $2
     ORDER BY fleet_words.sequence`,
    [cpoId, fleetRef],
  );
  if (rows.some(({ sequence }, position) => BigInt(sequence) !== BigInt(position + 1))) {
    throw new Error('not all is known that was said of the fleet');
  }
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
