import {
  derivedId,
  type CdrIssued,
  type CdrWithheld,
  type EventMetadata,
  type PaymentEvent,
  type RecordedEvent,
  type SessionStarted,
} from '@tallywatt/contracts';
import { fold, type Decision } from '@tallywatt/decider';
import { paymentDecider } from '@tallywatt/payment-capture/domain/payment';
import type {
  PaymentCommand,
  PaymentReason,
} from '@tallywatt/payment-capture/domain/payment-command';
import type { Payment } from '@tallywatt/payment-capture/domain/payment-state';
import { callOf, type ProcessorCall } from '@tallywatt/payment-capture/domain/processor-call';
import { preauthorizationOf, settlementOf } from '@tallywatt/payment-capture/domain/session-rules';
import type { Instant } from '@tallywatt/time';
import type { Outbox } from '../ground/outbox';
import { hold } from '../ground/violation';
import type { World } from '../ground/world';
import type { PaymentRow, PaymentTables } from './payment-tables';

export const paymentIdOf = (cpoId: string, sessionId: string): string =>
  derivedId(cpoId, 'payment', sessionId);

type Relevant = SessionStarted | CdrIssued | CdrWithheld;
type HandleOptions = Readonly<{ occurredAt?: Instant; cause?: EventMetadata }>;
type PaymentDecision = Decision<PaymentEvent, PaymentReason>;

/** What payment-capture's stores and its session consumer do, over the simulated tables. */
export class PaymentStore {
  constructor(
    private readonly world: World,
    private readonly tables: PaymentTables,
    private readonly outbox: Outbox,
  ) {}

  takeSessionFact({ event, metadata }: RecordedEvent): void {
    if (!['SessionStarted', 'CdrIssued', 'CdrWithheld'].includes(event.type)) return;
    const fact = event as Relevant;
    const before = this.rowOf(fact.cpoId, fact.sessionId);
    const after = remember(before, fact, metadata);
    this.tables.payments.set(before.identity.paymentId, after);
    const preauthorization =
      fact.type === 'SessionStarted' ? preauthorizationOf(fact, before.identity) : undefined;
    const commands = preauthorization === undefined ? [] : [preauthorization];
    this.handle(after, commands, { cause: metadata });
  }

  /** Carries commands out, then asks once more what the end of the session means. */
  handle(
    row: PaymentRow,
    commands: readonly PaymentCommand[],
    options: HandleOptions = {},
  ): PaymentDecision[] {
    const { cpoId, paymentId } = row.identity;
    let payment = this.paymentOf(cpoId, paymentId);
    const settlement = settlementOf(row.facts);
    const decisions: PaymentDecision[] = [];
    for (const command of settlement === undefined ? commands : [...commands, settlement]) {
      const decision = this.decide(command, payment);
      decisions.push(decision);
      if (decision.kind !== 'accepted') continue;
      payment = fold(paymentDecider, decision.events, payment);
      this.record(row, payment, decision.events, options);
    }
    return decisions;
  }

  paymentOf(cpoId: string, paymentId: string): Payment {
    return this.tables.states.get(`${cpoId}/${paymentId}`) ?? paymentDecider.initial;
  }

  private rowOf(cpoId: string, sessionId: string): PaymentRow {
    const paymentId = paymentIdOf(cpoId, sessionId);
    const identity = { cpoId, paymentId, sessionId };
    return (
      this.tables.payments.get(paymentId) ?? {
        identity,
        chargePointId: '',
        facts: { identity, started: false },
      }
    );
  }

  private decide(command: PaymentCommand, payment: Payment): PaymentDecision {
    const isForgotten =
      this.world.has('settlement-forgets-what-was-asked') &&
      command.type === 'SettleSession' &&
      (payment.status === 'capturing' || payment.status === 'captured');
    return paymentDecider.decide(command, isForgotten ? { ...payment, status: 'held' } : payment);
  }

  private record(
    row: PaymentRow,
    payment: Payment,
    events: readonly PaymentEvent[],
    { occurredAt, cause }: HandleOptions,
  ): void {
    const { now, nowMs } = this.world.clock;
    const when = (event: PaymentEvent): Instant => {
      if (event.type === 'ReceivableOpened') return row.facts.price?.issuedAt ?? now;
      return event.type.endsWith('Requested') ? now : (occurredAt ?? now);
    };
    const appended = this.outbox.append(
      events.map((event) => ({ event, occurredAt: when(event) })),
      cause === undefined ? {} : { cause },
    );
    const known = appended.find((one) => !one.appended);
    hold(known === undefined, 'state and log agree', () => `${known?.event.type} is there already`);
    const { cpoId, paymentId } = row.identity;
    this.tables.states.set(`${cpoId}/${paymentId}`, payment);
    for (const event of events) {
      if (event.type === 'PaymentPreauthorized') {
        const { paymentIntentId } = event;
        const latest = this.tables.payments.get(row.identity.paymentId) ?? row;
        this.tables.payments.set(row.identity.paymentId, { ...latest, paymentIntentId });
      }
      const call = callOf(event, payment);
      if (call !== undefined) this.addCall(call, nowMs);
    }
  }

  private addCall(call: ProcessorCall, nextAtMs: number): void {
    const isNew = !this.tables.calls.has(call.idempotencyKey);
    hold(isNew, 'one call under one key', () => call.idempotencyKey);
    this.tables.calls.set(call.idempotencyKey, {
      number: this.tables.calls.size + 1,
      call,
      nextStep: 'call',
      tries: 0,
      nextAtMs,
      leasedUntilMs: 0,
    });
  }
}

const remember = (before: PaymentRow, event: Relevant, metadata: EventMetadata): PaymentRow => {
  const { facts } = before;
  switch (event.type) {
    case 'SessionStarted':
      return { ...before, chargePointId: event.chargePointId, facts: { ...facts, started: true } };
    case 'CdrIssued': {
      if (facts.price !== undefined) return before;
      const price = {
        cdrId: event.cdrId,
        total: { amountMinor: event.totalInclTaxMinor, currency: event.currency },
        taxes: event.taxes,
        issuedAt: metadata.occurredAt,
      };
      return { ...before, facts: { ...facts, price } };
    }
    case 'CdrWithheld':
      return { ...before, facts: { ...facts, withheldReason: event.reason } };
  }
};
