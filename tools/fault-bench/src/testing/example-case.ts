import type { Case } from '../judge';
import type { Observation } from '../observation';
import type { RanSession } from '../ran-session';
import type { PlannedSession } from '../session-plan';

const startedAt = new Date('2025-06-03T10:00:00+02:00');
const stoppedAt = new Date('2025-06-03T11:00:00+02:00');
const availableAt = new Date('2025-06-03T11:01:00+02:00');

export const plan: PlannedSession = {
  id: 'S0001',
  kind: 'refund',
  tariff: 'flat',
  holder: 'visa',
  connectorId: 1,
  startsAtMinute: 600,
  energyWh: 20_000,
  idleMinutes: 1,
  readingEverySeconds: 900,
  clockAligned: false,
  cutsAfterMs: [],
  refund: 'part',
};

/** 20 kWh flat: 11.31 EUR, of which a third, 3.77 EUR, is given back. */
export const ran: RanSession = {
  plan,
  chargePointId: 'BENCH-flat-1',
  outcome: {
    chargePointId: 'BENCH-flat-1',
    connectorId: 1,
    idTag: 'VISA-0',
    started: true,
    transactionId: 7,
    idTagStatus: 'Accepted',
    meterStartWh: 1_000n,
    meterStopWh: 21_000n,
    energyWh: 20_000n,
    startedAt,
    stoppedAt,
    availableAt,
    stopReason: 'Local',
  },
  delivery: {
    tariff: 'flat',
    isMember: false,
    readings: [
      { atMs: startedAt.getTime(), wh: 1_000n },
      { atMs: stoppedAt.getTime(), wh: 21_000n },
    ],
    availableAtMs: availableAt.getTime(),
  },
};

const sessionId = 'b3983ac9-8263-5a31-bb07-8a5dde66ba7a';
const eur = (amountMinor: string) => ({ amountMinor, currency: 'EUR' });
const pending = 'assets:processor:stripe:pending';
const entry = (postingRule: string, from: string, to: string, amountMinor: string) => ({
  entryId: `entry of ${postingRule}`,
  postingRule,
  sessionId,
  lines: [
    { account: to, side: 'debit', amountMinor },
    { account: from, side: 'credit', amountMinor },
  ],
});
const driver = 'assets:receivable:driver';

/** What is to be seen when all went well: 0.42 EUR of fees, 7.12 EUR at the bank. */
export const seen: Observation = {
  sessions: [
    {
      id: sessionId,
      chargePointId: 'BENCH-flat-1',
      ocppTransactionId: '7',
      status: 'closed',
      startedAt: startedAt.toISOString(),
      stoppedAt: stoppedAt.toISOString(),
      closedAt: stoppedAt.toISOString(),
      energyWh: '20000',
      isQuarantined: false,
      duplicatesSeen: 0,
    },
  ],
  cdrs: [{ cdrId: 'c-1', sessionId, energyMilliWh: '20000000', totalInclTaxMinor: '1131' }],
  payments: [
    {
      paymentId: 'p-1',
      sessionId,
      state: 'captured',
      captured: eur('1131'),
      refunded: eur('377'),
      receivable: null,
      refunds: [{ status: 'refunded' }],
    },
  ],
  entries: [
    entry('cdr.issued', 'revenue:charging:energy', driver, '1131'),
    entry('payment.captured', driver, pending, '1131'),
    entry('payment.refunded', pending, 'revenue:contra:refund', '377'),
    entry('processor.settled', pending, 'assets:processor:stripe:available', '1089'),
    entry('processor.settled', 'assets:processor:stripe:available', pending, '377'),
  ],
  balances: [
    { account: 'assets:bank:operating', currency: 'EUR', balanceMinor: '712' },
    { account: 'expenses:fees:processing', currency: 'EUR', balanceMinor: '42' },
    { account: 'revenue:charging:energy', currency: 'EUR', balanceMinor: '-1131' },
    { account: 'revenue:contra:refund', currency: 'EUR', balanceMinor: '377' },
  ],
  subjects: [{ sessionId, status: 'reconciled', outcome: 'settled', awaited: [], openFindings: 0 }],
  findings: [],
  processor: {
    captured: { eur: 1_131 },
    refunded: { eur: 377 },
    fees: { eur: 42 },
    paidOut: { eur: 712 },
    charges: [
      {
        id: 'ch_1',
        amount_captured: 1_131,
        amount_refunded: 377,
        captured: true,
        currency: 'eur',
        metadata: { sessionId },
      },
    ],
  },
  intents: [
    {
      id: 'pi_1',
      status: 'succeeded',
      amount: 5_000,
      amount_received: 1_131,
      metadata: { sessionId },
    },
  ],
  parked: [],
  unpublished: [],
  refusedFrames: [],
  orphans: [],
};

/** A clean case, with some of what is seen replaced. */
export const caseWith = (replaced: Partial<Observation>): Case => ({
  ran: [ran],
  failed: [],
  seen: { ...seen, ...replaced },
});
