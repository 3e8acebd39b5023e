import {
  datedPayout,
  inOrder,
  movementFacts,
  payoutAfter,
  payoutMembersOf,
  readFromMs,
  type MovementChange,
  type SettlementList,
} from '@tallywatt/payment-capture/domain/settlement-reading';
import {
  decidePayout,
  isNews,
  type ProcessorPayout,
} from '@tallywatt/payment-capture/domain/settlement';
import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import { NotYetKnown } from '../ground/consumer';
import type { Outbox } from '../ground/outbox';
import type { SimulatedProcess } from '../ground/simulated-process';
import { Violation } from '../ground/violation';
import { secondMs } from '../ground/world';
import type { Movement, Payout, Reply } from '../outside/processor-objects';
import type { SimulatedProcessor } from '../outside/processor';
import { cpoId } from './gateway';
import type { PaymentTables } from './payment-tables';

/** The processor's lists lag behind by up to this. */
const listLagMs = 60 * secondMs;

type Then = (isDone: boolean) => void;

const payoutOf = (payout: Payout): ProcessorPayout => ({
  payoutId: payout.id,
  amount: { amountMinor: payout.amountMinor, currency: payout.currency },
  status: payout.status,
  automatic: true,
  createdAt: instantFromEpochMs(payout.createdMs),
  arrivalAt: instantFromEpochMs(payout.arrivalMs),
});

/** What `settlement-sync.ts` and its store do: the processor's balance, read and published once. */
export class SettlementSync {
  private waiting: Then[] = [];
  private isRunning = false;

  constructor(
    private readonly process: SimulatedProcess,
    private readonly tables: PaymentTables,
    private readonly outbox: Outbox,
    private readonly processor: SimulatedProcessor,
    private readonly afterCommit: () => void,
  ) {}

  /** A run that begins after this call; callers who come during a run share the next one. */
  run(then: Then = () => undefined): void {
    this.waiting.push(then);
    if (!this.isRunning) this.begin();
  }

  private begin(): void {
    const served = this.waiting;
    this.waiting = [];
    this.isRunning = true;
    const end = (isDone: boolean): void => {
      this.isRunning = false;
      for (const then of served) then(isDone);
      if (this.waiting.length > 0 && !this.isRunning) this.begin();
    };
    this.syncMovements(() => this.syncAvailability(() => this.syncPayouts(end), end), end);
  }

  private read<T>(look: () => T, then: (found: T) => void, end: Then): void {
    this.processor.network.read(
      look,
      this.process.bound((reply: Reply<T>) => {
        if (reply.kind === 'unsure') return end(false);
        try {
          then(reply.answer);
        } catch (error) {
          if (!(error instanceof NotYetKnown)) throw error;
          end(false);
        }
      }),
    );
  }

  private listed(sinceMs: number, untilMs: number): Movement[] {
    const { chance, clock, isCalm } = this.process.world;
    const lagMs = isCalm ? 0 : chance.integer(0, listLagMs);
    return this.processor.account.movements
      .filter(({ createdMs }) => createdMs >= sinceMs && createdMs <= untilMs)
      .filter(({ createdMs }) => createdMs <= clock.nowMs - lagMs)
      .map((movement) => ({ ...movement }));
  }

  private syncMovements(next: () => void, end: Then): void {
    const sinceMs = this.since('movements');
    const look = (): Movement[] => this.listed(sinceMs, Number.MAX_SAFE_INTEGER);
    const take = (movements: Movement[]): void => {
      const latest = movements
        .map(({ createdAt }) => createdAt)
        .sort()
        .at(-1);
      this.record(movements, latest);
      next();
    };
    this.read(look, take, end);
  }

  private syncAvailability(next: () => void, end: Then): void {
    const { now } = this.process.world.clock;
    const pending = this.tables.movements
      .values()
      .filter(({ isAvailable, availableOn }) => !isAvailable && availableOn <= now)
      .map(({ createdAt }) => parseInstant(createdAt));
    if (pending.length === 0) return next();
    const look = (): Movement[] => this.listed(Math.min(...pending), Math.max(...pending));
    const take = (movements: Movement[]): void => {
      this.record(movements);
      next();
    };
    this.read(look, take, end);
  }

  private record(movements: readonly Movement[], readUntil?: string): void {
    this.process.transaction(() => {
      for (const movement of inOrder(movements)) this.recordOne(movement);
      const mark = this.tables.marks.get('movements') ?? '';
      if (readUntil !== undefined && readUntil > mark)
        this.tables.marks.set('movements', readUntil);
    });
    this.afterCommit();
  }

  private recordOne(listed: Movement): void {
    const { createdMs: _c, availableMs: _a, payoutId: _p, ...movement } = listed;
    const id = movement.balanceTransactionId;
    const known = this.tables.movements.get(id);
    if (known !== undefined && (known.isAvailable || !movement.isAvailable)) return;
    const payment =
      movement.paymentIntentId === undefined
        ? undefined
        : this.tables.byIntent(movement.paymentIntentId);
    const owner =
      payment === undefined
        ? undefined
        : { paymentId: payment.identity.paymentId, sessionId: payment.identity.sessionId };
    const change: MovementChange = known === undefined ? 'added' : 'available';
    const taxes = payment === undefined ? [] : payment.facts.price?.taxes;
    const refundedBeforeMinor = owner === undefined ? 0n : this.refundedBefore(owner.paymentId);
    const facts = movementFacts({ cpoId, movement, change, owner, taxes, refundedBeforeMinor });
    if (facts === 'waits') throw new NotYetKnown(`the CDR of ${owner?.sessionId ?? ''}`);
    this.outbox.append(facts);
    const { reportingCategory, amountMinor, availableOn, createdAt, isAvailable } = movement;
    const { correctedCdrId } = movement;
    const row = {
      reportingCategory,
      amountMinor,
      availableOn,
      createdAt,
      isAvailable,
      ...(correctedCdrId === undefined ? {} : { correctedCdrId }),
    };
    this.tables.movements.set(id, { ...row, ...(known ?? owner ?? {}), isAvailable });
  }

  private refundedBefore(paymentId: string): bigint {
    return this.tables.movements
      .values()
      .filter((row) => row.paymentId === paymentId && row.reportingCategory === 'refund')
      .filter(({ correctedCdrId }) => correctedCdrId === undefined)
      .reduce((sum, { amountMinor }) => sum - amountMinor, 0n);
  }

  private syncPayouts(end: Then): void {
    const sinceMs = this.since('payouts');
    this.read(
      () =>
        this.processor.account.payouts
          .filter(({ createdMs }) => createdMs >= sinceMs)
          .map(payoutOf),
      (listed) => {
        const news = listed.filter((payout) =>
          isNews(payout, this.tables.payouts.get(payout.payoutId)),
        );
        this.publishAll(news, end);
      },
      end,
    );
  }

  private publishAll([payout, ...others]: readonly ProcessorPayout[], end: Then): void {
    if (payout === undefined) return end(true);
    const isNew = this.tables.payouts.get(payout.payoutId)?.created !== true;
    const publish = (movements: Movement[]): void => {
      if (movements.length > 0) this.record(movements);
      this.publish(payout, isNew, movements);
      this.publishAll(others, end);
    };
    if (!isNew) return publish([]);
    const look = (): Movement[] =>
      this.processor.account.movements
        .filter(({ payoutId, sourceId }) => payoutId === payout.payoutId && sourceId !== payoutId)
        .map((movement) => ({ ...movement }));
    this.read(look, publish, end);
  }

  private publish(payout: ProcessorPayout, isNew: boolean, movements: readonly Movement[]): void {
    this.process.transaction(() => {
      const none = { created: false, paid: false, failed: false };
      const before = this.tables.payouts.get(payout.payoutId) ?? none;
      if (isNew === before.created) return;
      const decision = decidePayout(cpoId, payout, this.membersOf(movements), before);
      if (decision.kind === 'mismatch') {
        throw new Violation('payouts add up', `${payout.payoutId} is not the sum of its members`);
      }
      this.outbox.append(datedPayout(payout, decision.events));
      this.tables.payouts.set(payout.payoutId, payoutAfter(before, decision.events));
      const mark = this.tables.marks.get('payouts') ?? '';
      if (payout.createdAt > mark) this.tables.marks.set('payouts', payout.createdAt);
    });
    this.afterCommit();
  }

  private membersOf(movements: readonly Movement[]) {
    return payoutMembersOf(movements, (id) => this.tables.movements.get(id)?.sessionId);
  }

  private since(list: SettlementList): number {
    return readFromMs(list, this.tables.marks.get(list), this.process.world.clock.nowMs);
  }
}
