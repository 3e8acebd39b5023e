import { crashPoint, type EventLog } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { Pool } from 'pg';
import { backOffCeilingMs } from '../domain/call-attempt';
import { commandOf } from '../domain/processor-call';
import { isAboutMoney, withOwnRefundId } from '../domain/processor-notice';
import type { PaymentStore } from '../outbound/payment-store';
import { ProcessorUnsure, type ObservedPayment, type Processor } from '../outbound/processor';
import type { ClaimedNotice, WebhookInbox } from '../outbound/webhook-inbox';
import type { SettlementSync } from './settlement-sync';

export type WebhookWorkerOptions = Readonly<{
  pool: Pool;
  eventLog: EventLog;
  logger: Logger;
  processor: Processor;
  inbox: WebhookInbox;
  payments: PaymentStore;
  settlement: SettlementSync;
  backOffMaxMs: number;
}>;

const batch = 20;
const atOnce = 5;

/**
 * Handles webhooks from the inbox. An event only says where to look: the object is read again, so
 * that neither order nor repetition of events matters.
 */
export class WebhookWorker {
  constructor(private readonly options: WebhookWorkerOptions) {}

  async run(): Promise<void> {
    const { inbox, pool } = this.options;
    const notices = await inbox.claim(pool, batch);
    const done: ClaimedNotice[] = [];
    const groups = [...byPayment(notices).values()];
    while (groups.length > 0) {
      const attempts = groups.splice(0, atOnce).map((group) => this.attempt(group));
      done.push(...(await Promise.all(attempts)).flat());
    }
    const money = done.filter(({ type }) => isAboutMoney(type));
    const others = done.filter(({ type }) => !isAboutMoney(type));
    if (others.length > 0) await inbox.finish(pool, idsOf(others));
    if (money.length === 0) return;
    // One look at the balance serves all that were waiting for it.
    try {
      await this.options.settlement.run();
      await inbox.finish(pool, idsOf(money));
    } catch (error) {
      for (const notice of money) await this.defer(notice, error as Error);
    }
  }

  /** Events about one payment need one look at it. Returns those that are done with it. */
  private async attempt(group: readonly ClaimedNotice[]): Promise<readonly ClaimedNotice[]> {
    const [first] = group;
    if (first === undefined) return [];
    try {
      await this.observe(first);
      return group;
    } catch (error) {
      if (error instanceof ProcessorUnsure && error.code === 'resource_missing') {
        this.options.logger.warn({ eventId: first.eventId }, 'webhook about an unknown object');
        return group;
      }
      for (const notice of group) await this.defer(notice, error as Error);
      return [];
    }
  }

  private async defer(notice: ClaimedNotice, error: Error): Promise<void> {
    const { backOffMaxMs, inbox, logger, pool } = this.options;
    const ceilingMs = backOffCeilingMs(notice.tries, backOffMaxMs);
    const inMs = Math.round(ceilingMs * (0.5 + Math.random() / 2));
    const { eventId, type } = notice;
    logger.warn({ eventId, type, inMs, error: error.message }, 'webhook not handled yet');
    await inbox.defer(pool, notice.eventId, inMs, error.message);
  }

  private async observe(notice: ClaimedNotice): Promise<void> {
    const { processor } = this.options;
    let { paymentIntentId } = notice;
    if (paymentIntentId === undefined && notice.objectId?.startsWith('re_') === true) {
      paymentIntentId = await processor.paymentIntentOfRefund(notice.objectId);
    }
    if (paymentIntentId === undefined) return;
    const observed = await processor.observe(paymentIntentId);
    crashPoint('payment.webhook-observed');
    if (observed.owner !== undefined) await this.record(observed, observed.owner);
  }

  private async record(
    { answers, paymentIntentId }: ObservedPayment,
    owner: Readonly<{ cpoId: string; paymentId: string }>,
  ): Promise<void> {
    const { eventLog, logger, payments } = this.options;
    const now = new Date().toISOString();
    await eventLog.transaction(async (tx) => {
      const locked = await payments.lockPayment(tx, owner.cpoId, owner.paymentId);
      // Metadata can name anything; only a payment of ours is told about.
      if (locked === undefined) return;
      const heldBy = locked.paymentIntentId ?? paymentIntentId;
      if (heldBy !== paymentIntentId) {
        // A call made anew can leave two intents: the fate of one says nothing of the other.
        const facts = { paymentId: owner.paymentId, paymentIntentId, heldBy };
        logger.error(facts, 'the processor has an intent of a payment that another one holds');
        return;
      }
      for (const answer of answers) {
        const command = commandOf(withOwnRefundId(answer, owner), locked.chargePointId);
        if (command === undefined) continue;
        const at = 'at' in answer ? answer.at : undefined;
        await payments.handle(tx, locked, [command], {
          now,
          ...(at === undefined ? {} : { occurredAt: at }),
        });
      }
    });
  }
}

const idsOf = (notices: readonly ClaimedNotice[]): string[] =>
  notices.map((notice) => notice.eventId);

const byPayment = (notices: readonly ClaimedNotice[]): Map<string, ClaimedNotice[]> => {
  const groups = new Map<string, ClaimedNotice[]>();
  for (const notice of notices) {
    const about = notice.paymentIntentId ?? notice.objectId ?? notice.eventId;
    groups.set(about, [...(groups.get(about) ?? []), notice]);
  }
  return groups;
};
