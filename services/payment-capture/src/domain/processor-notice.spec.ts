import { isAboutMoney, withOwnRefundId } from './processor-notice';

const owner = { cpoId: 'default', paymentId: 'pay-1' };
const failed = { kind: 'refund-failed', failureCode: 'x', detail: 'X.' } as const;

describe('a webhook', () => {
  it.each(['charge.updated', 'refund.failed', 'balance.available', 'payout.paid'])(
    '%s is about the balance',
    (type) => expect(isAboutMoney(type)).toBe(true),
  );
  it.each(['payment_intent.succeeded', 'charge.dispute.created', 'customer.updated'])(
    '%s is not',
    (type) => expect(isAboutMoney(type)).toBe(false),
  );
});

describe('a refund in an answer', () => {
  it("keeps an id of ours, and gives one to the dashboard's, the same every time", () => {
    const ours = { ...failed, refundId: '0b0e7c7e-0000-5000-8000-000000000000' };
    expect(withOwnRefundId(ours, owner)).toBe(ours);
    const theirs = { ...failed, refundId: 're_1' };
    const named = withOwnRefundId(theirs, owner);
    expect(named).not.toEqual(theirs);
    expect(withOwnRefundId(theirs, owner)).toEqual(named);
    expect(withOwnRefundId(theirs, { ...owner, paymentId: 'pay-2' })).not.toEqual(named);
  });
  it('is looked for in refunds only', () =>
    expect(withOwnRefundId({ kind: 'voided' }, owner)).toEqual({ kind: 'voided' }));
});
