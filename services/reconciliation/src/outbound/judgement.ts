import type { EventMetadata, ReconciliationEvent } from '@tallywatt/contracts';
import type { EventLog, OutgoingEvent, SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { decide, eventIdOf } from '../domain/findings';
import { match } from '../domain/match';
import { lookAgainAt, overdueOf, type Patience } from '../domain/overdue';
import { recordFindings } from './finding-tables';
import { payoutsOf } from './payout-tables';
import { storeSubjects, type JudgedSubject, type StoredSubject } from './subject-tables';

/** A locked subject, and what makes us judge it. */
export type Occasion = StoredSubject &
  Readonly<{
    /** The fact that was taken; left out when it is the silence that is judged. */
    cause?: EventMetadata;
  }>;

/**
 * Judges locked subjects, writes what came of it and says it on the log. `now` is for the sweep
 * only: while facts are taken in, the log may be hours behind the clock, and what looks overdue
 * is in the next batch.
 */
export const judgeAndStore = async (
  eventLog: EventLog,
  tx: SqlClient,
  occasions: readonly Occasion[],
  patience: Patience,
  now?: Instant,
): Promise<void> => {
  if (occasions.length === 0) return;
  const payouts = await payoutsOf(
    tx,
    occasions.map(({ subject }) => subject),
  );
  const outgoing: OutgoingEvent[] = [];
  const judged = occasions.map(({ subject, verdict: before, cause }): JudgedSubject => {
    const result = match(subject, payouts.get(subject.cpoId) ?? new Map());
    const overdue = overdueOf(subject, result, before, patience, now);
    // A difference exists since the fact that shows it, not since we happened to read that.
    const at = now ?? subject.lastFactAt;
    if (at === undefined) throw new Error(`${subject.sessionId} is judged without any fact`);
    const { events, verdict } = decide(subject, result, overdue, before, at);
    outgoing.push(...events.map((event) => outgoingOf(event, { subject, verdict }, at, cause)));
    const next = lookAgainAt(subject, result, verdict, patience);
    return { subject, verdict, result, lookAgainAt: next };
  });
  await storeSubjects(tx, judged);
  await recordFindings(
    tx,
    outgoing.map(({ event }) => event as ReconciliationEvent),
  );
  await eventLog.append(tx, outgoing);
};

const outgoingOf = (
  event: ReconciliationEvent,
  { subject, verdict }: StoredSubject,
  occurredAt: Instant,
  cause: EventMetadata | undefined,
): OutgoingEvent => {
  const id = eventIdOf(event, subject, verdict);
  return {
    event,
    occurredAt,
    ...(id === undefined ? {} : { id }),
    ...(cause === undefined ? {} : { cause }),
  };
};
