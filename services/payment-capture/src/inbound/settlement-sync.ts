import type { EventLog } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import type { Pool } from 'pg';
import {
  datedPayout,
  payoutAfter,
  readFromMs,
  type SettlementList,
} from '../domain/settlement-reading';
import {
  decidePayout,
  isNews,
  type BalanceMovement,
  type ProcessorPayout,
} from '../domain/settlement';
import type { Processor } from '../outbound/processor';
import type { SettlementStore } from '../outbound/settlement-store';
import type { WebhookInbox } from '../outbound/webhook-inbox';

export type SettlementSyncOptions = Readonly<{
  pool: Pool;
  eventLog: EventLog;
  logger: Logger;
  processor: Processor;
  settlements: SettlementStore;
  inbox: WebhookInbox;
  /** Counts payouts that could not be published because their members do not add up. */
  observeMismatch: () => void;
}>;

const chunk = 200;

/** Brings what the processor says about its balance and its payouts into the log, each once. */
export class SettlementSync {
  private running: Promise<void> | undefined;
  private again: Promise<void> | undefined;

  constructor(private readonly options: SettlementSyncOptions) {}

  /** A run that begins after this call; callers who come during a run share the next one. */
  run(): Promise<void> {
    if (this.running === undefined) {
      this.running = this.sync().finally(() => {
        this.running = undefined;
      });
      return this.running;
    }
    this.again ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.again = undefined;
        return this.run();
      });
    return this.again;
  }

  private async sync(): Promise<void> {
    await this.syncMovements();
    await this.syncAvailability();
    await this.syncPayouts();
  }

  private async syncMovements(): Promise<void> {
    const { processor } = this.options;
    const movements = await processor.listMovements({
      since: await this.since('movements'),
    });
    for (let from = 0; from < movements.length; from += chunk) {
      await this.record(movements.slice(from, from + chunk), 'movements');
    }
  }

  private async record(movements: readonly BalanceMovement[], mark?: string): Promise<void> {
    const { eventLog, settlements } = this.options;
    const latest = movements.reduce(
      (max, { createdAt }) => (createdAt > max ? createdAt : max),
      '',
    );
    await eventLog.transaction(async (tx) => {
      await settlements.record(tx, movements);
      if (mark !== undefined && latest !== '') await settlements.setReadUntil(tx, mark, latest);
    });
  }

  private async syncAvailability(): Promise<void> {
    const { inbox, pool, processor, settlements } = this.options;
    const seen = (await inbox.latestCreated(pool))?.getTime() ?? 0;
    const now = new Date(Math.max(Date.now(), seen));
    const pending = await settlements.pendingUntil(pool, now);
    if (pending === undefined) return;
    const movements = await processor.listMovements(pending);
    for (let from = 0; from < movements.length; from += chunk) {
      await this.record(movements.slice(from, from + chunk));
    }
  }

  private async syncPayouts(): Promise<void> {
    const { pool, processor, settlements } = this.options;
    const since = await this.since('payouts');
    const listed = await processor.listPayouts({ since });
    const known = new Set(listed.map((payout) => payout.payoutId));
    const states = await settlements.payoutStates(pool, [...known]);
    const open = (await settlements.openPayouts(pool)).filter((payoutId) => !known.has(payoutId));
    for (const payoutId of open) await this.publish(await processor.readPayout(payoutId));
    for (const payout of listed) {
      if (isNews(payout, states.get(payout.payoutId))) await this.publish(payout);
    }
  }

  private async publish(payout: ProcessorPayout): Promise<void> {
    const { eventLog, logger, observeMismatch, processor, settlements } = this.options;
    const state = await eventLog.transaction((tx) => settlements.lockPayout(tx, payout.payoutId));
    const isNew = !state.created;
    const movements = isNew ? await processor.membersOf(payout.payoutId) : [];
    // Members can be older than where the list of movements was first read from.
    if (movements.length > 0) await this.record(movements);
    const cpoId = settlements.cpoId;
    await eventLog.transaction(async (tx) => {
      const before = await settlements.lockPayout(tx, payout.payoutId);
      if (isNew === before.created) return;
      const members = await settlements.membersOf(tx, movements);
      const decision = decidePayout(cpoId, payout, members, before);
      if (decision.kind === 'mismatch') {
        observeMismatch();
        logger.error(
          { payoutId: payout.payoutId, ...decision.mismatch },
          'payout not published: its members do not sum to its amount',
        );
        return;
      }
      const { events } = decision;
      if (events.length > 0) await eventLog.append(tx, datedPayout(payout, events));
      await settlements.savePayout(tx, payout.payoutId, payoutAfter(before, events));
      await settlements.setReadUntil(tx, 'payouts', payout.createdAt);
    });
  }

  private async since(list: SettlementList): Promise<Instant> {
    const mark = await this.options.settlements.readUntil(this.options.pool, list);
    return instantFromEpochMs(readFromMs(list, mark, Date.now()));
  }
}
