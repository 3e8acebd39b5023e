import type {
  PaymentEvent,
  RecordedEvent,
  SettlementEvent,
  TallywattEvent,
} from '@tallywatt/contracts';
import type { Restore, SqlClient } from '@tallywatt/event-log';
import { openCalls } from '../domain/open-calls';
import { restoreCall } from './call-list';
import { PaymentReader } from './payment-reader';

/**
 * Fills the tables of a new database with what the log has of us: whose intent is whose, which
 * calls wait for an answer, what has been published of the balance. What other topics say about
 * sessions comes with those topics.
 */
export const restoreOwnTables: Restore = async (own, tx) => {
  for await (const recorded of own('payments.payments.v1')) {
    await restorePayments(tx, recorded as readonly RecordedEvent<PaymentEvent>[]);
  }
  await restoreCalls(tx);
  for await (const recorded of own('payments.settlements.v1')) {
    const events = (recorded as readonly RecordedEvent<SettlementEvent>[]).map(
      ({ event }) => event,
    );
    await restoreMovements(tx, events);
    await restorePayouts(tx, events);
  }
  await tx.query(
    `INSERT INTO settlement_marks (cpo_id, list, read_until)
       SELECT cpo_id, 'movements', max(created_at) FROM balance_transactions GROUP BY cpo_id
       ON CONFLICT DO NOTHING`,
  );
};

const ofType = <E extends TallywattEvent, T extends E['type']>(
  events: readonly E[],
  ...types: readonly T[]
): Extract<E, { type: T }>[] =>
  events.filter((event): event is Extract<E, { type: T }> =>
    (types as readonly string[]).includes(event.type),
  );

const restorePayments = async (
  tx: SqlClient,
  recorded: readonly RecordedEvent<PaymentEvent>[],
): Promise<void> => {
  const events = recorded.map(({ event }) => event);
  await tx.query(
    `INSERT INTO payments (cpo_id, payment_id, session_id, opened)
     SELECT DISTINCT *, true FROM unnest($1::text[], $2::text[], $3::text[])
     ON CONFLICT (cpo_id, payment_id) DO UPDATE SET opened = true`,
    [
      events.map(({ cpoId }) => cpoId),
      events.map(({ paymentId }) => paymentId),
      events.map(({ sessionId }) => sessionId),
    ],
  );
  const held = ofType(events, 'PaymentPreauthorized');
  await tx.query(
    `UPDATE payments p SET payment_intent_id = u.payment_intent_id
     FROM unnest($1::text[], $2::text[], $3::text[]) AS u (cpo_id, payment_id, payment_intent_id)
     WHERE p.cpo_id = u.cpo_id AND p.payment_id = u.payment_id`,
    [
      held.map(({ cpoId }) => cpoId),
      held.map(({ paymentId }) => paymentId),
      held.map(({ paymentIntentId }) => paymentIntentId),
    ],
  );
};

const pageRows = 500;

/**
 * Puts what was asked and not answered on the list again, under its key. Whether it was ever tried
 * is not known: as if it had been when it was asked for, so that a stale key is not used again.
 * A list from a backup keeps what it has; what the log has an answer to is done.
 */
const restoreCalls = async (tx: SqlClient): Promise<void> => {
  const reader = new PaymentReader(tx);
  const { rows } = await tx.query<{ cpo_id: string }>('SELECT DISTINCT cpo_id FROM payments');
  for (const { cpo_id: cpoId } of rows) {
    for (let after = ''; ;) {
      const payments = await reader.list(cpoId, { after, limit: pageRows });
      const open = payments.flatMap(({ events }) => openCalls(events));
      await tx.query(
        `UPDATE processor_calls SET done_at = now(), outcome = 'answered-in-log'
         WHERE cpo_id = $1 AND payment_id = ANY($2::text[]) AND done_at IS NULL
           AND NOT idempotency_key = ANY($3::text[])`,
        [
          cpoId,
          payments.map(({ paymentId }) => paymentId),
          open.map(({ call }) => call.idempotencyKey),
        ],
      );
      for (const { call, requested } of open) await restoreCall(tx, call, requested.recordedAt);
      const last = payments.at(-1);
      if (last === undefined || payments.length <= pageRows) break;
      after = last.paymentId;
    }
  }
};

const restoreMovements = async (
  tx: SqlClient,
  events: readonly SettlementEvent[],
): Promise<void> => {
  const recorded = ofType(events, 'BalanceTransactionRecorded');
  await tx.query(
    `INSERT INTO balance_transactions (cpo_id, balance_transaction_id, reporting_category,
       amount_minor, net_minor, payment_id, session_id, created_at, available_on, corrected_cdr_id,
       is_available)
     SELECT *, false FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
       $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::text[])
     ON CONFLICT DO NOTHING`,
    [
      recorded.map(({ cpoId }) => cpoId),
      recorded.map(({ balanceTransactionId }) => balanceTransactionId),
      recorded.map(({ reportingCategory }) => reportingCategory),
      recorded.map(({ amountMinor }) => amountMinor.toString()),
      recorded.map(({ netMinor }) => netMinor.toString()),
      recorded.map(({ paymentId }) => paymentId ?? null),
      recorded.map(({ sessionId }) => sessionId ?? null),
      recorded.map(({ createdAt }) => createdAt),
      recorded.map(({ availableOn }) => availableOn),
      recorded.map(({ correctedCdrId }) => correctedCdrId ?? null),
    ],
  );
  await tx.query(
    `UPDATE balance_transactions SET is_available = true
     WHERE balance_transaction_id = ANY($1::text[])`,
    [
      ofType(events, 'BalanceTransactionAvailable').map(
        ({ balanceTransactionId }) => balanceTransactionId,
      ),
    ],
  );
};

const restorePayouts = async (tx: SqlClient, events: readonly SettlementEvent[]): Promise<void> => {
  const said = ofType(events, 'PayoutCreated', 'PayoutPaid', 'PayoutFailed');
  await tx.query(
    `INSERT INTO payouts AS p (cpo_id, payout_id, created, paid, failed)
     SELECT cpo_id, payout_id, bool_or(type = 'PayoutCreated'), bool_or(type = 'PayoutPaid'),
       bool_or(type = 'PayoutFailed')
     FROM unnest($1::text[], $2::text[], $3::text[]) AS u (cpo_id, payout_id, type) GROUP BY 1, 2
     ON CONFLICT (cpo_id, payout_id) DO UPDATE SET created = p.created OR excluded.created,
       paid = p.paid OR excluded.paid, failed = p.failed OR excluded.failed`,
    [
      said.map(({ cpoId }) => cpoId),
      said.map(({ payoutId }) => payoutId),
      said.map(({ type }) => type),
    ],
  );
  const created = ofType(events, 'PayoutCreated');
  await tx.query(
    `INSERT INTO settlement_marks AS m (cpo_id, list, read_until)
     SELECT cpo_id, 'payouts', max(created_at)
     FROM unnest($1::text[], $2::timestamptz[]) AS u (cpo_id, created_at) GROUP BY cpo_id
     ON CONFLICT (cpo_id, list)
       DO UPDATE SET read_until = greatest(m.read_until, excluded.read_until)`,
    [created.map(({ cpoId }) => cpoId), created.map(({ createdAt }) => createdAt)],
  );
};
