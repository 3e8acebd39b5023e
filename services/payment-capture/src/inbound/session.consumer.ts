import type { CdrIssued, CdrWithheld, RecordedEvent, SessionStarted } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import {
  correctionAwaitedUntil,
  paymentIdOf,
  preauthorizationOf,
  priceOf,
  withPrice,
} from '../domain/session-rules';
import type { LockedPayment, PaymentRequest, PaymentStore } from '../outbound/payment-store';
import type { SessionFactStore } from '../outbound/session-fact-store';

type Relevant = SessionStarted | CdrIssued | CdrWithheld;

const isRelevant = (recorded: RecordedEvent): recorded is RecordedEvent<Relevant> =>
  ['SessionStarted', 'CdrIssued', 'CdrWithheld'].includes(recorded.event.type);

/** Takes starts and ends of sessions to their payments. */
export class SessionConsumer {
  constructor(
    private readonly payments: PaymentStore,
    private readonly facts: SessionFactStore,
    /** How long a hold is kept for the stop of a session that was estimated. */
    private readonly correctionHours: number,
  ) {}

  async handle(events: readonly RecordedEvent[], tx: SqlClient): Promise<void> {
    const relevant = events.filter(isRelevant);
    if (relevant.length === 0) return;
    const locked = await this.payments.lockSessions(
      tx,
      relevant.map(({ event }) => event),
    );
    const now = new Date().toISOString();
    const requests = relevant.map((recorded): PaymentRequest => {
      const { event, metadata } = recorded;
      const { cpoId, sessionId } = event;
      const paymentId = paymentIdOf(cpoId, sessionId);
      const before = locked.get(paymentId);
      if (before === undefined) throw new Error(`no row for session ${sessionId} of ${cpoId}`);
      const after = withFact(before, recorded, this.correctionHours);
      locked.set(paymentId, after);
      const preauthorization =
        event.type === 'SessionStarted' ? preauthorizationOf(event, before.identity) : undefined;
      return {
        locked: after,
        commands: preauthorization === undefined ? [] : [preauthorization],
        options: { now, cause: metadata },
      };
    });
    await this.facts.store(tx, [...locked.values()]);
    await this.payments.handleAll(tx, requests);
  }
}

/** A payment with what one more record says of its session. */
const withFact = (
  before: LockedPayment,
  { event, metadata }: RecordedEvent<Relevant>,
  correctionHours: number,
): LockedPayment => {
  const { facts } = before;
  switch (event.type) {
    case 'SessionStarted':
      return { ...before, chargePointId: event.chargePointId, facts: { ...facts, started: true } };
    case 'CdrIssued':
      return { ...before, facts: withPrice(facts, priceOf(event, metadata.occurredAt)) };
    case 'CdrWithheld': {
      const { reason: withheldReason } = event;
      const until = correctionAwaitedUntil(withheldReason, metadata.recordedAt, correctionHours);
      const { holdKeptUntil: _, ...known } = facts;
      return {
        ...before,
        facts: {
          ...known,
          withheldReason,
          ...(until === undefined ? {} : { holdKeptUntil: until }),
        },
      };
    }
  }
};
