import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { ChargingSession } from '../domain/charging-session';
import type { IdTagInfo, SessionKey, StoredSession } from '../domain/session-record';
import { decodeState, encodeState } from './state-codec';

type Row = {
  cpo_id: string;
  session_id: string;
  charge_point_id: string;
  connector_id: number;
  ocpp_version: string;
  transaction_id: number | null;
  station_transaction_id: string | null;
  fingerprint: string;
  occurrence: number;
  token_mark: string;
  token_ref: string;
  id_tag_info: IdTagInfo;
  state: string;
  event_count: number;
};

const fromRow = (row: Row): StoredSession => ({
  cpoId: row.cpo_id,
  sessionId: row.session_id,
  chargePointId: row.charge_point_id,
  connectorId: row.connector_id,
  ocppVersion: row.ocpp_version,
  ocppTransactionId: row.station_transaction_id ?? String(row.transaction_id),
  fingerprint: row.fingerprint,
  occurrence: row.occurrence,
  tokenMark: row.token_mark,
  tokenRef: row.token_ref,
  idTagInfo: row.id_tag_info,
  state: decodeState(row.state),
  eventCount: row.event_count,
});

const select = 'SELECT * FROM sessions';

const selectWhere = async (
  sql: SqlClient,
  name: string,
  where: string,
  values: unknown[],
): Promise<StoredSession[]> => {
  const text = `${select} WHERE ${where}`;
  return (await queryPrepared<Row>(sql, `gateway.${name}`, text, values)).rows.map(fromRow);
};

/** The last session of a charge point that began with the same words. */
export const latestWithFingerprint = async (
  sql: SqlClient,
  cpoId: string,
  chargePointId: string,
  fingerprint: string,
): Promise<StoredSession | undefined> =>
  (
    await selectWhere(
      sql,
      'latest_with_fingerprint',
      `cpo_id = $1 AND charge_point_id = $2 AND fingerprint = $3 ORDER BY occurrence DESC LIMIT 1`,
      [cpoId, chargePointId, fingerprint],
    )
  )[0];

const int32Max = 2 ** 31 - 1;

/** Locked. Only a transaction of this very charge point is found: nobody stops another's session. */
export const lockByTransaction = async (
  tx: SqlClient,
  cpoId: string,
  chargePointId: string,
  transactionId: number,
): Promise<StoredSession | undefined> =>
  transactionId < 1 || transactionId > int32Max
    ? undefined
    : (
        await selectWhere(
          tx,
          'lock_by_transaction',
          'cpo_id = $1 AND charge_point_id = $2 AND transaction_id = $3 FOR UPDATE',
          [cpoId, chargePointId, transactionId],
        )
      )[0];

/** Locked, oldest first: the sessions of a connector that are not closed yet. */
export const lockOpenOn = (
  tx: SqlClient,
  cpoId: string,
  chargePointId: string,
  connectorId: number,
): Promise<StoredSession[]> =>
  selectWhere(
    tx,
    'lock_open_on',
    `cpo_id = $1 AND charge_point_id = $2 AND connector_id = $3 AND status <> 'closed'
     ORDER BY ordinal FOR UPDATE`,
    [cpoId, chargePointId, connectorId],
  );

/** Locked: sessions of a charge point that ran at some time between two instants, the latest. */
export const lockOverlapping = (
  tx: SqlClient,
  { cpoId, chargePointId }: Pick<SessionKey, 'cpoId' | 'chargePointId'>,
  { from, until }: Readonly<{ from: Instant; until: Instant }>,
): Promise<StoredSession[]> =>
  selectWhere(
    tx,
    'lock_overlapping',
    `cpo_id = $1 AND charge_point_id = $2 AND started_at <= $4
       AND (stopped_at IS NULL OR stopped_at >= $3 OR is_quarantined)
     ORDER BY started_at DESC LIMIT 500 FOR UPDATE`,
    [cpoId, chargePointId, from, until],
  );

export const lockById = async (
  tx: SqlClient,
  cpoId: string,
  sessionId: string,
): Promise<StoredSession | undefined> =>
  (
    await selectWhere(tx, 'lock_by_id', 'cpo_id = $1 AND session_id = $2 FOR UPDATE', [
      cpoId,
      sessionId,
    ])
  )[0];

/** Locked: stopped sessions whose time to be closed has come on our clock. */
export const lockCloseDue = (tx: SqlClient, limit: number): Promise<StoredSession[]> =>
  selectWhere(
    tx,
    'lock_close_due',
    `status = 'stopped' AND close_due_at <= now()
     ORDER BY close_due_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit],
  );

/** How many sessions wait for a person; an index holds just these. */
export const countQuarantined = async (sql: SqlClient): Promise<number> => {
  const { rows } = await sql.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM sessions WHERE is_quarantined',
  );
  return rows[0]?.count ?? 0;
};

export const countDuplicate = async (tx: SqlClient, session: SessionKey): Promise<void> => {
  await tx.query(
    `UPDATE sessions SET duplicates_seen = duplicates_seen + 1
     WHERE cpo_id = $1 AND session_id = $2`,
    [session.cpoId, session.sessionId],
  );
};

type Columns = Readonly<{
  stoppedAt: Instant | null;
  closedAt: Instant | null;
  energyMilliWh: string | null;
}>;

const columnsOf = (state: Exclude<ChargingSession, { status: 'absent' }>): Columns => {
  if (state.status === 'active') return { stoppedAt: null, closedAt: null, energyMilliWh: null };
  const { stoppedAt, meterStopMilliWh } = state.corrected ?? state.stop;
  return {
    stoppedAt,
    closedAt: state.status === 'closed' ? state.closedAt : null,
    energyMilliWh: (meterStopMilliWh - state.meterStartMilliWh).toString(),
  };
};

export type SavePolicy = Readonly<{
  /** When a stopped session is closed without its connector's word. */
  closeTimeoutMinutes: number;
  /** How long a running session may say nothing before its charger is asked. */
  silenceMinutes: number;
}>;

/** Writes a session as its events left it; its time-outs run from here, on our clock. */
export const saveSession = async (
  tx: SqlClient,
  key: SessionKey,
  state: ChargingSession,
  eventCount: number,
  closedBy: string | undefined,
  { closeTimeoutMinutes, silenceMinutes }: SavePolicy,
): Promise<void> => {
  if (state.status === 'absent') throw new Error('a session that never began cannot be saved');
  const { stoppedAt, closedAt, energyMilliWh } = columnsOf(state);
  // Ids of 1.6 are numbers we gave out, each once; later versions have ids of their stations' own.
  const is16 = key.ocppVersion === '1.6';
  await queryPrepared(
    tx,
    'gateway.save_session',
    `INSERT INTO sessions (cpo_id, session_id, charge_point_id, connector_id, transaction_id,
       fingerprint, occurrence, token_mark, token_ref, id_tag_info, status, state, started_at,
       stopped_at, closed_at, closed_by, energy_milli_wh, is_quarantined, close_due_at,
       event_count, ocpp_version, station_transaction_id, watch_due_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
       CASE WHEN $11 = 'stopped' THEN now() + make_interval(secs => $19) END, $20, $21, $22,
       CASE WHEN $11 = 'active' THEN now() + make_interval(secs => $23) END)
     ON CONFLICT (cpo_id, session_id) DO UPDATE SET status = $11, state = $12, stopped_at = $14,
       closed_at = $15, closed_by = coalesce($16, sessions.closed_by), energy_milli_wh = $17,
       is_quarantined = $18, event_count = $20, watch_asked_at = NULL,
       watch_due_at = EXCLUDED.watch_due_at,
       close_due_at = coalesce(sessions.close_due_at, EXCLUDED.close_due_at)`,
    [
      key.cpoId,
      key.sessionId,
      key.chargePointId,
      key.connectorId,
      is16 ? key.ocppTransactionId : null,
      key.fingerprint,
      key.occurrence,
      key.tokenMark,
      key.tokenRef,
      JSON.stringify(key.idTagInfo),
      state.status,
      encodeState(state),
      state.startedAt,
      stoppedAt,
      closedAt,
      closedBy ?? null,
      energyMilliWh,
      state.quarantineReasons.length > 0,
      closeTimeoutMinutes * 60,
      eventCount,
      key.ocppVersion,
      is16 ? null : key.ocppTransactionId,
      silenceMinutes * 60,
    ],
  );
};
