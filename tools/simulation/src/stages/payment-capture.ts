import { derivedId } from '@tallywatt/contracts';
import { Consumer, Progress } from '../ground/consumer';
import { Outbox } from '../ground/outbox';
import { Relay } from '../ground/relay';
import { SimulatedProcess } from '../ground/simulated-process';
import { hourMs, type World } from '../ground/world';
import type { SimulatedProcessor } from '../outside/processor';
import { CallExecutor } from './call-executor';
import { PaymentStore } from './payment-store';
import { PaymentTables } from './payment-tables';
import { SettlementSync } from './settlement-sync';
import { WebhookWorker } from './webhook-worker';

type Life = Readonly<{
  relay: Relay;
  executor: CallExecutor;
  worker: WebhookWorker;
  settlement: SettlementSync;
}>;

const syncEveryMs = 12 * hourMs;

/** The payment-capture process. */
export class PaymentCapture {
  readonly process: SimulatedProcess;
  readonly outbox: Outbox;
  readonly tables: PaymentTables;
  readonly progress: Progress;
  readonly payments: PaymentStore;
  consumer: Consumer | undefined;
  private life: Life | undefined;

  constructor(
    private readonly world: World,
    private readonly processor: SimulatedProcessor,
  ) {
    this.process = new SimulatedProcess('payment-capture', world, () => this.boot());
    this.outbox = new Outbox(this.process.disk, 'payment-capture', world);
    this.tables = new PaymentTables(this.process.disk);
    this.progress = new Progress(this.process.disk);
    this.payments = new PaymentStore(world, this.tables, this.outbox);
    processor.account.webhooks.receiver = (notice) => this.life?.worker.receive(notice) ?? false;
  }

  private boot(): void {
    const { outbox, payments, process, processor, tables } = this;
    const relay = new Relay(process, outbox);
    const wake = (): void => {
      relay.wake();
      executor.pumpSoon();
    };
    const executor = new CallExecutor(process, tables, payments, processor, wake);
    const settlement = new SettlementSync(process, tables, outbox, processor, wake);
    const sync = (then: (isDone: boolean) => void): void => settlement.run(then);
    const worker = new WebhookWorker(process, tables, payments, processor, sync, wake);
    this.life = { relay, executor, worker, settlement };
    this.consumer = new Consumer(
      process,
      ['charging.sessions.v1', 'pricing.cdrs.v1'],
      this.progress,
      (events) => events.forEach((event) => payments.takeSessionFact(event)),
      wake,
    );
    this.consumer.start();
    relay.wake();
    executor.start();
    worker.start();
    this.syncLater(settlement);
  }

  private syncLater(settlement: SettlementSync): void {
    this.process.after(this.world.chance.integer(syncEveryMs / 2, syncEveryMs), () => {
      settlement.run();
      this.syncLater(settlement);
    });
  }

  /** An operator asks for a refund; asked twice with one key it is one refund. */
  requestRefund(paymentId: string, key: string, amountMinor: bigint | undefined): void {
    const row = this.tables.payments.get(paymentId);
    if (row === undefined) return;
    const request = this.process.bound(() => {
      const { cpoId } = row.identity;
      const refundId = derivedId(cpoId, 'refund', paymentId, key);
      const amount = amountMinor === undefined ? {} : { amountMinor };
      this.process.transaction(() =>
        this.payments.handle(row, [
          {
            type: 'RequestRefund',
            refundId,
            reason: 'goodwill',
            requestedBy: 'operator',
            ...amount,
          },
        ]),
      );
      this.life?.relay.wake();
      this.life?.executor.pumpSoon();
    });
    request();
  }
}
