import type { CdrIssued, CdrWithheld, RecordedEvent, SessionStarted } from '@tallywatt/contracts';
import { underCause, withLogFacts, type SqlClient } from '@tallywatt/event-log';
import { paymentIdOf, preauthorizationOf, priceOf } from '../domain/session-rules';
import type { LockedPayment, PaymentStore } from '../outbound/payment-store';
import type { SessionFactStore } from '../outbound/session-fact-store';

type Relevant = SessionStarted | CdrIssued | CdrWithheld;

const isRelevant = (recorded: RecordedEvent): recorded is RecordedEvent<Relevant> =>
  ['SessionStarted', 'CdrIssued', 'CdrWithheld'].includes(recorded.event.type);

/** Takes starts and ends of sessions to their payments. */
export class SessionConsumer {
  constructor(
    private readonly payments: PaymentStore,
    private readonly facts: SessionFactStore,
  ) {}

  async handle(events: readonly RecordedEvent[], tx: SqlClient): Promise<void> {
    const relevant = events.filter(isRelevant);
    if (relevant.length === 0) return;
    const locked = await this.payments.lockSessions(
      tx,
      relevant.map(({ event }) => event),
    );
    for (const recorded of relevant) {
      const { cpoId, sessionId } = recorded.event;
      const paymentId = paymentIdOf(cpoId, sessionId);
      const before = locked.get(paymentId);
      if (before === undefined) throw new Error(`no row for session ${sessionId} of ${cpoId}`);
      const after = await underCause(recorded.metadata.id, () =>
        withLogFacts({ cpoId, sessionId }, () => this.handleOne(tx, before, recorded)),
      );
      locked.set(paymentId, after);
    }
  }

  private async handleOne(
    tx: SqlClient,
    before: LockedPayment,
    recorded: RecordedEvent<Relevant>,
  ): Promise<LockedPayment> {
    const { event, metadata } = recorded;
    const after = await this.remember(tx, before, recorded);
    const preauthorization =
      event.type === 'SessionStarted' ? preauthorizationOf(event, before.identity) : undefined;
    await this.payments.handle(
      tx,
      after,
      preauthorization === undefined ? [] : [preauthorization],
      { now: new Date().toISOString(), cause: metadata },
    );
    return after;
  }

  private remember(
    tx: SqlClient,
    before: LockedPayment,
    recorded: RecordedEvent<Relevant>,
  ): Promise<LockedPayment> {
    const { event } = recorded;
    switch (event.type) {
      case 'SessionStarted':
        return this.facts.started(tx, before, event.chargePointId);
      case 'CdrIssued':
        return this.facts.priced(tx, before, priceOf(event, recorded.metadata.occurredAt));
      case 'CdrWithheld':
        return this.facts.withheld(tx, before, event.reason);
    }
  }
}
