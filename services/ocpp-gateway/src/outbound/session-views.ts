import {
  decodeRecord,
  type ChargingDecision,
  type LogPosition,
  type MeterReading,
  type SessionEvent,
} from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import { decimalToString, trimDecimal } from '@tallywatt/money';
import type { Instant } from '@tallywatt/time';

export type SessionSummary = Readonly<{
  id: string;
  chargePointId: string;
  connectorId: number;
  ocppVersion: string;
  ocppTransactionId: string;
  status: string;
  tokenRef: string;
  startedAt: Instant;
  stoppedAt: Instant | null;
  closedAt: Instant | null;
  closedBy: string | null;
  /** Exact text, a thousandth of a Wh at the finest; null until the stop. */
  energyWh: string | null;
  isQuarantined: boolean;
  duplicatesSeen: number;
}>;

type Row = {
  ordinal: string;
  session_id: string;
  charge_point_id: string;
  connector_id: number;
  ocpp_version: string;
  transaction_id: number | null;
  station_transaction_id: string | null;
  status: string;
  token_ref: string;
  started_at: string;
  stopped_at: string | null;
  closed_at: string | null;
  closed_by: string | null;
  energy_milli_wh: string | null;
  is_quarantined: boolean;
  duplicates_seen: number;
};

/** Milli-Wh as Wh in decimal notation, exact and no longer than needed, no float in between. */
export const wattHoursText = (milliWh: bigint): string =>
  decimalToString(trimDecimal({ unscaled: milliWh, scale: 3 }));

const summaryOf = (row: Row): SessionSummary => ({
  id: row.session_id,
  chargePointId: row.charge_point_id,
  connectorId: row.connector_id,
  ocppVersion: row.ocpp_version,
  ocppTransactionId: row.station_transaction_id ?? String(row.transaction_id),
  status: row.status,
  tokenRef: row.token_ref,
  startedAt: row.started_at,
  stoppedAt: row.stopped_at,
  closedAt: row.closed_at,
  closedBy: row.closed_by,
  energyWh: row.energy_milli_wh === null ? null : wattHoursText(BigInt(row.energy_milli_wh)),
  isQuarantined: row.is_quarantined,
  duplicatesSeen: row.duplicates_seen,
});

export type SessionFilter = Readonly<{
  chargePointId?: string | undefined;
  status?: string | undefined;
  /** Sessions recorded before this one. */
  before?: string | undefined;
}>;
export type ListedSession = Readonly<{ ordinal: string; summary: SessionSummary }>;

/** Newest first; one more than the limit, so that a page knows whether another follows. */
export const listSessions = async (
  sql: SqlClient,
  cpoId: string,
  filter: SessionFilter,
  limit: number,
): Promise<ListedSession[]> => {
  const { rows } = await sql.query<Row>(
    `SELECT * FROM sessions
     WHERE cpo_id = $1 AND ($2::text IS NULL OR charge_point_id = $2)
       AND ($3::text IS NULL OR status = $3) AND ($4::bigint IS NULL OR ordinal < $4)
     ORDER BY ordinal DESC LIMIT $5`,
    [cpoId, filter.chargePointId ?? null, filter.status ?? null, filter.before ?? null, limit + 1],
  );
  return rows.map((row) => ({ ordinal: row.ordinal, summary: summaryOf(row) }));
};

export type SessionDetail = SessionSummary &
  Readonly<{
    decision: ChargingDecision | null;
    readings: readonly MeterReading[];
    chargingStates: readonly Readonly<{ chargingState: string; changedAt: Instant }>[];
    quarantine: readonly Readonly<{ reason: string; detail: string }>[];
    /** Every event with its place in Kafka; null while it is on its way there. */
    events: readonly Readonly<{
      id: string;
      type: string;
      sequence: bigint;
      occurredAt: Instant;
      recordedAt: Instant;
      contentHash: string;
      position: LogPosition | null;
      event: SessionEvent;
    }>[];
  }>;

type OutboxRow = {
  topic: string;
  stream_key: string;
  value: string;
  headers: Record<string, string>;
  partition: number | null;
  log_offset: string | null;
};

const eventOf = (row: OutboxRow): SessionDetail['events'][number] => {
  const { event, metadata } = decodeRecord(row.stream_key, row.value, row.headers);
  const { topic, partition, log_offset: offset } = row;
  return {
    id: metadata.id,
    type: event.type,
    sequence: metadata.sequence,
    occurredAt: metadata.occurredAt,
    recordedAt: metadata.recordedAt,
    contentHash: metadata.contentHash,
    position:
      partition === null || offset === null ? null : { topic, partition, offset: BigInt(offset) },
    event: event as SessionEvent,
  };
};

/** A session with all that was recorded of it; undefined when the CPO has no such session. */
export const findSession = async (
  sql: SqlClient,
  cpoId: string,
  sessionId: string,
): Promise<SessionDetail | undefined> => {
  const found = await sql.query<Row>(
    'SELECT * FROM sessions WHERE cpo_id = $1 AND session_id = $2',
    [cpoId, sessionId],
  );
  const [row] = found.rows;
  if (row === undefined) return undefined;
  const { rows } = await sql.query<OutboxRow>(
    `SELECT topic, stream_key, value, headers, partition, log_offset FROM event_log.outbox
     WHERE topic = 'charging.sessions.v1' AND stream_key = $1 ORDER BY sequence`,
    [`${cpoId}/${row.session_id}`],
  );
  const events = rows.map(eventOf);
  const facts = events.map(({ event }) => event);
  return {
    ...summaryOf(row),
    decision: facts.find((event) => event.type === 'SessionStarted')?.decision ?? null,
    readings: facts.flatMap((event) =>
      event.type === 'MeterValuesRecorded' ? event.readings : [],
    ),
    chargingStates: facts.flatMap((event) =>
      event.type === 'ChargingStateChanged'
        ? [{ chargingState: event.chargingState, changedAt: event.changedAt }]
        : [],
    ),
    quarantine: facts.flatMap((event) =>
      event.type === 'SessionQuarantined' ? [{ reason: event.reason, detail: event.detail }] : [],
    ),
    events,
  };
};
