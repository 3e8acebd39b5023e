import type { SqlClient } from '@tallywatt/event-log';
import type { SessionPrice } from '../domain/session-rules';
import type { LockedPayment } from './payment-store';
import { priceToRow } from './price-row';

const set = (tx: SqlClient, { identity }: LockedPayment, assignment: string, value: unknown) =>
  tx.query(`UPDATE payments SET ${assignment} WHERE cpo_id = $1 AND payment_id = $2`, [
    identity.cpoId,
    identity.paymentId,
    value,
  ]);

/** Remembers what other topics say about a session, beside its payment. Rows are locked. */
export class SessionFactStore {
  async started(
    tx: SqlClient,
    locked: LockedPayment,
    chargePointId: string,
  ): Promise<LockedPayment> {
    await set(tx, locked, 'started = true, charge_point_id = $3', chargePointId);
    return { ...locked, chargePointId, facts: { ...locked.facts, started: true } };
  }

  /** The first CDR counts: corrections have their own way. */
  async priced(tx: SqlClient, locked: LockedPayment, price: SessionPrice): Promise<LockedPayment> {
    if (locked.facts.price !== undefined) return locked;
    await set(tx, locked, 'price = $3::jsonb', JSON.stringify(priceToRow(price)));
    return { ...locked, facts: { ...locked.facts, price } };
  }

  async withheld(tx: SqlClient, locked: LockedPayment, reason: string): Promise<LockedPayment> {
    await set(tx, locked, 'withheld_reason = $3', reason);
    return { ...locked, facts: { ...locked.facts, withheldReason: reason } };
  }
}
