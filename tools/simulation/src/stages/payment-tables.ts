import type { PayoutState } from '@tallywatt/payment-capture/domain/settlement';
import type { CallStep } from '@tallywatt/payment-capture/domain/call-attempt';
import type { ProcessorCall } from '@tallywatt/payment-capture/domain/processor-call';
import type { SessionFacts } from '@tallywatt/payment-capture/domain/session-rules';
import type { Payment, PaymentIdentity } from '@tallywatt/payment-capture/domain/payment-state';
import type { Disk, Table } from '../ground/disk';
import type { Notice } from '../outside/processor-objects';

export type PaymentRow = Readonly<{
  identity: PaymentIdentity;
  chargePointId: string;
  facts: SessionFacts;
  paymentIntentId?: string;
}>;

export type CallRow = Readonly<{
  number: number;
  call: ProcessorCall;
  nextStep: CallStep;
  tries: number;
  firstTriedMs?: number;
  nextAtMs: number;
  leasedUntilMs: number;
  outcome?: string;
}>;

export type NoticeRow = Readonly<{
  notice: Notice;
  tries: number;
  nextAtMs: number;
  leasedUntilMs: number;
  isHandled: boolean;
}>;

export type MovementRow = Readonly<{
  reportingCategory: string;
  amountMinor: bigint;
  availableOn: string;
  createdAt: string;
  isAvailable: boolean;
  correctedCdrId?: string;
  paymentId?: string;
  sessionId?: string;
}>;

/** payment-capture's database. */
export class PaymentTables {
  readonly payments: Table<PaymentRow>;
  /** What the stream of a payment folds to, kept with it; the judge folds the log and compares. */
  readonly states: Table<Payment>;
  readonly calls: Table<CallRow>;
  readonly notices: Table<NoticeRow>;
  readonly movements: Table<MovementRow>;
  readonly payouts: Table<PayoutState>;
  readonly marks: Table<string>;

  constructor(disk: Disk) {
    this.payments = disk.table();
    this.states = disk.table();
    this.calls = disk.table();
    this.notices = disk.table();
    this.movements = disk.table();
    this.payouts = disk.table();
    this.marks = disk.table();
  }

  openCalls(): CallRow[] {
    return this.calls.values().filter(({ outcome }) => outcome === undefined);
  }

  byIntent(paymentIntentId: string): PaymentRow | undefined {
    return this.payments.values().find((row) => row.paymentIntentId === paymentIntentId);
  }
}
