import type { PayoutMember, TaxPortion } from '@tallywatt/contracts';
import {
  NotYetKnown,
  type EventLog,
  type OutgoingEvent,
  type SqlClient,
} from '@tallywatt/event-log';
import type { Instant } from '@tallywatt/time';
import { type BalanceMovement, type MovementOwner, type PayoutState } from '../domain/settlement';
import {
  inOrder,
  movementFacts,
  payoutMembersOf,
  type DatedSettlement,
  type MovementChange,
} from '../domain/settlement-reading';
import { inTraceOfPayment } from './payment-trace';
import { priceFromRow, type PriceRow } from './price-row';

/** `taxes` are those of the session's CDR; undefined until that has been read. */
type Owner = MovementOwner & Readonly<{ cpoId: string; taxes?: readonly TaxPortion[] }>;

type OwnerRow = Readonly<{
  cpo_id: string;
  payment_id: string;
  session_id: string;
  payment_intent_id: string;
  price: PriceRow | null;
}>;

export type PendingRange = Readonly<{ since: Instant; until: Instant }>;

/** What has been published of the processor's balance. */
export class SettlementStore {
  constructor(
    private readonly eventLog: EventLog,
    /** Whose account the processor's is: payouts and movements without a payment are theirs. */
    readonly cpoId: string,
  ) {}

  /** Publishes movements that are new, and that they are available; each once, in order. */
  async record(tx: SqlClient, movements: readonly BalanceMovement[]): Promise<number> {
    const events: OutgoingEvent[] = [];
    const owners = await this.lockOwners(tx, movements);
    for (const movement of inOrder(movements)) {
      const owner = owners.get(movement.paymentIntentId ?? '');
      events.push(...(await this.recordOne(tx, movement, owner)));
    }
    if (events.length > 0) await this.eventLog.append(tx, await inTraceOfPayment(tx, events));
    return events.length;
  }

  private async recordOne(
    tx: SqlClient,
    movement: BalanceMovement,
    owner: Owner | undefined,
  ): Promise<readonly DatedSettlement[]> {
    const cpoId = owner?.cpoId ?? this.cpoId;
    const whose =
      owner === undefined ? undefined : { paymentId: owner.paymentId, sessionId: owner.sessionId };
    const refundedBeforeMinor =
      owner !== undefined && movement.reportingCategory === 'refund'
        ? await this.refundedBefore(tx, owner)
        : 0n;
    const change = await this.note(tx, cpoId, movement, whose);
    const taxes = owner === undefined ? [] : owner.taxes;
    const reading = { cpoId, movement, change, owner: whose, taxes, refundedBeforeMinor };
    const facts = movementFacts(reading);
    if (facts === 'waits') {
      throw new NotYetKnown(`the CDR of session ${whose?.sessionId ?? ''} of ${cpoId}`);
    }
    return facts;
  }

  private async note(
    tx: SqlClient,
    cpoId: string,
    movement: BalanceMovement,
    owner: MovementOwner | undefined,
  ): Promise<MovementChange> {
    const added = await tx.query(
      `INSERT INTO balance_transactions (cpo_id, balance_transaction_id, reporting_category,
         amount_minor, net_minor, payment_id, session_id, created_at, available_on, is_available,
         corrected_cdr_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
      [
        cpoId,
        movement.balanceTransactionId,
        movement.reportingCategory,
        movement.amountMinor.toString(),
        movement.netMinor.toString(),
        owner?.paymentId ?? null,
        owner?.sessionId ?? null,
        movement.createdAt,
        movement.availableOn,
        movement.isAvailable,
        movement.correctedCdrId ?? null,
      ],
    );
    if (added.rowCount === 1) return 'added';
    if (!movement.isAvailable) return 'known';
    const changed = await tx.query(
      `UPDATE balance_transactions SET is_available = true
       WHERE balance_transaction_id = $1 AND NOT is_available`,
      [movement.balanceTransactionId],
    );
    return changed.rowCount === 1 ? 'available' : 'known';
  }

  /**
   * The payments of movements, by intent. Locked, because two refunds of one payment share out its
   * tax one after the other; in the order in which sessions lock them, so that neither waits for
   * the other in turn.
   */
  private async lockOwners(
    tx: SqlClient,
    movements: readonly BalanceMovement[],
  ): Promise<ReadonlyMap<string, Owner>> {
    const { rows } = await tx.query<OwnerRow>(
      `SELECT cpo_id, payment_id, session_id, payment_intent_id, price FROM payments
       WHERE payment_intent_id = ANY($1::text[]) ORDER BY payment_id FOR UPDATE`,
      [movements.flatMap(({ paymentIntentId }) => paymentIntentId ?? [])],
    );
    return new Map(
      rows.map((row) => [
        row.payment_intent_id,
        {
          cpoId: row.cpo_id,
          paymentId: row.payment_id,
          sessionId: row.session_id,
          ...(row.price === null ? {} : { taxes: priceFromRow(row.price).taxes }),
        },
      ]),
    );
  }

  /** Of what people asked to be refunded: a refund of a corrected CDR shares out no tax. */
  private async refundedBefore(tx: SqlClient, owner: Owner): Promise<bigint> {
    const { rows } = await tx.query<{ sum: string }>(
      `SELECT coalesce(-sum(amount_minor), 0)::text AS sum FROM balance_transactions
       WHERE cpo_id = $1 AND payment_id = $2 AND reporting_category = 'refund'
         AND corrected_cdr_id IS NULL`,
      [owner.cpoId, owner.paymentId],
    );
    return BigInt(rows[0]?.sum ?? '0');
  }

  /** When the movements were made that should be available by now and are not known to be. */
  async pendingUntil(db: SqlClient, now: Date): Promise<PendingRange | undefined> {
    const { rows } = await db.query<{ since: Date | null; until: Date | null }>(
      `SELECT min(created_at) AS since, max(created_at) AS until FROM balance_transactions
       WHERE NOT is_available AND available_on <= $1`,
      [now],
    );
    const { since, until } = rows[0] ?? { since: null, until: null };
    if (since === null || until === null) return undefined;
    return { since: since.toISOString(), until: until.toISOString() };
  }

  /** Members of a payout with the sessions they belong to, sorted by id. */
  async membersOf(tx: SqlClient, movements: readonly BalanceMovement[]): Promise<PayoutMember[]> {
    const { rows } = await tx.query<{ balance_transaction_id: string; session_id: string | null }>(
      `SELECT balance_transaction_id, session_id FROM balance_transactions
       WHERE balance_transaction_id = ANY($1::text[])`,
      [movements.map((movement) => movement.balanceTransactionId)],
    );
    const sessions = new Map(rows.map((row) => [row.balance_transaction_id, row.session_id]));
    return payoutMembersOf(movements, (id) => sessions.get(id) ?? undefined);
  }

  /** What has been published of a payout; its row is locked. */
  async lockPayout(tx: SqlClient, payoutId: string): Promise<PayoutState> {
    const { rows } = await tx.query<PayoutState>(
      `INSERT INTO payouts AS p (cpo_id, payout_id) VALUES ($1, $2)
       ON CONFLICT (cpo_id, payout_id) DO UPDATE SET created = p.created
       RETURNING created, paid, failed`,
      [this.cpoId, payoutId],
    );
    return rows[0] ?? { created: false, paid: false, failed: false };
  }

  async savePayout(tx: SqlClient, payoutId: string, state: PayoutState): Promise<void> {
    await tx.query(
      `UPDATE payouts SET created = $3, paid = $4, failed = $5
       WHERE cpo_id = $1 AND payout_id = $2`,
      [this.cpoId, payoutId, state.created, state.paid, state.failed],
    );
  }

  /** What has been published of payouts, by id; those never seen are left out. */
  async payoutStates(
    db: SqlClient,
    payoutIds: readonly string[],
  ): Promise<ReadonlyMap<string, PayoutState>> {
    const { rows } = await db.query<PayoutState & { payout_id: string }>(
      `SELECT payout_id, created, paid, failed FROM payouts
       WHERE cpo_id = $1 AND payout_id = ANY($2::text[])`,
      [this.cpoId, payoutIds],
    );
    return new Map(rows.map(({ payout_id, ...state }) => [payout_id, state]));
  }

  /** Payouts that have begun and not ended. */
  async openPayouts(db: SqlClient): Promise<string[]> {
    const { rows } = await db.query<{ payout_id: string }>(
      `SELECT payout_id FROM payouts WHERE cpo_id = $1 AND NOT (created AND (paid OR failed))`,
      [this.cpoId],
    );
    return rows.map((row) => row.payout_id);
  }

  async readUntil(db: SqlClient, list: string): Promise<Instant | undefined> {
    const { rows } = await db.query<{ read_until: Date }>(
      'SELECT read_until FROM settlement_marks WHERE cpo_id = $1 AND list = $2',
      [this.cpoId, list],
    );
    return rows[0]?.read_until.toISOString();
  }

  async setReadUntil(tx: SqlClient, list: string, readUntil: Instant): Promise<void> {
    await tx.query(
      `INSERT INTO settlement_marks AS m (cpo_id, list, read_until) VALUES ($1, $2, $3)
       ON CONFLICT (cpo_id, list)
       DO UPDATE SET read_until = greatest(m.read_until, excluded.read_until)`,
      [this.cpoId, list, readUntil],
    );
  }
}
