import {
  decodeRecord,
  type EventMetadata,
  type PaymentEvent,
  type RecordHeaders,
} from '@tallywatt/contracts';
import {
  activeTraceparent,
  inSpan,
  isTracing,
  queryPrepared,
  sessionAttributes,
  traceIdOf,
  type AppendedEvent,
  type EventLog,
  type OutgoingEvent,
  type SqlClient,
} from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { paymentDecider } from '../domain/payment';
import type { PaymentCommand } from '../domain/payment-command';
import type { Payment, PaymentIdentity } from '../domain/payment-state';
import { paymentFactTime, stepsOf, type PaymentDecision } from '../domain/payment-steps';
import { callOf, type ProcessorCall } from '../domain/processor-call';
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
  hold_kept_until: string | null;
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
      ...(row.hold_kept_until === null ? {} : { holdKeptUntil: row.hold_kept_until }),
    },
  };
};

const columns = `cpo_id, payment_id, session_id, charge_point_id, started, price, withheld_reason,
  to_char(hold_kept_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS hold_kept_until,
  payment_intent_id`;

/** What is known of a payment: its events so far, folded, and the trace it began in. */
type Known = Readonly<{ payment: Payment; traceparent?: string }>;

/** Payments as their events stand in the outbox, by stream key. */
const knownOf = async (
  tx: SqlClient,
  streamKeys: readonly string[],
): Promise<ReadonlyMap<string, Known>> => {
  type Row = { stream_key: string; value: string; headers: RecordHeaders };
  const { rows } = await queryPrepared<Row>(
    tx,
    'payment_capture.events_of_payments',
    `SELECT o.stream_key, o.value, o.headers FROM unnest($2::text[]) AS u (stream_key)
     JOIN event_log.outbox o ON o.topic = $1 AND o.stream_key = u.stream_key
     ORDER BY o.stream_key, o.sequence`,
    [topic, streamKeys],
  );
  const known = new Map<string, Known>();
  for (const { stream_key: key, value, headers } of rows) {
    const { event, metadata } = decodeRecord(key, value, headers);
    const before = known.get(key);
    // The first event says in which trace the payment began.
    const traceparent = before === undefined ? metadata.traceparent : before.traceparent;
    const payment = paymentDecider.evolve(
      before?.payment ?? paymentDecider.initial,
      event as PaymentEvent,
    );
    known.set(key, { payment, ...(traceparent === undefined ? {} : { traceparent }) });
  }
  return known;
};

const streamKeyOf = ({ identity }: LockedPayment): string =>
  `${identity.cpoId}/${identity.paymentId}`;

/** What is asked of one payment. */
export type PaymentRequest = Readonly<{
  locked: LockedPayment;
  commands: readonly PaymentCommand[];
  options: HandleOptions;
}>;

/** An event that a payment has decided on, and the call to the processor that it asks for. */
type Decided = Readonly<{
  locked: LockedPayment;
  outgoing: OutgoingEvent;
  call: ProcessorCall | undefined;
}>;

type Outcome = Readonly<{
  payment: Payment;
  decisions: readonly PaymentDecision[];
  decided: readonly Decided[];
}>;

const decideOn = (before: Payment, { locked, commands, options }: PaymentRequest): Outcome => {
  const { cause } = options;
  const steps = stepsOf(before, locked.facts, commands);
  const decided = steps.flatMap(({ events, payment }) =>
    events.map((event): Decided => {
      const occurredAt = paymentFactTime(event, locked.facts, options);
      const outgoing = { event, occurredAt, ...(cause === undefined ? {} : { cause }) };
      return { locked, outgoing, call: callOf(event, payment) };
    }),
  );
  return {
    payment: steps.at(-1)?.payment ?? before,
    decisions: steps.map(({ decision }) => decision),
    decided,
  };
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

  /** Payments whose hold has been kept for long enough. */
  async holdsKept(
    sql: SqlClient,
    limit: number,
  ): Promise<Readonly<{ cpoId: string; paymentId: string }>[]> {
    const { rows } = await sql.query<{ cpo_id: string; payment_id: string }>(
      `SELECT cpo_id, payment_id FROM payments
       WHERE hold_kept_until <= now() ORDER BY hold_kept_until LIMIT $1`,
      [limit],
    );
    return rows.map((row) => ({ cpoId: row.cpo_id, paymentId: row.payment_id }));
  }

  /** Nobody told a stop meanwhile: the hold is let go, unless it was used. */
  async keepHoldNoLonger(
    tx: SqlClient,
    { cpoId, paymentId }: Readonly<{ cpoId: string; paymentId: string }>,
    now: Instant,
  ): Promise<void> {
    const { rowCount } = await tx.query(
      `UPDATE payments SET hold_kept_until = NULL
       WHERE cpo_id = $1 AND payment_id = $2 AND hold_kept_until <= now()`,
      [cpoId, paymentId],
    );
    if (rowCount === 0) return;
    const locked = await this.lockPayment(tx, cpoId, paymentId);
    if (locked !== undefined) await this.handle(tx, locked, [], { now });
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
    const key = streamKeyOf(locked);
    const known = (await knownOf(tx, [key])).get(key);
    const carryOut = async (): Promise<Outcome> => {
      const request = { locked, commands, options };
      const outcome = decideOn(known?.payment ?? paymentDecider.initial, request);
      await this.record(tx, outcome.decided);
      return outcome;
    };
    const own = known?.traceparent;
    const active = activeTraceparent();
    // What causes it may have no trace of its own, as a webhook: then it is the payment's.
    if (!isTracing() || own === undefined || options.cause !== undefined) return carryOut();
    if (traceIdOf(own) === traceIdOf(active)) return carryOut();
    const facts = { parent: own, links: [active], attributes: sessionAttributes(locked.identity) };
    return inSpan(`payment ${commands.map(({ type }) => type).join(' ')}`, facts, carryOut);
  }

  /** The same for many payments, one request after the other, with as many statements as for one. */
  async handleAll(tx: SqlClient, requests: readonly PaymentRequest[]): Promise<void> {
    const keys = new Set(requests.map(({ locked }) => streamKeyOf(locked)));
    const known = await knownOf(tx, [...keys]);
    const payments = new Map([...known].map(([key, { payment }]) => [key, payment]));
    const decided = requests.flatMap((request) => {
      const key = streamKeyOf(request.locked);
      const outcome = decideOn(payments.get(key) ?? paymentDecider.initial, request);
      payments.set(key, outcome.payment);
      return outcome.decided;
    });
    await this.record(tx, decided);
  }

  private async record(tx: SqlClient, decided: readonly Decided[]): Promise<void> {
    if (decided.length === 0) return;
    const events = decided.map(({ outgoing }) => outgoing);
    const appended = await this.eventLog.append(tx, events);
    assertAdded(appended);
    const intents = new Map<LockedPayment['identity'], string | null>();
    for (const { locked, outgoing } of decided) {
      const { event } = outgoing;
      const known = intents.get(locked.identity) ?? null;
      const held = event.type === 'PaymentPreauthorized' ? event.paymentIntentId : known;
      intents.set(locked.identity, held);
    }
    const identities = [...intents.keys()];
    await queryPrepared(
      tx,
      'payment_capture.open_payments',
      `UPDATE payments p SET opened = true,
         payment_intent_id = coalesce(u.payment_intent_id, p.payment_intent_id)
       FROM unnest($1::text[], $2::text[], $3::text[]) AS u (cpo_id, payment_id, payment_intent_id)
       WHERE p.cpo_id = u.cpo_id AND p.payment_id = u.payment_id`,
      [
        identities.map(({ cpoId }) => cpoId),
        identities.map(({ paymentId }) => paymentId),
        [...intents.values()],
      ],
    );
    for (const [index, { call }] of decided.entries()) {
      if (call !== undefined) await this.calls.add(tx, call, appended[index]?.traceparent);
    }
  }
}

/** State and log have one writer: an event that is there already means that they disagree. */
const assertAdded = (appended: readonly AppendedEvent[]): void => {
  const known = appended.find((event) => !event.appended);
  if (known === undefined) return;
  throw new Error(`${known.event.type} ${known.id} of ${known.key} is in the log already`);
};
