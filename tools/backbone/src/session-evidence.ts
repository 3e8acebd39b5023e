import {
  derivedId,
  type AllowanceEvent,
  type CdrEvent,
  type DecisionEvent,
  type JournalEntryPosted,
  type PaymentEvent,
  type RecordedEvent,
  type SessionEvent,
  type SessionStarted,
  type SettlementEvent,
  type TariffAssigned,
  type TariffEvent,
  type TariffPublished,
  type TopicName,
} from '@tallywatt/contracts';
import { allowancePeriod } from '@tallywatt/derivations';
import { type KafkaConnection, logEnds, scanLog } from '@tallywatt/event-log';
import type { Finding } from './finding';
import { StreamBook } from './stream-book';

/** All that the log says of one session, topic by topic, and what is wrong with those records. */
export type LoggedSession = Readonly<{
  sessions: readonly RecordedEvent<SessionEvent>[];
  /** All that was drawn of the month that the session draws from, also by other sessions. */
  draws: readonly RecordedEvent<AllowanceEvent>[];
  cdrs: readonly RecordedEvent<CdrEvent>[];
  payments: readonly RecordedEvent<PaymentEvent>[];
  settlements: readonly RecordedEvent<SettlementEvent>[];
  decisions: readonly RecordedEvent<DecisionEvent>[];
  tariffs: readonly RecordedEvent<TariffPublished>[];
  /** The revisions of assignments that the decisions at the start name. */
  assignments: readonly RecordedEvent<TariffAssigned>[];
  entries: readonly RecordedEvent<JournalEntryPosted>[];
  faults: readonly Finding[];
}>;

/** Effects before causes, see `logEnds`. */
const auditedTopics = [
  'ledger.journal.v1',
  'payments.settlements.v1',
  'payments.payments.v1',
  'pricing.cdrs.v1',
  'access.allowances.v1',
  'charging.sessions.v1',
  'access.decisions.v1',
  'pricing.tariffs.v1',
] as const satisfies readonly TopicName[];

const sessionIdOf = (event: object): string | undefined =>
  (event as Readonly<{ sessionId?: string }>).sessionId;

const payoutIdOf = (event: object): string | undefined =>
  (event as Readonly<{ payoutId?: string }>).payoutId;

const monthOf = (started: SessionStarted): string | undefined => {
  const { includedEnergy } = started.decision;
  return includedEnergy && `${includedEnergy.subjectRef}/${allowancePeriod(started)}`;
};

const revisionText = (assignmentId: string, revision: bigint | undefined): string =>
  `${assignmentId} revision ${revision}`;

/** Which revision of which assignment chose the tariff; undefined where none did. */
export const assignmentOf = ({
  tariffAssignmentId,
  tariffAssignmentRevision,
}: SessionStarted['decision']): string | undefined =>
  tariffAssignmentId === undefined
    ? undefined
    : revisionText(tariffAssignmentId, tariffAssignmentRevision);

const ofType = <T extends TariffEvent['type']>(
  records: readonly RecordedEvent<TariffEvent>[],
  type: T,
) =>
  records.filter(
    (one): one is RecordedEvent<Extract<TariffEvent, { type: T }>> => one.event.type === type,
  );

/** Reads the topics twice: what names the session, then what those records name. */
export const readLoggedSession = async (
  kafka: KafkaConnection,
  cpoId: string,
  sessionId: string,
): Promise<LoggedSession> => {
  const ends = await logEnds({ ...kafka, topics: auditedTopics });
  const found: Finding[] = [];
  const book = new StreamBook((finding) => found.push(finding));
  const streams = new Set([
    `charging.sessions.v1 ${cpoId}/${sessionId}`,
    `pricing.cdrs.v1 ${cpoId}/${sessionId}`,
    `ledger.journal.v1 ${cpoId}/${sessionId}`,
    `payments.payments.v1 ${cpoId}/${derivedId(cpoId, 'payment', sessionId)}`,
  ]);
  const kept: RecordedEvent[] = [];
  const payouts = new Set<string>();
  const read = (
    topics: readonly TopicName[],
    isNamed: (recorded: RecordedEvent) => boolean,
  ): Promise<void> =>
    scanLog({
      ...kafka,
      topics,
      ends,
      take: (records) => {
        for (const record of records) {
          const recorded = book.take(record);
          if (recorded === undefined || recorded.event.cpoId !== cpoId) continue;
          if (!isNamed(recorded)) continue;
          kept.push(recorded);
          streams.add(`${recorded.position.topic} ${record.key}`);
        }
      },
    });

  await read(
    ['charging.sessions.v1', 'pricing.cdrs.v1', 'payments.payments.v1', 'payments.settlements.v1'],
    ({ event }) => {
      if (event.type === 'PayoutCreated' && event.members.some((m) => m.sessionId === sessionId)) {
        payouts.add(event.payoutId);
      }
      return sessionIdOf(event) === sessionId || payouts.has(payoutIdOf(event) ?? '');
    },
  );
  const of = <E extends RecordedEvent['event']>(topic: TopicName): RecordedEvent<E>[] =>
    kept.filter(({ position }) => position.topic === topic) as RecordedEvent<E>[];
  const sessions = of<SessionEvent>('charging.sessions.v1');
  const started = sessions.flatMap(({ event }) => (event.type === 'SessionStarted' ? [event] : []));
  const decisionIds = new Set(started.map(({ decision }) => decision.decisionId));
  const tariffIds = new Set(started.map(({ decision }) => decision.tariff?.tariffId));
  const months = new Set(started.map(monthOf));
  const assignments = new Set(started.map(({ decision }) => assignmentOf(decision)));
  const named = [
    'ledger.journal.v1',
    'access.decisions.v1',
    'access.allowances.v1',
    'pricing.tariffs.v1',
  ] as const;
  await read(named, ({ event }) => {
    switch (event.type) {
      case 'AllowanceDrawn':
      case 'AllowanceReturned':
        return event.sessionId === sessionId || months.has(`${event.subjectRef}/${event.period}`);
      case 'JournalEntryPosted':
        return event.sessionId === sessionId || payouts.has(event.documentId);
      case 'ChargingAuthorized':
      case 'ChargingDenied':
        return decisionIds.has(event.decision.decisionId);
      case 'TariffPublished':
        return tariffIds.has(event.tariff.tariffId);
      case 'TariffAssigned':
        return assignments.has(revisionText(event.assignmentId, event.revision));
      default:
        return false;
    }
  });
  book.reportGaps();
  const tariffEvents = of<TariffEvent>('pricing.tariffs.v1');
  return {
    sessions,
    draws: of<AllowanceEvent>('access.allowances.v1'),
    cdrs: of<CdrEvent>('pricing.cdrs.v1'),
    payments: of<PaymentEvent>('payments.payments.v1'),
    settlements: of<SettlementEvent>('payments.settlements.v1'),
    decisions: of<DecisionEvent>('access.decisions.v1'),
    tariffs: ofType(tariffEvents, 'TariffPublished'),
    assignments: ofType(tariffEvents, 'TariffAssigned'),
    entries: of<JournalEntryPosted>('ledger.journal.v1'),
    faults: found.filter(({ subject, position }) =>
      streams.has(position === undefined ? subject : `${position.topic} ${subject}`),
    ),
  };
};
