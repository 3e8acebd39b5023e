import { derivedId, type EventMetadata, type SessionCostEstimated } from '@tallywatt/contracts';
import {
  estimatesTheSame,
  isEstimateDue,
  pinnedReference,
  sessionEstimate,
  type RatedSession,
} from '@tallywatt/derivations';
import type { EventLog, OutgoingEvent, SqlClient } from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import type { SessionFact } from './drawing-session-table';
import {
  estimatesTakenOver,
  forgetEstimates,
  keepEstimates,
  lastEstimates,
} from './estimate-table';
import { sessionKeyText, type SessionKey } from './session-table';
import type { TariffShelf } from './tariff-shelf';

/** A session with the facts that were just taken, in order. */
export type SessionWithFacts = Readonly<{
  key: SessionKey;
  session: RatedSession;
  facts: readonly SessionFact[];
}>;

type Estimated = Readonly<{ estimate: SessionCostEstimated; cause: EventMetadata }>;

/** Where it is recorded what running sessions would cost. */
export class EstimateLog {
  private since: Instant | undefined;

  constructor(
    private readonly eventLog: Pick<EventLog, 'append'>,
    private readonly tariffs: TariffShelf,
  ) {}

  /**
   * Records one estimate for each running session of which the facts change what it would cost.
   * Facts from before this database took over its streams are passed over: a new one reads all
   * sessions of the past again, and their estimates have been said, and have expired.
   */
  async record(tx: SqlClient, sessions: readonly SessionWithFacts[]): Promise<void> {
    await forgetEstimates(tx, sessions.filter(isNowClosed).map(keyOf));
    this.since ??= (await estimatesTakenOver(tx)) ?? '';
    const { since } = this;
    const recent = sessions.filter(({ facts }) => facts.some((fact) => isSince(since, fact)));
    if (recent.length === 0) return;
    const last = await lastEstimates(tx, recent.map(keyOf));
    const news = recent.flatMap((one) => this.newsOf(one, last.get(sessionKeyText(one.key))));
    const appended = await this.eventLog.append(tx, news.map(outgoing));
    await keepEstimates(
      tx,
      appended.map(({ id: eventId }, index) => ({
        ...(news[index] as Estimated).estimate,
        eventId,
      })),
    );
  }

  private newsOf(
    { key, session, facts }: SessionWithFacts,
    last: SessionCostEstimated | undefined,
  ): readonly Estimated[] {
    const { metadata: cause } = facts.at(-1) as SessionFact;
    const events = facts.map(({ event }) => event);
    if (!isEstimateDue(events, cause.sequence, last?.sessionSequence ?? 0n)) return [];
    const reference = pinnedReference(session);
    // A display need not wait for a tariff: the next fact brings an estimate, the close the price.
    const pinned = reference && this.tariffs.known(key.cpoId, reference);
    if (pinned === undefined) return [];
    const found = sessionEstimate(session, pinned, cause.sequence);
    if (found.kind === 'none') return [];
    const { estimate } = found;
    return last !== undefined && estimatesTheSame(estimate, last) ? [] : [{ estimate, cause }];
  }
}

const keyOf = ({ key }: SessionWithFacts): SessionKey => key;

const isNowClosed = ({ facts }: SessionWithFacts): boolean =>
  facts.some(({ event }) => event.type === 'SessionClosed');

const isSince = (since: Instant, { metadata }: SessionFact): boolean =>
  metadata.recordedAt >= since;

// Of one fact there is one estimate, however often a database computes it.
const outgoing = ({ estimate, cause }: Estimated): OutgoingEvent => ({
  event: estimate,
  id: derivedId(
    estimate.type,
    estimate.cpoId,
    estimate.sessionId,
    estimate.sessionSequence.toString(),
  ),
  occurredAt: estimate.asOf,
  cause,
});
