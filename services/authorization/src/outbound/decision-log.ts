import type { DecisionEvent } from '@tallywatt/contracts';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  activeTraceparent,
  inSpanOfMany,
  type EventLog,
  type OutgoingEvent,
} from '@tallywatt/event-log';

type Waiting = Readonly<{
  event: DecisionEvent;
  traceparent: string | undefined;
  resolve: () => void;
  reject: (error: unknown) => void;
}>;

const batchMax = 200;

const outgoing = ({ event, traceparent }: Waiting): OutgoingEvent => ({
  event,
  occurredAt: event.decision.decidedAt,
  ...(traceparent === undefined ? {} : { traceparent }),
});

/**
 * Makes decisions durable before they are answered. What arrives while a commit is running shares
 * the next one, so a busy service does not pay one disk flush per decision.
 */
export class DecisionLog {
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  /** Into where no question is being answered: what is written together is of many. */
  private readonly outside = AsyncLocalStorage.snapshot();

  constructor(private readonly eventLog: Pick<EventLog, 'append' | 'transaction'>) {}

  /** Resolves once the decision is committed; rejects when the database cannot take it. */
  record(event: DecisionEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ event, traceparent: activeTraceparent(), resolve, reject });
      this.writing ??= this.outside(() => this.write());
    });
  }

  /** Waits for what is being written. */
  async drain(): Promise<void> {
    await this.writing;
  }

  private async write(): Promise<void> {
    // Lets the decisions of the same turn of the event loop come along.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, batchMax);
      try {
        const origins = batch.map(({ traceparent }) => traceparent);
        await inSpanOfMany('decisions', origins, () =>
          this.eventLog.transaction((tx) => this.eventLog.append(tx, batch.map(outgoing))),
        );
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.writing = undefined;
  }
}
