import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { WaitingOrphan } from '../domain/orphan-match';
import { wattHoursText } from './session-views';
import { decodeState } from './state-codec';

/** What named no session, as it was said; a tag is not shown, nor what stands for it. */
export type ShownOrphan = Readonly<{
  orphanId: string;
  chargePointId: string;
  kind: 'stop' | 'readings';
  status: 'waiting' | 'attached';
  /** On our clock. */
  keptAt: Instant;
  sessionId: string | null;
  /** As the charger said it; -1 and 0 name no session. */
  ocppTransactionId: string | null;
  connectorId: number | null;
  stoppedAt: Instant | null;
  registerWh: string | null;
  stopReason: string | null;
  readings: number;
  firstReadAt: Instant | null;
  lastReadAt: Instant | null;
  /** The events it was kept in, on `charging.orphans.v1`. */
  eventIds: readonly string[];
}>;

export type OrphanFilter = Readonly<{
  chargePointId?: string | undefined;
  kind?: string | undefined;
  status?: 'waiting' | 'attached' | undefined;
  /** Kept before this instant, on our clock. */
  keptBefore?: Instant | undefined;
  /** Orphans kept before this one. */
  before?: string | undefined;
}>;
export type ListedOrphan = Readonly<{ ordinal: string; orphan: ShownOrphan }>;

type Row = {
  ordinal: string;
  orphan_id: string;
  charge_point_id: string;
  fact: string;
  event_ids: string[];
  session_id: string | null;
  kept_at: string;
};

const saidIn = (orphan: WaitingOrphan) => {
  const { transactionId } = orphan.message;
  const ocppTransactionId = transactionId?.toString() ?? null;
  if (orphan.kind === 'readings') {
    const { connectorId } = orphan.message;
    return { ocppTransactionId, connectorId, stoppedAt: null, registerWh: null, stopReason: null };
  }
  const { stoppedAt, meterStopMilliWh, stopReason } = orphan.message.stop;
  const registerWh = wattHoursText(meterStopMilliWh);
  return { ocppTransactionId, connectorId: null, stoppedAt, registerWh, stopReason };
};

const shownOf = (row: Row): ListedOrphan => {
  const orphan = decodeState<WaitingOrphan>(row.fact);
  const read = orphan.message.readings.map(({ readAt }) => readAt).sort();
  return {
    ordinal: row.ordinal,
    orphan: {
      orphanId: row.orphan_id,
      chargePointId: row.charge_point_id,
      kind: orphan.kind,
      status: row.session_id === null ? 'waiting' : 'attached',
      keptAt: row.kept_at,
      sessionId: row.session_id,
      ...saidIn(orphan),
      readings: read.length,
      firstReadAt: read[0] ?? null,
      lastReadAt: read.at(-1) ?? null,
      eventIds: row.event_ids,
    },
  };
};

/** Newest first; one more than the limit, so that a page knows whether another follows. */
export const listOrphans = async (
  sql: SqlClient,
  cpoId: string,
  { status, chargePointId, kind, keptBefore, before }: OrphanFilter,
  limit: number,
): Promise<ListedOrphan[]> => {
  const conditions = (
    [
      ['charge_point_id =', chargePointId],
      ['kind =', kind],
      ['kept_at <', keptBefore],
      ['ordinal <', before],
    ] as const
  ).filter(([, value]) => value !== undefined);
  const text = [
    'cpo_id = $1',
    ...conditions.map(([condition], index) => `${condition} $${index + 3}`),
    ...(status === undefined ? [] : [`session_id IS ${status === 'waiting' ? '' : 'NOT '}NULL`]),
  ].join(' AND ');
  const { rows } = await sql.query<Row>(
    `SELECT ordinal, orphan_id, charge_point_id, fact, event_ids, session_id,
       to_char(kept_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS kept_at
     FROM orphans WHERE ${text} ORDER BY ordinal DESC LIMIT $2`,
    [cpoId, limit + 1, ...conditions.map(([, value]) => value)],
  );
  return rows.map(shownOf);
};

/** Stops that have waited for their session for longer than a day; an index holds those that wait. */
export const countOrphanStops = async (sql: SqlClient): Promise<number> => {
  const { rows } = await sql.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM orphans
     WHERE session_id IS NULL AND kind = 'stop' AND kept_at < now() - interval '1 day'`,
  );
  return rows[0]?.count ?? 0;
};
