import { derivedId, type DayClosed } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { closeDay, type DaySubject } from '../domain/day-close';
import type { Amounts, Match } from '../domain/match';
import { amountsFromText, amountsToText } from './amount-text';

const subjectsOfDay = async (tx: SqlClient, cpoId: string, day: string): Promise<DaySubject[]> => {
  const { rows } = await tx.query<{
    status: Match['status'];
    currency: string | null;
    open_findings: number;
    amounts: string;
  }>(
    `SELECT status, currency, open_findings, amounts FROM subjects
     WHERE cpo_id = $1 AND closed_day = $2 ORDER BY session_id`,
    [cpoId, day],
  );
  return rows.map((row) => ({
    status: row.status,
    currency: row.currency ?? 'XXX',
    openFindings: row.open_findings,
    amounts: amountsFromText<Amounts>(row.amounts),
  }));
};

/** Closes a day once; a second call answers with what was said at the first. */
export const closeDayOnce = (
  eventLog: EventLog,
  cpoId: string,
  day: string,
  now: Instant,
): Promise<DayClosed> =>
  eventLog.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`close-day ${cpoId} ${day}`]);
    const { rows } = await tx.query<{ event: string }>(
      'SELECT event FROM closed_days WHERE cpo_id = $1 AND day = $2',
      [cpoId, day],
    );
    const before = rows[0];
    if (before !== undefined) return dayFromText(before.event);
    const event = closeDay(cpoId, day, await subjectsOfDay(tx, cpoId, day), now);
    await keepDay(tx, event);
    const id = derivedId(cpoId, 'day-closed', day);
    await eventLog.append(tx, [{ event, occurredAt: now, id }]);
    return event;
  });

/** Notes a close as it was said. */
export const keepDay = async (tx: SqlClient, event: DayClosed): Promise<void> => {
  await tx.query(
    'INSERT INTO closed_days (cpo_id, day, event) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [event.cpoId, event.day, dayToText(event)],
  );
};

type Counts = 'sessions' | 'reconciled' | 'openFindings' | 'quarantined';

const dayToText = ({ sessions, reconciled, openFindings, quarantined, ...rest }: DayClosed) =>
  amountsToText({
    ...rest,
    sessions: Number(sessions),
    reconciled: Number(reconciled),
    openFindings: Number(openFindings),
    quarantined: Number(quarantined),
  });

const dayFromText = (text: string): DayClosed => {
  const day = amountsFromText<Omit<DayClosed, Counts> & Record<Counts, number>>(text);
  return {
    ...day,
    sessions: BigInt(day.sessions),
    reconciled: BigInt(day.reconciled),
    openFindings: BigInt(day.openFindings),
    quarantined: BigInt(day.quarantined),
  };
};

/** Closed days of a CPO, newest first. */
export const closedDays = async (
  tx: SqlClient,
  cpoId: string,
  before: string | undefined,
  limit: number,
): Promise<DayClosed[]> => {
  const { rows } = await tx.query<{ event: string }>(
    `SELECT event FROM closed_days WHERE cpo_id = $1 AND ($2::date IS NULL OR day < $2::date)
     ORDER BY day DESC LIMIT $3`,
    [cpoId, before ?? null, limit],
  );
  return rows.map(({ event }) => dayFromText(event));
};

/** Days that have sessions, are over, and are not closed yet. */
export const daysToClose = async (
  tx: SqlClient,
  beforeDay: string,
): Promise<readonly Readonly<{ cpoId: string; day: string }>[]> => {
  const { rows } = await tx.query<{ cpo_id: string; day: string }>(
    `SELECT DISTINCT s.cpo_id, s.closed_day::text AS day FROM subjects s
     LEFT JOIN closed_days d ON d.cpo_id = s.cpo_id AND d.day = s.closed_day
     WHERE s.closed_day < $1::date AND d.day IS NULL ORDER BY 2, 1`,
    [beforeDay],
  );
  return rows.map((row) => ({ cpoId: row.cpo_id, day: row.day }));
};
