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
  connectorId?: number | undefined;
  tokenRef?: string | undefined;
  isQuarantined?: boolean | undefined;
  /** Started at this instant or later, by the charger's claim. */
  startedFrom?: Instant | undefined;
  /** Started before this instant. */
  startedBefore?: Instant | undefined;
  /** Sessions recorded before this one. */
  before?: string | undefined;
}>;
export type ListedSession = Readonly<{ ordinal: string; summary: SessionSummary }>;

/** Of what was asked for only: a condition that is not there lets its index be used. */
const conditionsOf = (filter: SessionFilter): [condition: string, value: unknown][] => {
  const conditions: [string, unknown][] = [
    ['charge_point_id =', filter.chargePointId],
    ['connector_id =', filter.connectorId],
    ['status =', filter.status],
    ['token_ref =', filter.tokenRef],
    ['started_at >=', filter.startedFrom],
    ['started_at <', filter.startedBefore],
    ['ordinal <', filter.before],
  ];
  return conditions.filter(([, value]) => value !== undefined);
};

/** Newest first; one more than the limit, so that a page knows whether another follows. */
export const listSessions = async (
  sql: SqlClient,
  cpoId: string,
  filter: SessionFilter,
  limit: number,
): Promise<ListedSession[]> => {
  const conditions = conditionsOf(filter);
  const { isQuarantined } = filter;
  const text = [
    'cpo_id = $1',
    ...conditions.map(([condition], index) => `${condition} $${index + 3}`),
    ...(isQuarantined === undefined
      ? []
      : [isQuarantined ? 'is_quarantined' : 'NOT is_quarantined']),
  ].join(' AND ');
  const { rows } = await sql.query<Row>(
    `SELECT * FROM sessions WHERE ${text} ORDER BY ordinal DESC LIMIT $2`,
    [cpoId, limit + 1, ...conditions.map(([, value]) => value)],
  );
  return rows.map((row) => ({ ordinal: row.ordinal, summary: summaryOf(row) }));
};

/** A stop in the words of whoever said it. */
export type StopView = Readonly<{ stoppedAt: Instant; registerWh: string }>;

/** What became of events that were missing; `missingCount` is of when they were given up. */
export type SequenceGap = Readonly<{
  firstMissingSeqNo: number;
  lastMissingSeqNo: number;
  noticedAt: Instant;
  outcome: 'open' | 'healed' | 'given-up';
  endedAt: Instant | null;
  missingCount: number | null;
}>;

export type SessionDetail = SessionSummary &
  Readonly<{
    decision: ChargingDecision | null;
    startRegisterWh: string | null;
    /** As the charger said it; what a person has corrected since is in `corrections`. */
    stop: (StopView & Readonly<{ stopReason: string }>) | null;
    /** Second stops with other words, which change nothing. */
    conflictingStops: readonly (StopView & Readonly<{ stopReason: string }>)[];
    corrections: readonly (StopView & Readonly<{ correctedBy: string; reason: string }>)[];
    readings: readonly MeterReading[];
    chargingStates: readonly Readonly<{ chargingState: string; changedAt: Instant }>[];
    /** Numbers of events that were missing while later ones had come (OCPP 2.0.1). */
    sequenceGaps: readonly SequenceGap[];
    /** Every doubt there was; one that a person has settled is released. */
    quarantine: readonly Readonly<{ reason: string; detail: string; isReleased: boolean }>[];
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

type GapName = Readonly<{ firstMissingSeqNo: number; lastMissingSeqNo: number }>;

const sequenceGapsIn = (facts: readonly SessionEvent[]): SequenceGap[] => {
  const gaps = new Map<string, SequenceGap>();
  const nameOf = (gap: GapName): string => `${gap.firstMissingSeqNo} ${gap.lastMissingSeqNo}`;
  const change = (gap: GapName, said: Partial<SequenceGap>): void => {
    const known = gaps.get(nameOf(gap));
    if (known !== undefined) gaps.set(nameOf(gap), { ...known, ...said });
  };
  for (const event of facts) {
    if (event.type === 'TransactionGapNoticed') {
      const { firstMissingSeqNo, lastMissingSeqNo, noticedAt } = event;
      gaps.set(nameOf(event), {
        firstMissingSeqNo,
        lastMissingSeqNo,
        noticedAt,
        outcome: 'open',
        endedAt: null,
        missingCount: null,
      });
    }
    if (event.type === 'TransactionGapHealed') {
      change(event, { outcome: 'healed', endedAt: event.healedAt });
    }
    if (event.type === 'TransactionGapGivenUp') {
      const { givenUpAt: endedAt, missingCount } = event;
      change(event, { outcome: 'given-up', endedAt, missingCount });
    }
  }
  return [...gaps.values()];
};

/** What a session's events say, as far as it is not in its row. */
const toldBy = (facts: readonly SessionEvent[]) => {
  const ofType = <Type extends SessionEvent['type']>(type: Type) =>
    facts.filter((event): event is Extract<SessionEvent, { type: Type }> => event.type === type);
  const stopView = (
    event: Readonly<{ stoppedAt: Instant; meterStopMilliWh: bigint }>,
  ): StopView => ({
    stoppedAt: event.stoppedAt,
    registerWh: wattHoursText(event.meterStopMilliWh),
  });
  const [started] = ofType('SessionStarted');
  const [stopped] = ofType('SessionStopped');
  const released = ofType('SessionReleased').map(({ reason }) => reason);
  return {
    decision: started?.decision ?? null,
    startRegisterWh: started === undefined ? null : wattHoursText(started.meterStartMilliWh),
    stop: stopped === undefined ? null : { ...stopView(stopped), stopReason: stopped.stopReason },
    conflictingStops: ofType('StopConflicted').map((event) => ({
      ...stopView(event),
      stopReason: event.stopReason,
    })),
    corrections: ofType('StopCorrected').map((event) => ({
      ...stopView(event),
      correctedBy: event.correctedBy,
      reason: event.reason,
    })),
    readings: ofType('MeterValuesRecorded').flatMap(({ readings }) => readings),
    chargingStates: ofType('ChargingStateChanged').map(({ chargingState, changedAt }) => ({
      chargingState,
      changedAt,
    })),
    sequenceGaps: sequenceGapsIn(facts),
    quarantine: ofType('SessionQuarantined').map(({ reason, detail }) => ({
      reason,
      detail,
      isReleased: released.includes(reason),
    })),
  };
};

export const hasSession = async (
  sql: SqlClient,
  cpoId: string,
  sessionId: string,
): Promise<boolean> => {
  const { rowCount } = await sql.query(
    'SELECT FROM sessions WHERE cpo_id = $1 AND session_id = $2',
    [cpoId, sessionId],
  );
  return rowCount !== 0;
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
  return { ...summaryOf(row), ...toldBy(events.map(({ event }) => event)), events };
};
