import type { PayoutMember, TaxPortion } from '@tallywatt/contracts';
import {
  balanceTransactionRecorded,
  decidePayout,
  taxesOfRefund,
  type BalanceMovement,
  type ProcessorPayout,
} from './settlement';

const rate = (unscaled: bigint) => ({ unscaled, scale: 0 });
const portion = (percent: bigint, taxableMinor: bigint, taxMinor: bigint): TaxPortion => ({
  ratePercent: rate(percent),
  taxableMinor,
  taxMinor,
});
const grossOf = (taxes: readonly TaxPortion[]): bigint =>
  taxes.reduce((sum, tax) => sum + tax.taxableMinor + tax.taxMinor, 0n);

describe('the tax of a refund', () => {
  const oneRate = [portion(19n, 1000n, 190n)];
  const twoRates = [portion(19n, 1000n, 190n), portion(7n, 333n, 23n)];

  it('is all of it when all is refunded', () =>
    expect(taxesOfRefund(oneRate, 0n, 1190n)).toEqual(oneRate));
  it('is a share, rounded to the larger remainder', () =>
    // 100 of 1190: taxable 84.03, tax 15.97
    expect(taxesOfRefund(oneRate, 0n, 100n)).toEqual([portion(19n, 84n, 16n)]));
  it('sums to the refund over several rates', () => {
    for (const amountMinor of [1n, 2n, 99n, 700n, 1545n, 1546n]) {
      expect(grossOf(taxesOfRefund(twoRates, 0n, amountMinor))).toBe(amountMinor);
    }
  });
  it('gives back exactly the tax of the CDR in parts', () => {
    let before = 0n;
    let taxMinor = 0n;
    for (const amountMinor of [1n, 3n, 333n, 500n, 353n]) {
      const taxes = taxesOfRefund(oneRate, before, amountMinor);
      expect(grossOf(taxes)).toBe(amountMinor);
      taxMinor += taxes.reduce((sum, tax) => sum + tax.taxMinor, 0n);
      before += amountMinor;
    }
    expect(before).toBe(1190n);
    expect(taxMinor).toBe(190n);
  });
  it('is never negative, whatever the parts', () => {
    let before = 0n;
    while (before < 1546n) {
      const step = before % 7n === 0n ? 1n : 5n;
      const amountMinor = step > 1546n - before ? 1546n - before : step;
      for (const tax of taxesOfRefund(twoRates, before, amountMinor)) {
        expect(tax.taxableMinor >= 0n && tax.taxMinor >= 0n).toBe(true);
      }
      before += amountMinor;
    }
  });
  it('is nothing where the CDR knows no tax', () =>
    expect(taxesOfRefund([], 0n, 100n)).toEqual([]));
});

const movement: BalanceMovement = {
  balanceTransactionId: 'txn_1',
  reportingCategory: 'charge',
  currency: 'EUR',
  amountMinor: 1190n,
  feeMinor: 43n,
  netMinor: 1147n,
  createdAt: '2026-11-21T10:00:00.000Z',
  availableOn: '2026-11-24T00:00:00.000Z',
  isAvailable: false,
  sourceId: 'ch_1',
  paymentIntentId: 'pi_1',
  description: '',
};

describe('a balance transaction', () => {
  const owner = { paymentId: 'pay-1', sessionId: 'session-1' };
  it('says whose it is', () =>
    expect(
      balanceTransactionRecorded('default', movement, owner, [portion(19n, 1000n, 190n)], 0n),
    ).toEqual({
      type: 'BalanceTransactionRecorded',
      cpoId: 'default',
      processor: 'stripe',
      balanceTransactionId: 'txn_1',
      reportingCategory: 'charge',
      currency: 'EUR',
      amountMinor: 1190n,
      feeMinor: 43n,
      netMinor: 1147n,
      createdAt: '2026-11-21T10:00:00.000Z',
      availableOn: '2026-11-24T00:00:00.000Z',
      sourceId: 'ch_1',
      description: '',
      ...owner,
      taxes: [],
    }));
  it('says what of a refund is tax', () => {
    const refund = { ...movement, reportingCategory: 'refund', amountMinor: -1190n };
    const recorded = balanceTransactionRecorded(
      'default',
      refund,
      owner,
      [portion(19n, 1000n, 190n)],
      0n,
    );
    expect(recorded.taxes).toEqual([portion(19n, 1000n, 190n)]);
  });
  it('can belong to nobody', () =>
    expect(balanceTransactionRecorded('default', movement, undefined, [], 0n)).not.toHaveProperty(
      'paymentId',
    ));
});

describe('a payout', () => {
  const payout: ProcessorPayout = {
    payoutId: 'po_1',
    amount: { amountMinor: 1000n, currency: 'EUR' },
    status: 'in_transit',
    automatic: true,
    createdAt: '2026-11-24T00:00:00.000Z',
    arrivalAt: '2026-11-25T00:00:00.000Z',
  };
  const members: PayoutMember[] = [
    { balanceTransactionId: 'txn_1', reportingCategory: 'charge', netMinor: 1147n },
    { balanceTransactionId: 'txn_2', reportingCategory: 'refund', netMinor: -147n },
  ];
  const fresh = { created: false, paid: false, failed: false };
  const typesOf = (decision: ReturnType<typeof decidePayout>) =>
    decision.kind === 'published' ? decision.events.map((event) => event.type) : decision;

  it('is created with members that sum to it', () =>
    expect(typesOf(decidePayout('default', payout, members, fresh))).toEqual(['PayoutCreated']));
  it('is not published while a member is missing', () =>
    expect(decidePayout('default', payout, members.slice(0, 1), fresh)).toEqual({
      kind: 'mismatch',
      mismatch: { expectedMinor: 1000n, foundMinor: 1147n },
    }));
  it('is created and paid when it is first seen paid', () =>
    expect(typesOf(decidePayout('default', { ...payout, status: 'paid' }, members, fresh))).toEqual(
      ['PayoutCreated', 'PayoutPaid'],
    ));
  it('is said once', () =>
    expect(
      typesOf(
        decidePayout('default', { ...payout, status: 'paid' }, [], {
          created: true,
          paid: true,
          failed: false,
        }),
      ),
    ).toEqual([]));
  it('can fail after it was paid', () =>
    expect(
      decidePayout('default', { ...payout, status: 'failed', failureCode: 'account_closed' }, [], {
        created: true,
        paid: true,
        failed: false,
      }),
    ).toMatchObject({ events: [{ type: 'PayoutFailed', failureCode: 'account_closed' }] }));
});
