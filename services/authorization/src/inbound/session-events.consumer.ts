import type { EventMetadata, RecordedEvent, SessionEvent } from '@tallywatt/contracts';
import {
  afterFact,
  allowance,
  drawDue,
  factsOf,
  type DrawAllowance,
  type SessionFacts,
} from '@tallywatt/derivations';
import type { ConsumerOptions, EventLog, OutgoingEvent, SqlClient } from '@tallywatt/event-log';
import { OpenAllowances } from '../outbound/allowance-tables';
import {
  loadDrawingSessions,
  sessionKeyText,
  storeDrawingSessions,
} from '../outbound/drawing-sessions';

/** What authorization follows, record by record: sessions, for the included energy they draw. */
export const sessionsConsumer = (eventLog: Pick<EventLog, 'append'>): ConsumerOptions => ({
  name: 'authorization',
  topics: ['charging.sessions.v1'],
  handle: (records, tx) =>
    takeSessionEvents(eventLog, records as readonly RecordedEvent<SessionEvent>[], tx),
});

type DueDraw = Readonly<{ command: DrawAllowance; cause: EventMetadata }>;

const takeSessionEvents = async (
  eventLog: Pick<EventLog, 'append'>,
  records: readonly RecordedEvent<SessionEvent>[],
  tx: SqlClient,
): Promise<void> => {
  const keys = new Map(records.map(({ event }) => [sessionKeyText(event), event]));
  const sessions = await loadDrawingSessions(tx, [...keys.values()]);
  const changed = new Set<string>();
  const due: DueDraw[] = [];
  for (const { event, metadata } of records) {
    const key = sessionKeyText(event);
    const before = sessions.get(key);
    const facts = factsAfter(before, event);
    if (facts === undefined) continue;
    sessions.set(key, facts);
    changed.add(key);
    const command = drawDue(before, facts);
    if (command !== undefined) due.push({ command, cause: metadata });
  }
  await draw(eventLog, due, tx);
  await storeDrawingSessions(
    tx,
    [...sessions].flatMap(([key, facts]) => (changed.has(key) ? [facts] : [])),
  );
};

/** Undefined for a session that draws nothing: of those nothing is kept. */
const factsAfter = (
  before: SessionFacts | undefined,
  event: SessionEvent,
): SessionFacts | undefined => {
  if (before !== undefined) return afterFact(before, event);
  return event.type === 'SessionStarted' && event.decision.includedEnergy !== undefined
    ? factsOf(event)
    : undefined;
};

const draw = async (
  eventLog: Pick<EventLog, 'append'>,
  due: readonly DueDraw[],
  tx: SqlClient,
): Promise<void> => {
  if (due.length === 0) return;
  const open = await OpenAllowances.of(
    tx,
    due.map(({ command }) => command),
  );
  const drawn: OutgoingEvent[] = [];
  for (const { command, cause } of due) {
    const decision = allowance.decide(command, open.at(command));
    // Drawn for before: this database is new and reads the sessions again.
    if (decision.kind !== 'accepted') continue;
    for (const event of decision.events) {
      open.apply(event);
      drawn.push({ event, occurredAt: cause.occurredAt, cause });
    }
  }
  await eventLog.append(tx, drawn);
  await open.save(tx);
};
