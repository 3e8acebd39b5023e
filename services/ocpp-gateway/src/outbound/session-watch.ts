import { derivedId } from '@tallywatt/contracts';
import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { plausibleInstants } from '../domain/clock';
import { watchStep } from '../domain/estimated-stop';
import type { MessageTrigger } from '../domain/charger-command';
import type { SessionKey, StoredSession } from '../domain/session-record';
import type { ChargerCommands } from './charger-commands';
import { findDeparture } from './departures';
import type { SessionStore } from './session-store';

type SessionName = Pick<SessionKey, 'cpoId' | 'sessionId' | 'chargePointId'>;

/** Long enough for a stop that follows the status of its connector. */
const graceMinutes = 5;

/** A session whose stop seems to be missing is looked at soon. */
export const hastenWatch = async (
  tx: SqlClient,
  { cpoId, sessionId }: SessionName,
): Promise<void> => {
  await queryPrepared(
    tx,
    'gateway.hasten_watch',
    `UPDATE sessions SET watch_due_at = least(watch_due_at, now() + make_interval(mins => $3))
     WHERE cpo_id = $1 AND session_id = $2 AND status = 'active' AND watch_asked_at IS NULL`,
    [cpoId, sessionId, graceMinutes],
  );
};

/** One that cannot be looked at now is tried again later, behind those that are due. */
export const putOffWatch = async (
  sql: SqlClient,
  { cpoId, sessionId }: SessionName,
): Promise<void> => {
  await sql.query(
    `UPDATE sessions SET watch_due_at = now() + interval '1 minute'
     WHERE cpo_id = $1 AND session_id = $2 AND watch_due_at <= now()`,
    [cpoId, sessionId],
  );
};

type Looked = Readonly<{
  askedAt: string | null;
  isConnected: boolean;
  isConnectorFree: boolean;
}>;

/** What a charger is asked for, in the words of its version. */
const questionsOf = ({ ocppVersion, connectorId }: StoredSession): MessageTrigger[] => {
  const place = connectorId > 0 ? { connectorId } : {};
  const messages =
    ocppVersion === '1.6' ? ['StatusNotification', 'MeterValues'] : ['TransactionEvent'];
  return messages.map(
    (message) => ({ type: 'MessageTrigger', message, ...place }) as MessageTrigger,
  );
};

/** Sessions that have begun, and of which nothing more is heard. */
export class SessionWatch {
  constructor(
    private readonly sessions: SessionStore,
    private readonly commands: ChargerCommands,
    /** How long after the charger was asked its word is waited for. */
    private readonly estimateMinutes: number,
  ) {}

  async due(sql: SqlClient): Promise<SessionName[]> {
    const { rows } = await sql.query<{
      cpo_id: string;
      session_id: string;
      charge_point_id: string;
    }>(
      `SELECT cpo_id, session_id, charge_point_id FROM sessions
       WHERE status <> 'closed' AND status = 'active' AND watch_due_at <= now() ORDER BY watch_due_at LIMIT 50`,
    );
    return rows.map((row) => ({
      cpoId: row.cpo_id,
      sessionId: row.session_id,
      chargePointId: row.charge_point_id,
    }));
  }

  /** Asks the charger, or ends the session with the last that was heard of it. */
  async look(tx: SqlClient, { cpoId, sessionId }: SessionName, now: Instant): Promise<void> {
    const session = await this.sessions.withId(tx, cpoId, sessionId);
    const looked = session === undefined ? undefined : await this.lookAt(tx, session, now);
    if (session === undefined || looked === undefined) return;
    const { isConnected, isConnectorFree, askedAt } = looked;
    const step = watchStep({ hasAsked: askedAt !== null, isConnected, isConnectorFree });
    if (step === 'ask') return this.ask(tx, session, now);
    const { state } = session;
    if (state.status !== 'active') return;
    const departure = await findDeparture(tx, session, state.track.readAt, now);
    const why = isConnectorFree ? 'its connector is free' : 'its charger is away';
    const detail = `no stop was told, ${why}, and nothing was heard since it was asked at ${askedAt}`;
    const command = { type: 'EstimateStop', now, detail, ...departure } as const;
    await this.sessions.carryOn(tx, session, [command], now);
  }

  /**
   * Undefined when somebody else has looked meanwhile. A charger is away when it was at no time there
   * since it was asked. What began on the connector after the session is told by its time, or by the
   * order in which it came where a clock was wrong; a status has its time alone.
   */
  private async lookAt(
    tx: SqlClient,
    { cpoId, sessionId, chargePointId, connectorId, state }: StoredSession,
    now: Instant,
  ): Promise<Looked | undefined> {
    if (state.status !== 'active') return undefined;
    const { from, until } = plausibleInstants(now);
    const { rows } = await tx.query<{
      asked_at: string | null;
      is_connected: boolean;
      is_free: boolean;
    }>(
      `SELECT asked.at AS asked_at,
         EXISTS (SELECT FROM connections c WHERE c.cpo_id = $1 AND c.charge_point_id = $3
           AND (c.disconnected_at IS NULL OR c.disconnected_at > asked.at)) AS is_connected,
         EXISTS (SELECT FROM connector_statuses c WHERE c.cpo_id = $1 AND c.charge_point_id = $3
           AND c.connector_id = $4 AND c.status = 'Available' AND c.changed_at > $5
           AND $5 BETWEEN $6 AND $7 AND c.changed_at <= $7)
         OR EXISTS (SELECT FROM sessions n WHERE n.cpo_id = $1 AND n.charge_point_id = $3
           AND n.connector_id = $4
           AND CASE WHEN $5 BETWEEN $6 AND $7 AND n.started_at BETWEEN $6 AND $7
             THEN n.started_at > $5 ELSE n.ordinal > s.ordinal END) AS is_free
       FROM sessions s CROSS JOIN LATERAL (SELECT to_char(watch_asked_at AT TIME ZONE 'UTC',
         'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') COLLATE "C" AS at) asked
       WHERE cpo_id = $1 AND session_id = $2 AND watch_due_at <= now()`,
      [cpoId, sessionId, chargePointId, connectorId, state.startedAt, from, until],
    );
    const [row] = rows;
    return row === undefined
      ? undefined
      : { askedAt: row.asked_at, isConnected: row.is_connected, isConnectorFree: row.is_free };
  }

  private async ask(tx: SqlClient, session: StoredSession, now: Instant): Promise<void> {
    const { cpoId, sessionId, chargePointId, eventCount } = session;
    for (const command of questionsOf(session)) {
      const about = [sessionId, eventCount.toString(), command.message, now];
      const commandId = derivedId('session-watch', cpoId, ...about);
      const asked = about.join(' ');
      const wish = { cpoId, chargePointId, commandId, command, asked };
      const how = { requestedBy: 'session-watch', waitsForCharger: true };
      await this.commands.request(tx, { ...wish, ...how }, now);
    }
    await tx.query(
      `UPDATE sessions SET watch_asked_at = now(),
         watch_due_at = now() + make_interval(secs => $3)
       WHERE cpo_id = $1 AND session_id = $2`,
      [cpoId, sessionId, this.estimateMinutes * 60],
    );
  }
}
