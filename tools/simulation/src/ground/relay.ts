import type { Outbox } from './outbox';
import type { OutgoingRow } from './simulated-log';
import type { SimulatedProcess } from './simulated-process';
import { hourMs, minuteMs, secondMs } from './world';

const rowsMax = 20;

/**
 * Publishes an outbox in order, one batch in flight. What a batch became is known from its
 * acknowledgement alone; without one the same rows are sent again.
 */
export class Relay {
  private busy = false;

  constructor(
    private readonly process: SimulatedProcess,
    private readonly outbox: Outbox,
  ) {}

  /** A hint that there are rows. */
  wake(): void {
    if (this.busy || this.outbox.waiting(1).length === 0) return;
    this.busy = true;
    this.process.after(this.process.world.chance.spread(1, 50), () => this.publish());
  }

  private publish(): void {
    const { chance, faults } = this.process.world;
    const rows = this.outbox.waiting(rowsMax);
    this.process.crashPoint('before the relay sends');
    const inOrder = this.process.world.has('relay-without-order') ? [...rows].reverse() : rows;
    const isTorn = chance.happens(faults.batchTorn);
    const isUnanswered = isTorn || chance.happens(faults.acknowledgementLost);
    const arriving = isTorn ? inOrder.slice(0, chance.integer(0, inOrder.length)) : inOrder;
    const tripMs = chance.spread(1, isUnanswered ? 20 * secondMs : 50);
    this.send(arriving, tripMs);
    if (chance.happens(faults.batchLate)) this.send(inOrder, chance.spread(minuteMs, 3 * hourMs));
    if (isUnanswered) {
      this.process.after(30 * secondMs, () => this.again());
    } else {
      this.process.after(tripMs + chance.integer(0, 20), () => this.mark(rows));
    }
    this.process.crashPoint('after the relay has sent');
  }

  /** A batch on its way arrives even when its sender is dead by then. */
  private send(rows: readonly OutgoingRow[], tripMs: number): void {
    const { clock, log } = this.process.world;
    clock.after(tripMs, () => rows.forEach((row) => log.append(row)));
  }

  private mark(rows: readonly OutgoingRow[]): void {
    this.process.transaction(() => this.outbox.markPublished(rows));
    this.outbox.settle();
    this.again();
  }

  private again(): void {
    this.busy = false;
    this.wake();
  }
}
