import {
  addToSpan,
  crashPoint,
  inSpan,
  noParent,
  sessionAttributes,
  withLogFacts,
  type EventLog,
} from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { Pool } from 'pg';
import {
  backOffCeilingMs,
  commandsAfter,
  stepAfterSilence,
  stepNow,
  type CallStep,
} from '../domain/call-attempt';
import type { ProcessorAnswer, ProcessorCall } from '../domain/processor-call';
import type { CallList, ClaimedCall } from '../outbound/call-list';
import type { PaymentStore } from '../outbound/payment-store';
import { ProcessorUnsure, type Processor } from '../outbound/processor';

export type CallExecutorOptions = Readonly<{
  pool: Pool;
  eventLog: EventLog;
  logger: Logger;
  processor: Processor;
  calls: CallList;
  payments: PaymentStore;
  callsAtOnce: number;
  backOffMaxMs: number;
  observe?: (kind: string, outcome: string) => void;
}>;

/**
 * Makes the calls of the list and records their answers. A call is repeated with the same key until
 * its outcome is known; where the key cannot tell any more, the processor is asked what it has.
 */
export class CallExecutor {
  private readonly underWay = new Map<ProcessorCall, Promise<void>>();
  private stopped = false;

  constructor(private readonly options: CallExecutorOptions) {}

  /** Starts what is due and has room; does not wait for answers. */
  async pump(): Promise<void> {
    const room = this.options.callsAtOnce - this.underWay.size;
    if (room <= 0 || this.stopped) return;
    for (const claimed of await this.options.calls.claim(this.options.pool, room)) {
      const work = this.executeTraced(claimed).finally(() => this.underWay.delete(claimed.call));
      this.underWay.set(claimed.call, work);
    }
  }

  /** Says of the calls under way that they still are. */
  async renew(): Promise<void> {
    if (this.underWay.size === 0) return;
    await this.options.calls.renew(this.options.pool, [...this.underWay.keys()]);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.underWay.values());
  }

  /** In the trace of the event that asked for the call, however much later it is made. */
  private executeTraced(claimed: ClaimedCall): Promise<void> {
    const { call, nextStep, traceparent, tries } = claimed;
    const { cpoId, sessionId } = call;
    const facts = {
      parent: traceparent ?? noParent,
      attributes: {
        'tallywatt.call_kind': call.kind,
        'tallywatt.call_step': nextStep,
        'tallywatt.call_tries': tries,
        ...sessionAttributes({ cpoId, sessionId }),
      },
    };
    return inSpan(`processor ${call.kind}`, facts, () =>
      withLogFacts({ cpoId, sessionId }, () => this.execute(claimed)),
    );
  }

  private async execute(claimed: ClaimedCall): Promise<void> {
    const { call } = claimed;
    try {
      const answer = await this.ask(claimed);
      if (answer.kind === 'pending') {
        await this.defer(claimed, 'question', answer.detail);
      } else {
        await this.record(claimed, answer);
      }
      addToSpan({ 'tallywatt.call_outcome': answer.kind });
      this.options.observe?.(call.kind, answer.kind);
    } catch (error) {
      addToSpan({ 'tallywatt.call_outcome': 'unknown' });
      this.options.observe?.(call.kind, 'unknown');
      const isSaved = error instanceof ProcessorUnsure && error.isSaved;
      const step = stepAfterSilence(claimed.nextStep, isSaved);
      await this.defer(claimed, step, (error as Error).message).catch((failure: unknown) =>
        // The lease ends by itself, and the call is made again then.
        this.options.logger.error({ err: failure, call }, 'call not deferred'),
      );
    }
  }

  private async ask({ call, nextStep, firstTriedAt }: ClaimedCall): Promise<ProcessorAnswer> {
    const { processor } = this.options;
    const step = stepNow(nextStep, Date.parse(firstTriedAt), Date.now());
    if (step === 'question') return processor.question(call, firstTriedAt);
    crashPoint('payment.before-call');
    const answer = await processor.call(call);
    crashPoint('payment.after-call');
    return answer;
  }

  private async record({ call }: ClaimedCall, answer: ProcessorAnswer): Promise<void> {
    const { calls, eventLog, logger, payments } = this.options;
    const now = new Date().toISOString();
    if (answer.kind === 'nothing') {
      logger.warn({ call }, 'the processor knows nothing of a call: asking anew');
    }
    await eventLog.transaction(async (tx) => {
      const locked = await payments.lockPayment(tx, call.cpoId, call.paymentId);
      if (locked === undefined) throw new Error(`payment ${call.paymentId} has no row`);
      if (!(await calls.finish(tx, call, answer.kind))) return;
      const at = 'at' in answer ? answer.at : undefined;
      await payments.handle(tx, locked, commandsAfter(call, answer, locked.chargePointId), {
        now,
        ...(at === undefined ? {} : { occurredAt: at }),
      });
    });
  }

  private async defer({ call, tries }: ClaimedCall, step: CallStep, error: string): Promise<void> {
    const { backOffMaxMs, calls, logger, pool } = this.options;
    const ceilingMs = backOffCeilingMs(tries, backOffMaxMs);
    const inMs = Math.round(ceilingMs * (0.5 + Math.random() / 2));
    const { idempotencyKey: key } = call;
    logger.warn({ key, tries, step, inMs, error }, 'outcome of a processor call is unknown');
    await calls.defer(pool, call, { step, inMs, error });
  }
}
