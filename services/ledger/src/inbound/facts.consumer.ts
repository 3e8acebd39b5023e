import type { JournalEntryPosted, RecordedEvent, TopicName } from '@tallywatt/contracts';
import {
  recordSpan,
  sessionAttributes,
  underCause,
  type ConsumerOptions,
  type EventLog,
  type SqlClient,
} from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { bookingInstant, journalEventId, type Fact } from '@tallywatt/derivations';
import { enterJournal } from '../outbound/journal-tables';
import { postFacts, type PostedFact } from './posting';

/** Where the facts come from that the books are made of. */
export const factTopics = [
  'pricing.cdrs.v1',
  'pricing.fleet-fees.v1',
  'payments.payments.v1',
  'payments.settlements.v1',
] as const satisfies readonly TopicName[];

export type FactsConsumerOptions = Readonly<{
  eventLog: Pick<EventLog, 'append'>;
  taxJurisdiction: string;
  now: () => Instant;
  /** Called for each entry in suspense: somebody has to explain it. */
  onSuspense: (posted: PostedFact) => void;
}>;

/** The end of the way: in the trace of the session, the entry itself. */
const recordEntry = ({ cpoId, sessionId, entryId, postingRule }: JournalEntryPosted) =>
  recordSpan(`journal ${postingRule}`, {
    attributes: {
      'tallywatt.entry_id': entryId,
      'tallywatt.posting_rule': postingRule,
      ...sessionAttributes({ cpoId, ...(sessionId === undefined ? {} : { sessionId }) }),
    },
  });

/** Books facts as they arrive and publishes their entries, all in the transaction of the batch. */
export const factsConsumer = (options: FactsConsumerOptions): ConsumerOptions => ({
  name: 'ledger',
  topics: factTopics,
  handle: async (events: readonly RecordedEvent[], tx: SqlClient) => {
    // These topics hold nothing else: a record of another type does not decode.
    const facts = events as readonly RecordedEvent<Fact>[];
    await enterJournal(tx);
    const now = options.now();
    const posted = await postFacts(facts, tx, {
      taxJurisdiction: options.taxJurisdiction,
      bookedAt: (_cpoId, _entryId, sealedDay) => bookingInstant(now, sealedDay),
    });
    await options.eventLog.append(
      tx,
      posted.map(({ entry, cause }) => {
        const traceparent = underCause(cause.id, () => recordEntry(entry));
        return {
          event: entry,
          id: journalEventId(entry),
          occurredAt: entry.occurredAt,
          cause,
          ...(traceparent === undefined ? {} : { traceparent }),
        };
      }),
      { recordedAt: now },
    );
    posted
      .filter(({ entry }) => entry.postingRule === 'processor.unknown')
      .forEach(options.onSuspense);
  },
});
