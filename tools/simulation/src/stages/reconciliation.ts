import type { EventMetadata, RecordedEvent } from '@tallywatt/contracts';
import {
  decide,
  eventIdOf,
  noVerdict,
  type Verdict,
} from '@tallywatt/reconciliation/domain/findings';
import { match, type Match } from '@tallywatt/reconciliation/domain/match';
import { defaultPatience, lookAgainAt, overdueOf } from '@tallywatt/reconciliation/domain/overdue';
import type { PayoutState } from '@tallywatt/reconciliation/domain/payout';
import {
  emptySubject,
  evolve,
  type Subject,
  type SubjectFact,
} from '@tallywatt/reconciliation/domain/subject';
import type { Instant } from '@tallywatt/time';
import { Consumer, Progress } from '../ground/consumer';
import type { Disk, Table } from '../ground/disk';
import { Outbox } from '../ground/outbox';
import { Relay } from '../ground/relay';
import { SimulatedProcess } from '../ground/simulated-process';
import { hourMs, type World } from '../ground/world';
import { cpoId } from './gateway';

export type SubjectRow = Readonly<{
  subject: Subject;
  verdict: Verdict;
  result: Match;
  lookAgainAt?: Instant;
}>;

export type PayoutRow = PayoutState & Readonly<{ memberSessions: readonly string[] }>;

const payoutRules: readonly string[] = ['payout.created', 'payout.paid', 'payout.failed'];
const noPayout: PayoutRow = { paid: false, failed: false, booked: [], memberSessions: [] };

export const reconciledTopics = [
  'charging.sessions.v1',
  'pricing.cdrs.v1',
  'payments.payments.v1',
  'payments.settlements.v1',
  'ledger.journal.v1',
] as const;

/** Reconciliation's database. */
export class ReconciliationTables {
  readonly subjects: Table<SubjectRow>;
  readonly payouts: Table<PayoutRow>;

  constructor(disk: Disk) {
    this.subjects = disk.table();
    this.payouts = disk.table();
  }

  payoutsOf(subject: Subject): ReadonlyMap<string, PayoutState> {
    return new Map(
      Object.values(subject.payouts)
        .flat()
        .flatMap((payoutId) => {
          const row = this.payouts.get(payoutId);
          return row === undefined ? [] : [[payoutId, row] as const];
        }),
    );
  }

  /** Notes a fact of a payout, and says whose money is in it; undefined when it is none. */
  notePayout({ event }: RecordedEvent): readonly string[] | undefined {
    switch (event.type) {
      case 'PayoutCreated':
        return this.change(event.payoutId, {
          amountMinor: event.amount.amountMinor,
          membersNetMinor: event.members.reduce((sum, { netMinor }) => sum + netMinor, 0n),
          memberSessions: [
            ...new Set(event.members.flatMap(({ sessionId }) => sessionId ?? [])),
          ].sort(),
        });
      case 'PayoutPaid':
        return this.change(event.payoutId, { paid: true });
      case 'PayoutFailed':
        return this.change(event.payoutId, { failed: true });
      case 'JournalEntryPosted': {
        if (!payoutRules.includes(event.postingRule)) return undefined;
        const { booked } = this.payouts.get(event.documentId) ?? noPayout;
        const rules = booked.includes(event.postingRule) ? booked : [...booked, event.postingRule];
        return this.change(event.documentId, { booked: rules });
      }
      default:
        return undefined;
    }
  }

  private change(payoutId: string, change: Partial<PayoutRow>): readonly string[] {
    const row = { ...(this.payouts.get(payoutId) ?? noPayout), ...change };
    this.payouts.set(payoutId, row);
    return row.memberSessions;
  }
}

/** The reconciliation process: every hop's facts, and a verdict on each session they touch. */
export class Reconciliation {
  readonly process: SimulatedProcess;
  readonly outbox: Outbox;
  readonly progress: Progress;
  readonly tables: ReconciliationTables;
  consumer: Consumer | undefined;
  private relay: Relay;

  constructor(private readonly world: World) {
    this.process = new SimulatedProcess('reconciliation', world, () => this.boot());
    this.outbox = new Outbox(this.process.disk, 'reconciliation', world);
    this.progress = new Progress(this.process.disk);
    this.tables = new ReconciliationTables(this.process.disk);
    this.relay = new Relay(this.process, this.outbox);
  }

  private boot(): void {
    this.relay = new Relay(this.process, this.outbox);
    this.consumer = new Consumer(
      this.process,
      reconciledTopics,
      this.progress,
      (events) => this.take(events),
      () => this.relay.wake(),
    );
    this.consumer.start();
    this.relay.wake();
    this.sweepLater();
  }

  private take(events: readonly RecordedEvent[]): void {
    const touched = new Map<string, RecordedEvent[]>();
    const touch = (sessionId: string, recorded: RecordedEvent): void => {
      touched.set(sessionId, [...(touched.get(sessionId) ?? []), recorded]);
    };
    for (const recorded of events) {
      const sessions = this.tables.notePayout(recorded);
      const { event } = recorded;
      if (sessions !== undefined) sessions.forEach((sessionId) => touch(sessionId, recorded));
      else if ('sessionId' in event && event.sessionId !== undefined)
        touch(event.sessionId, recorded);
    }
    for (const [sessionId, facts] of touched) {
      const row = this.tables.subjects.get(sessionId);
      const subject = facts.reduce(
        (state, { event, metadata }) => evolve(state, event as SubjectFact, metadata.recordedAt),
        row?.subject ?? emptySubject(cpoId, sessionId),
      );
      this.judge(subject, row?.verdict ?? noVerdict, facts.at(-1)?.metadata, undefined);
    }
  }

  private judge(
    subject: Subject,
    before: Verdict,
    cause: EventMetadata | undefined,
    now: Instant | undefined,
  ): void {
    const result = match(subject, this.tables.payoutsOf(subject));
    const overdue = overdueOf(subject, result, before, defaultPatience, now);
    const at = now ?? subject.lastFactAt;
    if (at === undefined) throw new Error(`${subject.sessionId} is judged without any fact`);
    const { events, verdict } = decide(subject, result, overdue, before, at);
    const next = lookAgainAt(subject, result, verdict, defaultPatience);
    this.tables.subjects.set(subject.sessionId, {
      subject,
      verdict,
      result,
      ...(next === undefined ? {} : { lookAgainAt: next }),
    });
    this.outbox.append(
      events.map((event) => {
        const id = eventIdOf(event, subject, verdict);
        return { event, occurredAt: at, ...(id === undefined ? {} : { id }) };
      }),
      cause === undefined ? {} : { cause },
    );
  }

  /** Silence means something only to one who has heard everything so far. */
  private sweepLater(): void {
    this.process.after(6 * hourMs, () => {
      if (this.consumer?.hasCaughtUp() === true && this.consumer.blocked.length === 0) {
        const { now } = this.world.clock;
        this.process.transaction(() => {
          for (const row of this.tables.subjects.values()) {
            if (row.lookAgainAt === undefined || row.lookAgainAt > now) continue;
            this.judge(row.subject, row.verdict, undefined, now);
          }
        });
        this.relay.wake();
      }
      this.sweepLater();
    });
  }
}
