import {
  backOffCeilingMs,
  commandsAfter,
  stepAfterSilence,
  stepNow,
  type CallStep,
} from '@tallywatt/payment-capture/domain/call-attempt';
import type { ProcessorAnswer } from '@tallywatt/payment-capture/domain/processor-call';
import type { SimulatedProcess } from '../ground/simulated-process';
import { minuteMs } from '../ground/world';
import type { Reply } from '../outside/processor-objects';
import type { SimulatedProcessor } from '../outside/processor';
import type { PaymentStore } from './payment-store';
import type { CallRow, PaymentTables } from './payment-tables';

const leaseMs = 6_000;
const backOffMaxMs = 10 * minuteMs;

/** What `call-executor.ts` and `call-list.ts` do: claim, call or ask, record; unknown stays open. */
export class CallExecutor {
  /** Claims of this life whose lease is prolonged. */
  private readonly underWay = new Set<string>();

  constructor(
    private readonly process: SimulatedProcess,
    private readonly tables: PaymentTables,
    private readonly payments: PaymentStore,
    private readonly processor: SimulatedProcessor,
    private readonly afterCommit: () => void,
  ) {}

  start(): void {
    for (const { leasedUntilMs, nextAtMs } of this.tables.openCalls()) {
      this.pumpAt(Math.max(leasedUntilMs, nextAtMs));
    }
  }

  /** A hint that calls are due. */
  pumpSoon(): void {
    if (this.tables.openCalls().length > 0) this.pumpAt(this.nowMs);
  }

  private get nowMs(): number {
    return this.process.world.clock.nowMs;
  }

  private pumpAt(atMs: number): void {
    this.process.after(Math.max(0, atMs - this.nowMs) + 50, () => this.pump());
  }

  private pump(): void {
    const due = this.tables.openCalls().filter((row) => this.isDue(row));
    if (due.length === 0) return;
    const claimed = this.process.transaction(() =>
      due.map((row): CallRow => {
        const leased = {
          ...row,
          leasedUntilMs: this.nowMs + leaseMs,
          tries: row.tries + 1,
          firstTriedMs: row.firstTriedMs ?? this.nowMs,
        };
        this.tables.calls.set(row.call.idempotencyKey, leased);
        return leased;
      }),
    );
    for (const row of claimed) {
      this.underWay.add(row.call.idempotencyKey);
      this.execute(row);
    }
  }

  private isDue({ call, nextAtMs, leasedUntilMs, number }: CallRow): boolean {
    if (nextAtMs > this.nowMs || leasedUntilMs > this.nowMs) return false;
    if (this.underWay.has(call.idempotencyKey)) return false;
    if (this.tables.payments.get(call.paymentId)?.facts.started !== true) return false;
    return this.tables
      .openCalls()
      .every((other) => other.call.paymentId !== call.paymentId || other.number >= number);
  }

  private execute(row: CallRow): void {
    const { call, firstTriedMs = this.nowMs } = row;
    const take = this.process.bound((reply: Reply<ProcessorAnswer>) => this.take(row, reply));
    if (stepNow(row.nextStep, firstTriedMs, this.nowMs) === 'question') {
      return this.processor.question(call, firstTriedMs, take);
    }
    this.process.crashPoint('before a call');
    const isKeyNew = this.process.world.has('key-made-at-the-call');
    const idempotencyKey = `${call.idempotencyKey}${isKeyNew ? `/${row.tries}` : ''}`;
    this.processor.call({ ...call, idempotencyKey }, take);
    this.process.crashPoint('after a call');
  }

  private take(row: CallRow, reply: Reply<ProcessorAnswer>): void {
    this.underWay.delete(row.call.idempotencyKey);
    this.process.world.trace(
      'payment-capture',
      () =>
        `${row.call.idempotencyKey} ${row.nextStep}: ${reply.kind === 'answer' ? reply.answer.kind : reply.code}`,
    );
    const answer = reply.kind === 'answer' ? reply.answer : this.assumed(row, reply.code);
    if (answer === undefined) {
      const isSaved = reply.kind === 'unsure' && reply.isSaved;
      return this.defer(row, stepAfterSilence(row.nextStep, isSaved));
    }
    if (answer.kind === 'pending') return this.defer(row, 'question');
    this.process.transaction(() => this.record(row, answer));
    this.afterCommit();
  }

  private record({ call }: CallRow, answer: ProcessorAnswer): void {
    const row = this.tables.calls.get(call.idempotencyKey);
    const payment = this.tables.payments.get(call.paymentId);
    if (row?.outcome !== undefined || row === undefined || payment === undefined) return;
    this.tables.calls.set(call.idempotencyKey, { ...row, outcome: answer.kind, leasedUntilMs: 0 });
    const at = 'at' in answer ? answer.at : undefined;
    this.payments.handle(
      payment,
      commandsAfter(call, answer, payment.chargePointId),
      at === undefined ? {} : { occurredAt: at },
    );
  }

  /** A planted defect: silence taken for a refusal. */
  private assumed({ call }: CallRow, code: string): ProcessorAnswer | undefined {
    if (!this.process.world.has('time-out-is-a-refusal') || code !== 'timeout') return undefined;
    const detail = 'no answer came';
    if (call.kind === 'preauthorize') return { kind: 'declined', declineCode: 'timeout', detail };
    return call.kind === 'capture'
      ? { kind: 'capture-failed', failureCode: 'timeout', detail }
      : undefined;
  }

  private defer({ call, tries }: CallRow, step: CallStep): void {
    const ceilingMs = backOffCeilingMs(tries, backOffMaxMs);
    const inMs = this.process.world.chance.integer(Math.floor(ceilingMs / 2), ceilingMs);
    this.process.transaction(() => {
      const row = this.tables.calls.get(call.idempotencyKey);
      if (row === undefined || row.outcome !== undefined) return;
      this.tables.calls.set(call.idempotencyKey, {
        ...row,
        leasedUntilMs: 0,
        nextStep: step,
        nextAtMs: this.nowMs + inMs,
      });
    });
    this.pumpAt(this.nowMs + inMs);
  }
}
