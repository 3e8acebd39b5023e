import { backOffCeilingMs } from '@tallywatt/payment-capture/domain/call-attempt';
import { commandOf, type ProcessorAnswer } from '@tallywatt/payment-capture/domain/processor-call';
import { isAboutMoney, withOwnRefundId } from '@tallywatt/payment-capture/domain/processor-notice';
import type { SimulatedProcess } from '../ground/simulated-process';
import { minuteMs, secondMs } from '../ground/world';
import type { Intent, Notice, Reply } from '../outside/processor-objects';
import type { SimulatedProcessor } from '../outside/processor';
import type { PaymentStore } from './payment-store';
import type { NoticeRow, PaymentTables } from './payment-tables';

type Observed = Readonly<{ intent: Intent; answers: ProcessorAnswer[] }>;

const leaseMs = 6 * secondMs;
const backOffMaxMs = 10 * minuteMs;

/** What the webhook inbox and its worker do: stored, acknowledged, then looked up at the processor. */
export class WebhookWorker {
  constructor(
    private readonly process: SimulatedProcess,
    private readonly tables: PaymentTables,
    private readonly payments: PaymentStore,
    private readonly processor: SimulatedProcessor,
    private readonly syncSettlement: (done: (isDone: boolean) => void) => void,
    private readonly afterCommit: () => void,
  ) {}

  start(): void {
    for (const { isHandled, leasedUntilMs, nextAtMs } of this.tables.notices.values()) {
      if (!isHandled) this.runAt(Math.max(leasedUntilMs, nextAtMs));
    }
  }

  /** Durable before it is acknowledged. */
  receive(notice: Notice): boolean {
    if (!this.process.isRunning) return false;
    let isTaken = false;
    this.process.bound(() => {
      this.process.transaction(() => {
        if (this.tables.notices.has(notice.eventId)) return;
        const row = { notice, tries: 0, nextAtMs: this.nowMs, leasedUntilMs: 0, isHandled: false };
        this.tables.notices.set(notice.eventId, row);
      });
      isTaken = true;
      this.runAt(this.nowMs);
    })();
    return isTaken;
  }

  private get nowMs(): number {
    return this.process.world.clock.nowMs;
  }

  private runAt(atMs: number): void {
    const delayMs = Math.max(0, atMs - this.nowMs) + this.process.world.chance.integer(1, 100);
    this.process.after(delayMs, () => this.run());
  }

  private run(): void {
    const due = this.tables.notices
      .values()
      .filter(
        (row) => !row.isHandled && row.nextAtMs <= this.nowMs && row.leasedUntilMs <= this.nowMs,
      );
    if (due.length === 0) return;
    this.process.transaction(() => {
      for (const row of due) {
        const leased = { ...row, tries: row.tries + 1, leasedUntilMs: this.nowMs + leaseMs };
        this.tables.notices.set(row.notice.eventId, leased);
      }
    });
    for (const row of due) {
      this.attempt(row);
      this.runAt(this.nowMs + leaseMs);
    }
  }

  private attempt(row: NoticeRow): void {
    const { notice } = row;
    if (notice.paymentIntentId === undefined) return this.afterPayment(row);
    if (this.process.world.has('webhook-is-believed')) return this.believe(row);
    const take = this.process.bound((reply: Reply<Observed>) => {
      if (reply.kind === 'unsure') return this.defer(row);
      this.process.crashPoint('after a webhook was looked up');
      this.process.transaction(() => this.record(reply.answer));
      this.afterCommit();
      this.afterPayment(row);
    });
    this.processor.observe(notice.paymentIntentId, take);
  }

  private afterPayment(row: NoticeRow): void {
    if (!isAboutMoney(row.notice.type)) return this.finish(row);
    this.syncSettlement(
      this.process.bound((isDone: boolean) => (isDone ? this.finish(row) : this.defer(row))),
    );
  }

  private record({ intent, answers }: Observed): void {
    const payment = this.tables.payments.get(intent.paymentId);
    if (payment === undefined || (payment.paymentIntentId ?? intent.id) !== intent.id) return;
    for (const answer of answers) {
      const command = commandOf(withOwnRefundId(answer, intent), payment.chargePointId);
      if (command === undefined) continue;
      const at = 'at' in answer ? answer.at : undefined;
      this.payments.handle(payment, [command], at === undefined ? {} : { occurredAt: at });
    }
  }

  /** A planted defect: what the event says is recorded, whenever and however often it says it. */
  private believe(row: NoticeRow): void {
    const { type, paymentIntentId = '' } = row.notice;
    const payment = this.tables.byIntent(paymentIntentId);
    if (type === 'payment_intent.canceled' && payment !== undefined) {
      this.process.transaction(() => this.payments.handle(payment, [{ type: 'RecordVoid' }]));
      this.afterCommit();
    }
    if (type === 'payment_intent.succeeded' && payment !== undefined) {
      const { amountMinor, chargeId, currency } = this.processor.account.intent(paymentIntentId);
      const amount = { amountMinor, currency };
      this.process.transaction(() =>
        this.payments.handle(payment, [{ type: 'RecordCapture', amount, chargeId }]),
      );
      this.afterCommit();
    }
    this.afterPayment(row);
  }

  private finish({ notice }: NoticeRow): void {
    this.process.transaction(() => {
      const row = this.tables.notices.get(notice.eventId);
      if (row !== undefined) this.tables.notices.set(notice.eventId, { ...row, isHandled: true });
    });
  }

  private defer({ notice, tries }: NoticeRow): void {
    const inMs = backOffCeilingMs(tries, backOffMaxMs);
    this.process.transaction(() => {
      const row = this.tables.notices.get(notice.eventId);
      if (row === undefined || row.isHandled) return;
      const nextAtMs = this.nowMs + inMs;
      this.tables.notices.set(notice.eventId, { ...row, leasedUntilMs: 0, nextAtMs });
    });
    this.runAt(this.nowMs + inMs);
  }
}
