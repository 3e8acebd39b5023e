import type { RecordedEvent, TopicName } from '@tallywatt/contracts';
import type { Consumer, EventLog, SqlClient } from '@tallywatt/event-log';
import type { Patience } from '../domain/overdue';
import { evolve, type Subject, type SubjectFact } from '../domain/subject';
import { judgeAndStore, type Occasion } from '../outbound/judgement';
import { lockPayouts, payoutRules, recordPayout, type PayoutFact } from '../outbound/payout-tables';
import { lockSubjects, type SubjectKey } from '../outbound/subject-tables';

const topics: readonly TopicName[] = [
  'charging.sessions.v1',
  'pricing.cdrs.v1',
  'payments.payments.v1',
  'payments.settlements.v1',
  'ledger.journal.v1',
];

const keyText = ({ cpoId, sessionId }: SubjectKey): string => `${cpoId}/${sessionId}`;

/** Hears how long it took from the end of a session to its journal entry. */
export type OnBilled = (seconds: number) => void;

/** Takes every hop's facts, puts each where it belongs, and judges the sessions it touched. */
export const consumeFacts = (
  eventLog: EventLog,
  patience: Patience,
  onBilled?: OnBilled,
): Consumer =>
  eventLog.consume({
    name: 'reconciliation',
    topics,
    restMs: 100, // nobody waits for a verdict, and facts of a session come one after the other
    handle: (events, tx) => takeFacts(eventLog, tx, events, patience, onBilled),
  });

const payoutFactOf = ({ event }: RecordedEvent): PayoutFact | undefined => {
  switch (event.type) {
    case 'PayoutCreated':
    case 'PayoutPaid':
    case 'PayoutFailed':
      return event;
    case 'JournalEntryPosted':
      return payoutRules.includes(event.postingRule) ? event : undefined;
    default:
      return undefined;
  }
};

type Touched = { key: SubjectKey; of: RecordedEvent[] };

/** Which sessions a batch speaks of, with the facts of each in order. */
const sessionsTouched = async (
  tx: SqlClient,
  events: readonly RecordedEvent[],
): Promise<Map<string, Touched>> => {
  await lockPayouts(
    tx,
    events.flatMap((recorded) => payoutFactOf(recorded) ?? []),
  );
  const touched = new Map<string, Touched>();
  const touch = (key: SubjectKey, recorded: RecordedEvent): void => {
    const entry = touched.get(keyText(key)) ?? { key, of: [] };
    entry.of.push(recorded);
    touched.set(keyText(key), entry);
  };
  for (const recorded of events) {
    const { event } = recorded;
    const payoutFact = payoutFactOf(recorded);
    if (payoutFact !== undefined) {
      for (const key of await recordPayout(tx, payoutFact)) touch(key, recorded);
    } else if ('sessionId' in event && event.sessionId !== undefined) {
      touch({ cpoId: event.cpoId, sessionId: event.sessionId }, recorded);
    }
  }
  return touched;
};

const billingRules: readonly string[] = ['cdr.issued', 'roaming-cdr.issued', 'fleet-cdr.issued'];

const billedAfter = (subject: Subject, { event, metadata }: RecordedEvent): number | undefined => {
  if (event.type !== 'JournalEntryPosted' || !billingRules.includes(event.postingRule)) {
    return undefined;
  }
  const { closeRecordedAt } = subject;
  if (closeRecordedAt === undefined) return undefined;
  return (Date.parse(metadata.recordedAt) - Date.parse(closeRecordedAt)) / 1_000;
};

/** One batch of one partition. */
export const takeFacts = async (
  eventLog: EventLog,
  tx: SqlClient,
  events: readonly RecordedEvent[],
  patience: Patience,
  onBilled?: OnBilled,
): Promise<void> => {
  const touched = await sessionsTouched(tx, events);
  if (touched.size === 0) return;
  const stored = await lockSubjects(
    tx,
    [...touched.values()].map(({ key }) => key),
  );
  const occasions = stored.map(({ subject, verdict }): Occasion => {
    const facts = touched.get(keyText(subject))?.of ?? [];
    const cause = facts.at(-1)?.metadata;
    return {
      verdict,
      subject: facts.reduce(
        (state, { event, metadata }) => evolve(state, event as SubjectFact, metadata.recordedAt),
        subject,
      ),
      ...(cause === undefined ? {} : { cause }),
    };
  });
  await judgeAndStore(eventLog, tx, occasions, patience);
  if (onBilled === undefined) return;
  for (const { subject } of occasions) {
    for (const fact of touched.get(keyText(subject))?.of ?? []) {
      const seconds = billedAfter(subject, fact);
      if (seconds !== undefined) onBilled(seconds);
    }
  }
};
