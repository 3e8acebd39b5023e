import {
  activeTraceparent,
  type AppendContext,
  type EventLog,
  type OutgoingEvent,
  type SqlClient,
} from '@tallywatt/event-log';
import type { RunTransaction, Work } from './commit-queue';

/** Where events are written down; they are in the outbox when the transaction commits. */
export type Appends = Readonly<{
  append(
    tx: SqlClient,
    events: readonly OutgoingEvent[],
    context?: AppendContext,
  ): Promise<unknown>;
}>;

/**
 * Writes the events of all frames that share a transaction in one go, at its end: numbering them is
 * three statements, whether it is one event or a hundred. Until then nothing of them can be read
 * back, and nobody who shares the transaction does.
 */
export class GroupAppend implements Appends {
  private readonly pending = new WeakMap<SqlClient, OutgoingEvent[]>();

  constructor(private readonly eventLog: Pick<EventLog, 'append' | 'transaction'>) {}

  /** A transaction at the end of which is written what was appended in it. */
  readonly transaction: RunTransaction = <T>(work: Work<T>): Promise<T> =>
    this.eventLog.transaction(async (tx) => {
      const events: OutgoingEvent[] = [];
      this.pending.set(tx, events);
      try {
        const result = await work(tx);
        await this.eventLog.append(tx, events);
        return result;
      } finally {
        this.pending.delete(tx); // the connection may be lent to somebody else
      }
    });

  append(
    tx: SqlClient,
    events: readonly OutgoingEvent[],
    context: AppendContext = {},
  ): Promise<unknown> {
    const pending = this.pending.get(tx);
    if (pending === undefined) return this.eventLog.append(tx, events, context);
    // Each keeps the trace and the time of its own frame.
    const { traceparent = activeTraceparent(), recordedAt = new Date().toISOString() } = context;
    for (const event of events) {
      pending.push({
        recordedAt,
        ...(traceparent === undefined ? {} : { traceparent }),
        ...(context.cause === undefined ? {} : { cause: context.cause }),
        ...event,
      });
    }
    return Promise.resolve();
  }
}
