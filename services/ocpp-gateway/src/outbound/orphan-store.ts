import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { clockFault } from '../domain/clock';
import { correctedStop } from '../domain/clock-correction';
import { type Attachment, matchOrphans, type WaitingOrphan } from '../domain/orphan-match';
import { reportOf, type Station, stopCommandOf } from '../domain/session-message';
import type { StoredSession } from '../domain/session-record';
import { findDeparture } from './departures';
import type { Appends } from './group-append';
import { foundAmong, recordAttachment } from './orphan-attachment';
import { lockWaiting } from './orphan-rows';
import { lockById, lockOverlapping } from './session-rows';
import type { SessionStore } from './session-store';

const instantsOf = (orphan: WaitingOrphan): Instant[] => [
  ...(orphan.kind === 'stop' ? [orphan.message.stop.stoppedAt] : []),
  ...orphan.message.readings.map(({ readAt }) => readAt),
];

/** Finds the sessions of orphans. Works inside the caller's transaction. */
export class OrphanStore {
  constructor(
    private readonly eventLog: Appends,
    private readonly sessions: SessionStore,
  ) {}

  /** Charge points that have said nothing more for long enough. */
  async due(sql: SqlClient): Promise<Station[]> {
    const { rows } = await sql.query<{ cpo_id: string; charge_point_id: string }>(
      `SELECT cpo_id, charge_point_id FROM orphan_matchings
       WHERE due_at <= now() ORDER BY due_at LIMIT 50`,
    );
    return rows.map((row) => ({ cpoId: row.cpo_id, chargePointId: row.charge_point_id }));
  }

  /** Attaches what has one session it can be of; says how many. The rest waits on. */
  async match(tx: SqlClient, station: Station, now: Instant): Promise<number> {
    const { cpoId, chargePointId } = station;
    const { rowCount } = await tx.query(
      `UPDATE orphan_matchings SET due_at = NULL
       WHERE cpo_id = $1 AND charge_point_id = $2 AND due_at <= now()`,
      [cpoId, chargePointId],
    );
    if (rowCount === 0) return 0;
    const kept = await lockWaiting(tx, station);
    const said = kept.flatMap(({ orphan }) => instantsOf(orphan));
    const timed = said.filter((at) => clockFault(at, now) === undefined);
    // What was said without a clock can be of any session that still waits for its stop.
    const instants = (timed.length === said.length ? timed : [...timed, now]).sort();
    const [from, until] = [instants[0], instants.at(-1)];
    if (from === undefined || until === undefined) return 0;
    const sessions = await lockOverlapping(tx, station, { from, until });
    const found = matchOrphans(
      kept.map(({ orphan }) => orphan),
      sessions,
      now,
    );
    for (const one of foundAmong(kept, found)) {
      await recordAttachment(tx, this.eventLog, one, now);
      await this.tell(tx, one.attachment, now);
    }
    return found.length;
  }

  /** The session takes what was attached to it, as if that had named it. */
  private async tell(
    tx: SqlClient,
    { orphan, session: { cpoId, sessionId }, method }: Attachment<WaitingOrphan>,
    now: Instant,
  ): Promise<void> {
    // What was attached before it may have changed the session.
    const session = await lockById(tx, cpoId, sessionId);
    if (session === undefined) throw new Error(`session ${sessionId} is gone`);
    const command = await this.commandOf(tx, orphan, session, method, now);
    await this.sessions.carryOn(tx, session, [command], now);
  }

  private async commandOf(
    tx: SqlClient,
    orphan: WaitingOrphan,
    session: StoredSession,
    method: Attachment<WaitingOrphan>['method'],
    now: Instant,
  ) {
    if (orphan.kind === 'readings') return reportOf({ ...orphan.message, now }, method).command;
    const { stoppedAt } = correctedStop(orphan.message.stop, orphan.message.clock);
    const departure = await findDeparture(tx, session, stoppedAt, now);
    return stopCommandOf({ ...orphan.message, now }, session, departure, method);
  }
}
