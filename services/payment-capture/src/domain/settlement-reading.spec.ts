import type { BalanceMovement, ProcessorPayout } from './settlement';
import {
  datedPayout,
  inOrder,
  movementFacts,
  payoutAfter,
  payoutMembersOf,
  readFromMs,
} from './settlement-reading';

const dayMs = 86_400_000;
const createdAt = '2026-11-21T10:00:00.000Z';
const charge: BalanceMovement = {
  balanceTransactionId: 'txn_1',
  reportingCategory: 'charge',
  currency: 'EUR',
  amountMinor: 1_190n,
  feeMinor: 43n,
  netMinor: 1_147n,
  createdAt,
  availableOn: '2026-11-24T00:00:00.000Z',
  isAvailable: false,
  sourceId: 'ch_1',
  paymentIntentId: 'pi_1',
  description: '',
};
const owner = { paymentId: 'pay-1', sessionId: 'session-1' };
const reading = {
  cpoId: 'default',
  movement: charge,
  change: 'added',
  owner,
  taxes: [],
  refundedBeforeMinor: 0n,
} as const;
const textsOf = (facts: ReturnType<typeof movementFacts>): string[] =>
  facts === 'waits' ? [facts] : facts.map((fact) => `${fact.event.type} ${fact.occurredAt}`);

describe('how far back a list is read', () => {
  const mark = '1970-02-10T00:00:00.000Z';
  const markMs = Date.parse(mark);
  it('is a month for a new installation', () =>
    expect(readFromMs('movements', undefined, 100 * dayMs)).toBe(70 * dayMs));
  it('is two minutes behind the mark for movements, since lists lag', () =>
    expect(readFromMs('movements', mark, 0)).toBe(markMs - 120_000));
  it('is a month behind it for payouts, since a bank can send one back', () =>
    expect(readFromMs('payouts', mark, 0)).toBe(markMs - 30 * dayMs));
});

describe('a listed movement', () => {
  it('that is new is recorded, and available when it is', () => {
    expect(textsOf(movementFacts(reading))).toEqual([`BalanceTransactionRecorded ${createdAt}`]);
    const movement = { ...charge, isAvailable: true };
    expect(textsOf(movementFacts({ ...reading, movement }))).toEqual([
      `BalanceTransactionRecorded ${createdAt}`,
      `BalanceTransactionAvailable ${charge.availableOn}`,
    ]);
  });
  it('that became available says only that', () => {
    const movement = { ...charge, isAvailable: true };
    expect(textsOf(movementFacts({ ...reading, movement, change: 'available' }))).toEqual([
      `BalanceTransactionAvailable ${charge.availableOn}`,
    ]);
    expect(movementFacts({ ...reading, movement, change: 'known' })).toEqual([]);
  });
  it('that was available at once became so when it came', () => {
    const movement = { ...charge, isAvailable: true, availableOn: '2026-11-20T00:00:00.000Z' };
    expect(textsOf(movementFacts({ ...reading, movement, change: 'available' }))).toEqual([
      `BalanceTransactionAvailable ${createdAt}`,
    ]);
  });
  it('waits when it refunds what has no price yet', () => {
    const refund = { ...charge, reportingCategory: 'refund', amountMinor: -100n };
    const unpriced = { ...reading, movement: refund, taxes: undefined };
    expect(movementFacts(unpriced)).toBe('waits');
    expect(movementFacts({ ...unpriced, change: 'known' })).toEqual([]);
    expect(textsOf(movementFacts({ ...unpriced, owner: undefined }))).toHaveLength(1);
    expect(textsOf(movementFacts({ ...reading, movement: refund }))).toHaveLength(1);
  });
  it('stands in the order of its time, then of its id', () => {
    const later = { ...charge, createdAt: '2026-11-21T10:00:01.000Z' };
    const second = { ...charge, balanceTransactionId: 'txn_2' };
    expect(inOrder([later, second, charge])).toEqual([charge, second, later]);
  });
});

describe('a payout', () => {
  const payout: ProcessorPayout = {
    payoutId: 'po_1',
    amount: { amountMinor: 1_147n, currency: 'EUR' },
    status: 'paid',
    automatic: true,
    createdAt,
    arrivalAt: '2026-11-23T00:00:00.000Z',
  };
  const identity = { cpoId: 'default', payoutId: 'po_1', processor: 'stripe' } as const;
  const { amount, arrivalAt } = payout;
  const created = {
    type: 'PayoutCreated',
    ...identity,
    amount,
    createdAt,
    arrivalAt,
    members: [],
  } as const;
  const paid = { type: 'PayoutPaid', ...identity, amount, arrivedAt: arrivalAt } as const;
  const nothing = { created: false, paid: false, failed: false };

  it('was created when it was, and arrives when it arrives', () =>
    expect(datedPayout(payout, [created, paid]).map(({ occurredAt }) => occurredAt)).toEqual([
      createdAt,
      arrivalAt,
    ]));
  it('remembers what has been said of it', () => {
    expect(payoutAfter(nothing, [created])).toEqual({ created: true, paid: false, failed: false });
    const arrived = payoutAfter(nothing, [created, paid]);
    expect(arrived).toEqual({ created: true, paid: true, failed: false });
    expect(payoutAfter(arrived, [])).toEqual(arrived);
  });
  it('names the sessions of its members, in the order of their ids', () => {
    const other = { ...charge, balanceTransactionId: 'txn_0', reportingCategory: 'fee' };
    const sessionOf = (id: string) => (id === 'txn_1' ? 'session-1' : undefined);
    const facts = { netMinor: 1_147n };
    expect(payoutMembersOf([charge, other], sessionOf)).toEqual([
      { balanceTransactionId: 'txn_0', reportingCategory: 'fee', ...facts },
      {
        balanceTransactionId: 'txn_1',
        reportingCategory: 'charge',
        sessionId: 'session-1',
        ...facts,
      },
    ]);
  });
});
