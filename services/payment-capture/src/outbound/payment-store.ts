import {
  decodeRecord,
  type EventMetadata,
  type PaymentEvent,
  type RecordHeaders,
} from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import {
  activeTraceparent,
  inSpan,
  isTracing,
  sessionAttributes,
  traceIdOf,
  type AppendedEvent,
  type EventLog,
  type SqlClient,
} from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { paymentDecider } from '../domain/payment';
import type { PaymentCommand } from '../domain/payment-command';
import type { Payment, PaymentIdentity } from '../domain/payment-state';
import { paymentFactTime, stepsOf, type PaymentDecision } from '../domain/payment-steps';
import { callOf } from '../domain/processor-call';
import { paymentIdOf, type SessionFacts } from '../domain/session-rules';
import type { CallList } from './call-list';
import { priceFromRow, type PriceRow } from './price-row';

const topic = 'payments.payments.v1';

/** A payment whose row is locked until the transaction ends. */
export type LockedPayment = Readonly<{
  identity: PaymentIdentity;
  chargePointId: string;
  facts: SessionFacts;
  /** The intent that holds its money, once there is one. */
  paymentIntentId?: string;
}>;

export type HandleOptions = Readonly<{
  now: Instant;
  /** When the outside says it happened; now if it does not say. */
  occurredAt?: Instant;
  cause?: EventMetadata;
}>;

type PaymentRow = Readonly<{
  cpo_id: string;
  payment_id: string;
  session_id: string;
  charge_point_id: string | null;
  started: boolean;
  price: PriceRow | null;
  withheld_reason: string | null;
  payment_intent_id: string | null;
}>;

const lockedFromRow = (row: PaymentRow): LockedPayment => {
  const identity = { cpoId: row.cpo_id, paymentId: row.payment_id, sessionId: row.session_id };
  return {
    identity,
    chargePointId: row.charge_point_id ?? '',
    ...(row.payment_intent_id === null ? {} : { paymentIntentId: row.payment_intent_id }),
    facts: {
      identity,
      started: row.started,
      ...(row.price === null ? {} : { price: priceFromRow(row.price) }),
      ...(row.withheld_reason === null ? {} : { withheldReason: row.withheld_reason }),
    },
  };
};

const columns = `cpo_id, payment_id, session_id, charge_point_id, started, price, withheld_reason,
  payment_intent_id`;

/** The events of one payment, oldest first, as they stand in the outbox. */
const eventsOf = async (
  tx: SqlClient,
  streamKey: string,
): Promise<Readonly<{ event: PaymentEvent; traceparent?: string }>[]> => {
  const { rows } = await tx.query<{ value: string; headers: RecordHeaders }>(
    `SELECT value, headers FROM event_log.outbox
     WHERE topic = $1 AND stream_key = $2 ORDER BY sequence`,
    [topic, streamKey],
  );
  return rows.map((row) => {
    const { event, metadata } = decodeRecord(streamKey, row.value, row.headers);
    const { traceparent } = metadata;
    const traced = traceparent === undefined ? {} : { traceparent };
    return { event: event as PaymentEvent, ...traced };
  });
};

/** Loads payments, lets them decide, and writes down what follows: events and calls, together. */
export class PaymentStore {
  constructor(
    private readonly eventLog: EventLog,
    private readonly calls: CallList,
  ) {}

  /**
   * Locks the rows of sessions in one order for all, and makes those that are missing; by payment
   * id, which no two CPOs share.
   */
  async lockSessions(
    tx: SqlClient,
    sessions: readonly Readonly<{ cpoId: string; sessionId: string }>[],
  ): Promise<Map<string, LockedPayment>> {
    const rows = [
      ...new Map(
        sessions.map(({ cpoId, sessionId }) => [
          paymentIdOf(cpoId, sessionId),
          { cpo: cpoId, session: sessionId },
        ]),
      ).entries(),
    ].sort(([a], [b]) => (a < b ? -1 : 1));
    const { rows: locked } = await tx.query<PaymentRow>(
      `INSERT INTO payments AS p (cpo_id, payment_id, session_id)
       SELECT cpo, payment, session
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS u (cpo, payment, session, n)
       ORDER BY n
       ON CONFLICT (cpo_id, payment_id) DO UPDATE SET session_id = p.session_id
       RETURNING ${columns}`,
      [
        rows.map(([, row]) => row.cpo),
        rows.map(([paymentId]) => paymentId),
        rows.map(([, row]) => row.session),
      ],
    );
    return new Map(locked.map((row) => [row.payment_id, lockedFromRow(row)]));
  }

  /** Locks one payment that is known to exist; undefined when it does not. */
  async lockPayment(
    tx: SqlClient,
    cpoId: string,
    paymentId: string,
  ): Promise<LockedPayment | undefined> {
    const { rows } = await tx.query<PaymentRow>(
      `SELECT ${columns} FROM payments WHERE cpo_id = $1 AND payment_id = $2 FOR UPDATE`,
      [cpoId, paymentId],
    );
    return rows[0] === undefined ? undefined : lockedFromRow(rows[0]);
  }

  /**
   * Carries commands out, and after them what the end of the session asks; writes down what they
   * make of the payment.
   */
  async handle(
    tx: SqlClient,
    locked: LockedPayment,
    commands: readonly PaymentCommand[],
    options: HandleOptions,
  ): Promise<Readonly<{ payment: Payment; decisions: readonly PaymentDecision[] }>> {
    const { cpoId, paymentId } = locked.identity;
    const history = await eventsOf(tx, `${cpoId}/${paymentId}`);
    const carryOut = () =>
      this.carryOut(
        tx,
        locked,
        history.map(({ event }) => event),
        commands,
        options,
      );
    const own = history[0]?.traceparent;
    const active = activeTraceparent();
    // What causes it may have no trace of its own, as a webhook: then it is the payment's.
    if (!isTracing() || own === undefined || options.cause !== undefined) return carryOut();
    if (traceIdOf(own) === traceIdOf(active)) return carryOut();
    const facts = { parent: own, links: [active], attributes: sessionAttributes(locked.identity) };
    return inSpan(`payment ${commands.map(({ type }) => type).join(' ')}`, facts, carryOut);
  }

  private async carryOut(
    tx: SqlClient,
    locked: LockedPayment,
    history: readonly PaymentEvent[],
    commands: readonly PaymentCommand[],
    options: HandleOptions,
  ): Promise<Readonly<{ payment: Payment; decisions: readonly PaymentDecision[] }>> {
    const before = fold(paymentDecider, history);
    const steps = stepsOf(before, locked.facts, commands);
    for (const { events, payment } of steps) {
      if (events.length > 0) await this.record(tx, locked, payment, events, options);
    }
    return {
      payment: steps.at(-1)?.payment ?? before,
      decisions: steps.map(({ decision }) => decision),
    };
  }

  private async record(
    tx: SqlClient,
    locked: LockedPayment,
    payment: Payment,
    events: readonly PaymentEvent[],
    options: HandleOptions,
  ): Promise<void> {
    const appended = await this.eventLog.append(
      tx,
      events.map((event) => ({ event, occurredAt: paymentFactTime(event, locked.facts, options) })),
      options.cause === undefined ? {} : { cause: options.cause },
    );
    assertAdded(appended);
    const held = events.find((event) => event.type === 'PaymentPreauthorized');
    await tx.query(
      `UPDATE payments SET opened = true, payment_intent_id = coalesce($3, payment_intent_id)
       WHERE cpo_id = $1 AND payment_id = $2`,
      [locked.identity.cpoId, locked.identity.paymentId, held?.paymentIntentId ?? null],
    );
    for (const { event, traceparent } of appended) {
      const call = callOf(event as PaymentEvent, payment);
      if (call !== undefined) await this.calls.add(tx, call, traceparent);
    }
  }
}

/** State and log have one writer: an event that is there already means that they disagree. */
const assertAdded = (appended: readonly AppendedEvent[]): void => {
  const known = appended.find((event) => !event.appended);
  if (known === undefined) return;
  throw new Error(`${known.event.type} ${known.id} of ${known.key} is in the log already`);
};
