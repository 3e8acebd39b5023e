import type { SqlClient } from '@tallywatt/event-log';

/** A draw as the log has it: an event's value in canonical proto3 JSON, energy as text in mWh. */
type DrawValue = Readonly<{
  sessionId: string;
  sessionEnergyMilliWh: string;
  sessionDrawnMilliWh: string;
  monthlyMilliWh: string;
  leftMilliWh: string;
}>;

/** What was drawn of one driver's month, and by which sessions. */
export type ShownAllowance = Readonly<{
  driverRef: string;
  period: string;
  /** By the tariff of the session that was settled last; another one's may state another. */
  monthlyMilliWh: string;
  leftMilliWh: string;
  drawnMilliWh: string;
  /** In the order in which they were first settled. */
  sessions: readonly Readonly<{ sessionId: string; energyMilliWh: string; drawnMilliWh: string }>[];
}>;

/** Undefined when nothing was drawn of it. @param period a calendar month, `YYYY-MM`. */
export const readAllowance = async (
  db: SqlClient,
  cpoId: string,
  driverRef: string,
  period: string,
): Promise<ShownAllowance | undefined> => {
  const { rows } = await db.query<{ value: string }>(
    `SELECT value FROM event_log.outbox
     WHERE topic = 'access.allowances.v1' AND stream_key = $1 ORDER BY sequence`,
    [`${cpoId}/${driverRef}/${period}`],
  );
  const draws = rows.map(({ value }) => JSON.parse(value) as DrawValue);
  const last = draws.at(-1);
  if (last === undefined) return undefined;
  const sessions = new Map(draws.map((draw) => [draw.sessionId, draw]));
  const drawnMilliWh = [...sessions.values()].reduce(
    (sum, draw) => sum + BigInt(draw.sessionDrawnMilliWh),
    0n,
  );
  return {
    driverRef,
    period,
    monthlyMilliWh: last.monthlyMilliWh,
    leftMilliWh: last.leftMilliWh,
    drawnMilliWh: drawnMilliWh.toString(),
    sessions: [...sessions.values()].map((draw) => ({
      sessionId: draw.sessionId,
      energyMilliWh: draw.sessionEnergyMilliWh,
      drawnMilliWh: draw.sessionDrawnMilliWh,
    })),
  };
};
