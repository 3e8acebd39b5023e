import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { LockedPayment } from './payment-store';
import { priceToRow } from './price-row';

/** Remembers what other topics say about sessions, beside their payments. */
export class SessionFactStore {
  /** Writes all that is known of these sessions. Their rows are locked. */
  async store(tx: SqlClient, payments: readonly LockedPayment[]): Promise<void> {
    await queryPrepared(
      tx,
      'payment_capture.store_facts',
      `UPDATE payments p SET started = u.started, charge_point_id = u.charge_point_id,
         price = u.price, withheld_reason = u.withheld_reason,
         hold_kept_until = u.hold_kept_until
       FROM unnest($1::text[], $2::text[], $3::boolean[], $4::text[], $5::jsonb[], $6::text[],
         $7::timestamptz[])
         AS u (cpo_id, payment_id, started, charge_point_id, price, withheld_reason,
           hold_kept_until)
       WHERE p.cpo_id = u.cpo_id AND p.payment_id = u.payment_id`,
      [
        payments.map(({ identity }) => identity.cpoId),
        payments.map(({ identity }) => identity.paymentId),
        payments.map(({ facts }) => facts.started),
        payments.map(({ chargePointId }) => (chargePointId === '' ? null : chargePointId)),
        payments.map(({ facts }) =>
          facts.price === undefined ? null : JSON.stringify(priceToRow(facts.price)),
        ),
        payments.map(({ facts }) => facts.withheldReason ?? null),
        payments.map(({ facts }) => facts.holdKeptUntil ?? null),
      ],
    );
  }
}
