import type { PaymentEvent } from '@tallywatt/contracts';
import { openCalls } from './open-calls';

const identity = { cpoId: 'c', paymentId: 'p', sessionId: 's' };
const eur = (amountMinor: bigint) => ({ amountMinor, currency: 'EUR' });

const holdAsked = (attempt: number): PaymentEvent => ({
  type: 'PaymentPreauthorizationRequested',
  ...identity,
  amount: eur(5_000n),
  paymentMethodId: 'pm_1',
  attempt,
  idempotencyKey: `hold/${attempt}`,
});
const held: PaymentEvent = {
  type: 'PaymentPreauthorized',
  ...identity,
  amount: eur(5_000n),
  paymentIntentId: 'pi_1',
  chargeId: 'ch_1',
};
const captureAsked: PaymentEvent = {
  type: 'PaymentCaptureRequested',
  ...identity,
  cdrId: 'cdr-1',
  amount: eur(1_190n),
  paymentIntentId: 'pi_1',
  attempt: 1,
  idempotencyKey: 'capture/1',
};
const captured: PaymentEvent = {
  type: 'PaymentCaptured',
  ...identity,
  cdrId: 'cdr-1',
  amount: eur(1_190n),
  paymentIntentId: 'pi_1',
  chargeId: 'ch_1',
};
const refundAsked = (refundId: string): PaymentEvent => ({
  type: 'PaymentRefundRequested',
  ...identity,
  refundId,
  amount: eur(100n),
  reason: 'goodwill',
  requestedBy: 'op',
  idempotencyKey: `refund/${refundId}`,
});
const refunded = (refundId: string): PaymentEvent => ({
  type: 'PaymentRefunded',
  ...identity,
  refundId,
  amount: eur(100n),
  processorRefundId: `re_${refundId}`,
});

const openKeys = (...events: readonly PaymentEvent[]): readonly string[] =>
  openCalls(events.map((facts) => ({ facts }))).map(({ call }) => call.idempotencyKey);

describe('what has still to be answered', () => {
  it('is the last that was asked', () => {
    expect(openKeys(holdAsked(1))).toEqual(['hold/1']);
    expect(openKeys(holdAsked(1), holdAsked(2))).toEqual(['hold/2']);
    expect(openKeys(holdAsked(1), held, captureAsked)).toEqual(['capture/1']);
  });

  it('is nothing once it was', () => {
    expect(openKeys()).toEqual([]);
    expect(openKeys(holdAsked(1), held)).toEqual([]);
    expect(openKeys(holdAsked(1), held, captureAsked, captured)).toEqual([]);
  });

  it('is each refund that was, by itself', () => {
    const paid = [holdAsked(1), held, captureAsked, captured];
    expect(openKeys(...paid, refundAsked('a'), refundAsked('b'), refunded('a'))).toEqual([
      'refund/b',
    ]);
    const [open] = openCalls([...paid, refundAsked('a')].map((facts) => ({ facts })));
    expect(open?.call).toMatchObject({ kind: 'refund', paymentIntentId: 'pi_1' });
    expect(open?.requested.facts).toEqual(refundAsked('a'));
  });
});
