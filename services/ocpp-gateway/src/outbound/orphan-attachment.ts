import type { OrphanAttached } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { RecordReadings } from '../domain/charging-session';
import { type Attachment, matchBeforeStop, type WaitingOrphan } from '../domain/orphan-match';
import { reportOf } from '../domain/session-message';
import type { StoredSession } from '../domain/session-record';
import type { Stop } from '../domain/stop';
import type { Appends } from './group-append';
import { type KeptOrphan, lockWaiting } from './orphan-rows';
import { lockOverlapping } from './session-rows';

type Found<Orphan> = Readonly<{ attachment: Attachment<Orphan>; eventIds: readonly string[] }>;

/** What was attached, with the events that it was kept by. */
export const foundAmong = <Orphan extends WaitingOrphan>(
  kept: readonly KeptOrphan[],
  attachments: readonly Attachment<Orphan>[],
): Found<Orphan>[] =>
  attachments.map((attachment) => ({
    attachment,
    eventIds: kept.find(({ orphan }) => orphan === attachment.orphan)?.eventIds ?? [],
  }));

/** Writes down which session an orphan is of; it waits no longer. */
export const recordAttachment = async (
  tx: SqlClient,
  eventLog: Appends,
  { attachment, eventIds }: Found<WaitingOrphan>,
  now: Instant,
): Promise<void> => {
  const { orphan, session, method, evidence } = attachment;
  const { cpoId, sessionId, chargePointId, connectorId } = session;
  const { orphanId } = orphan;
  const event: OrphanAttached = {
    type: 'OrphanAttached',
    cpoId,
    chargePointId,
    orphanId,
    orphanEventIds: [...eventIds],
    sessionId,
    connectorId,
    method,
    evidence,
    attachedAt: now,
  };
  await eventLog.append(tx, [{ event, occurredAt: now, correlationId: sessionId }], {
    recordedAt: now,
  });
  await tx.query('UPDATE orphans SET session_id = $3 WHERE cpo_id = $1 AND orphan_id = $2', [
    cpoId,
    orphanId,
    sessionId,
  ]);
};

/**
 * Attaches the readings that wait and are of a session that is about to stop.
 *
 * @returns the commands with which it takes them.
 */
export const attachBeforeStop = async (
  tx: SqlClient,
  eventLog: Appends,
  session: StoredSession,
  stop: Stop,
  now: Instant,
): Promise<RecordReadings[]> => {
  const { sessionId, state } = session;
  if (state.status === 'absent') return [];
  const kept = await lockWaiting(tx, session);
  if (kept.length === 0) return [];
  const during = { from: state.startedAt, until: stop.stoppedAt };
  const sessions = await lockOverlapping(tx, session, during);
  const orphans = kept.map(({ orphan }) => orphan);
  const matched = matchBeforeStop(orphans, sessions, { sessionId, stop }, now);
  for (const found of foundAmong(kept, matched)) {
    await recordAttachment(tx, eventLog, found, now);
  }
  return matched.map(({ orphan, method }) => reportOf({ ...orphan.message, now }, method).command);
};
