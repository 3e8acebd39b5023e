import { instantFromEpochMs } from '@tallywatt/time';
import { hold } from '../ground/violation';
import { dayMs, hourMs, secondMs, type World } from '../ground/world';
import type { Intent, Movement, Notice, Payout, ProcessorRefund } from './processor-objects';
import { WebhookSender } from './webhook-sender';

/** The processor's own books: intents, refunds, balance, payouts. The judge compares ours with it. */
export class ProcessorAccount {
  readonly webhooks: WebhookSender;
  readonly movements: Movement[] = [];
  readonly payouts: Payout[] = [];
  private readonly byId = new Map<string, Intent>();
  private readonly refunds: ProcessorRefund[] = [];

  constructor(private readonly world: World) {
    this.webhooks = new WebhookSender(world);
  }

  get intents(): Intent[] {
    return [...this.byId.values()];
  }

  intent(id: string): Intent {
    const intent = this.byId.get(id);
    if (intent === undefined) throw new Error(`the processor knows no ${id}`);
    return intent;
  }

  intentsOf(paymentId: string): Intent[] {
    return this.intents.filter((intent) => intent.paymentId === paymentId);
  }

  refundsOf(intentId: string): ProcessorRefund[] {
    return this.refunds.filter((refund) => refund.intentId === intentId);
  }

  addIntent(intent: Intent): void {
    this.byId.set(intent.id, intent);
    const type =
      intent.status === 'requires_capture' ? 'amount_capturable_updated' : 'payment_failed';
    this.tell(`payment_intent.${type}`, intent.id, intent.id);
  }

  capture(intent: Intent, amountMinor: bigint): void {
    const others = this.intents.filter((i) => i.sessionId === intent.sessionId && i !== intent);
    const isOnly = others.every(({ status }) => status !== 'succeeded');
    hold(isOnly, 'one capture for one session', () => `${intent.id} of ${intent.sessionId}`);
    intent.status = 'succeeded';
    intent.receivedMinor = amountMinor;
    intent.capturedMs = this.world.clock.nowMs;
    const feeMinor = 25n + (amountMinor * 14n) / 1_000n;
    intent.movementId = this.move('charge', intent.chargeId, amountMinor, feeMinor, intent);
    this.tell('payment_intent.succeeded', intent.id, intent.id);
    this.tell('charge.updated', intent.chargeId, intent.id);
  }

  cancel(intent: Intent): void {
    if (intent.status !== 'requires_capture') return;
    intent.status = 'canceled';
    intent.canceledMs = this.world.clock.nowMs;
    this.tell('payment_intent.canceled', intent.id, intent.id);
  }

  expire(intent: Intent): void {
    if (intent.status === 'requires_capture') {
      this.world.trace('processor', () => `the hold ${intent.id} lapses`);
    }
    this.cancel(intent);
  }

  addRefund(refund: ProcessorRefund): void {
    this.refunds.push(refund);
    const intent = this.intent(refund.intentId);
    refund.movementId = this.moveRefund('refund', refund, -refund.amountMinor);
    this.tell('refund.created', refund.id, intent.id);
  }

  settleRefund(refund: ProcessorRefund, status: 'succeeded' | 'failed'): void {
    refund.status = status;
    const intent = this.intent(refund.intentId);
    if (status === 'failed') this.moveRefund('refund_failure', refund, refund.amountMinor);
    this.tell(status === 'failed' ? 'refund.failed' : 'refund.updated', refund.id, intent.id);
  }

  /** Every midnight: what is due becomes available, and what is available is paid out. */
  settleDaily(): void {
    const { clock } = this.world;
    const untilMidnightMs = dayMs - (clock.nowMs % dayMs);
    clock.after(untilMidnightMs, () => {
      this.settle();
      this.settleDaily();
    });
  }

  private settle(): void {
    const { nowMs } = this.world.clock;
    const due = this.movements.filter((m) => !m.isAvailable && m.availableMs <= nowMs);
    for (const movement of due) movement.isAvailable = true;
    if (due.length > 0) this.tell('balance.available', 'balance');
    const members = this.movements.filter((m) => m.isAvailable && m.payoutId === undefined);
    const amountMinor = members.reduce((sum, { netMinor }) => sum + netMinor, 0n);
    if (amountMinor > 0n) this.payOut(members, amountMinor);
  }

  private payOut(members: readonly Movement[], amountMinor: bigint): void {
    const { clock } = this.world;
    const payout: Payout = {
      id: `po_${this.payouts.length + 1}`,
      amountMinor,
      currency: 'EUR',
      createdMs: clock.nowMs,
      arrivalMs: clock.nowMs + dayMs,
      status: 'pending',
    };
    this.payouts.push(payout);
    for (const member of members) member.payoutId = payout.id;
    const own = this.movement('payout', payout.id, -amountMinor, 0n, {}, payout.arrivalMs);
    own.payoutId = payout.id;
    this.tell('payout.created', payout.id);
    clock.after(hourMs, () => {
      payout.status = 'in_transit';
      this.tell('payout.updated', payout.id);
    });
    clock.after(dayMs, () => {
      payout.status = 'paid';
      this.tell('payout.paid', payout.id);
    });
  }

  /** Both ways its source is the refund, and so is what the metadata of that says. */
  private moveRefund(category: string, refund: ProcessorRefund, amountMinor: bigint): string {
    const { correctedCdrId, id } = refund;
    const intent = this.intent(refund.intentId);
    return this.move(category, id, amountMinor, 0n, intent, correctedCdrId);
  }

  private move(
    category: string,
    sourceId: string,
    amountMinor: bigint,
    feeMinor: bigint,
    intent: Intent,
    correctedCdrId?: string,
  ): string {
    const availableMs = this.world.clock.nowMs + 2 * dayMs;
    const about = { paymentIntentId: intent.id, ...(correctedCdrId && { correctedCdrId }) };
    return this.movement(category, sourceId, amountMinor, feeMinor, about, availableMs)
      .balanceTransactionId;
  }

  private movement(
    category: string,
    sourceId: string,
    amountMinor: bigint,
    feeMinor: bigint,
    about: Pick<Movement, 'paymentIntentId' | 'correctedCdrId'>,
    availableMs: number,
  ): Movement {
    const createdMs = this.world.clock.nowMs - (this.world.clock.nowMs % secondMs);
    const movement: Movement = {
      balanceTransactionId: `txn_${this.movements.length + 1}`,
      reportingCategory: category,
      currency: 'EUR',
      amountMinor,
      feeMinor,
      netMinor: amountMinor - feeMinor,
      createdMs,
      availableMs,
      createdAt: instantFromEpochMs(createdMs),
      availableOn: instantFromEpochMs(availableMs - (availableMs % secondMs)),
      isAvailable: false,
      sourceId,
      ...about,
      description: category,
    };
    this.movements.push(movement);
    return movement;
  }

  private tell(type: string, objectId: string, paymentIntentId?: string): void {
    const intent = paymentIntentId === undefined ? {} : { paymentIntentId };
    const notice: Omit<Notice, 'eventId'> = { type, objectId, ...intent };
    this.webhooks.send(notice);
  }
}
