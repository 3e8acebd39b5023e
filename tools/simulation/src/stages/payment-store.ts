import {
  type CdrIssued,
  type CdrWithheld,
  type EventMetadata,
  type PaymentEvent,
  type RecordedEvent,
  type SessionStarted,
} from '@tallywatt/contracts';
import { paymentDecider } from '@tallywatt/payment-capture/domain/payment';
import type { PaymentCommand } from '@tallywatt/payment-capture/domain/payment-command';
import type { Payment } from '@tallywatt/payment-capture/domain/payment-state';
import { paymentFactTime, stepsOf } from '@tallywatt/payment-capture/domain/payment-steps';
import { callOf, type ProcessorCall } from '@tallywatt/payment-capture/domain/processor-call';
import {
  paymentIdOf,
  preauthorizationOf,
  priceOf,
  withPrice,
} from '@tallywatt/payment-capture/domain/session-rules';
import type { Instant } from '@tallywatt/time';
import type { Outbox } from '../ground/outbox';
import { hold } from '../ground/violation';
import type { World } from '../ground/world';
import type { PaymentRow, PaymentTables } from './payment-tables';

type Relevant = SessionStarted | CdrIssued | CdrWithheld;
type HandleOptions = Readonly<{ occurredAt?: Instant; cause?: EventMetadata }>;

/** A planted defect: a capture that was asked for or made is forgotten when the session ends. */
const decideForgetful: typeof paymentDecider.decide = (command, payment) => {
  const isForgotten =
    command.type === 'SettleSession' &&
    (payment.status === 'capturing' || payment.status === 'captured');
  return paymentDecider.decide(command, isForgotten ? { ...payment, status: 'held' } : payment);
};

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

  /** Carries commands out and writes down what they make of the payment. */
  handle(row: PaymentRow, commands: readonly PaymentCommand[], options: HandleOptions = {}): void {
    const before = this.paymentOf(row.identity.cpoId, row.identity.paymentId);
    const decide = this.world.has('settlement-forgets-what-was-asked')
      ? decideForgetful
      : undefined;
    for (const { events, payment } of stepsOf(before, row.facts, commands, decide)) {
      if (events.length > 0) this.record(row, payment, events, options);
    }
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

  private record(
    row: PaymentRow,
    payment: Payment,
    events: readonly PaymentEvent[],
    { occurredAt, cause }: HandleOptions,
  ): void {
    const { now, nowMs } = this.world.clock;
    const times = occurredAt === undefined ? { now } : { now, occurredAt };
    const when = (event: PaymentEvent): Instant => paymentFactTime(event, row.facts, times);
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
    case 'CdrIssued':
      return { ...before, facts: withPrice(facts, priceOf(event, metadata.occurredAt)) };
    case 'CdrWithheld':
      return { ...before, facts: { ...facts, withheldReason: event.reason } };
  }
};
