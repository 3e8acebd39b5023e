import { postingFor, type Fact } from './posting-rules';

const reasonOf = (fact: Fact): string | undefined => {
  const posting = postingFor(fact, { taxJurisdiction: 'de', isPosted: () => false });
  return posting.kind === 'none' ? posting.reason : undefined;
};

describe('what the processor was asked and answered', () => {
  const payment = { cpoId: 'default', paymentId: 'p', sessionId: 's' };
  const amount = { amountMinor: 5000n, currency: 'EUR' };
  const intent = { paymentIntentId: 'pi' };
  const call = { attempt: 1, idempotencyKey: 'k' };
  const refund = { ...payment, refundId: 'r', amount };
  const capture = { ...payment, cdrId: 'c', amount, ...intent };
  const failure = { failureCode: 'f', detail: '' };

  it.each<[Fact, string]>([
    [
      {
        type: 'PaymentPreauthorizationRequested',
        ...payment,
        amount,
        paymentMethodId: 'm',
        ...call,
      },
      'a-hold-is-not-money',
    ],
    [
      { type: 'PaymentPreauthorized', ...payment, amount, ...intent, chargeId: 'ch' },
      'a-hold-is-not-money',
    ],
    [
      {
        type: 'PaymentPreauthorizationDeclined',
        ...payment,
        amount,
        declineCode: 'd',
        detail: '',
        chargePointId: 'CP-1',
      },
      'a-hold-is-not-money',
    ],
    [
      { type: 'PaymentVoidRequested', ...payment, ...intent, reason: 'r', idempotencyKey: 'k' },
      'a-hold-is-not-money',
    ],
    [{ type: 'PaymentVoided', ...payment, ...intent, reason: 'r' }, 'a-hold-is-not-money'],
    [{ type: 'PaymentCaptureRequested', ...capture, ...call }, 'a-request-is-not-money'],
    [
      {
        type: 'PaymentRefundRequested',
        ...refund,
        reason: 'r',
        requestedBy: 'o',
        idempotencyKey: 'k',
      },
      'a-request-is-not-money',
    ],
    [{ type: 'PaymentCaptured', ...capture, chargeId: 'ch' }, 'booked-by-its-balance-transaction'],
    [
      { type: 'PaymentRefunded', ...refund, processorRefundId: 're' },
      'booked-by-its-balance-transaction',
    ],
    [{ type: 'PaymentCaptureFailed', ...capture, ...failure }, 'nothing-moved'],
    [{ type: 'PaymentRefundFailed', ...refund, ...failure }, 'nothing-moved'],
  ])('$type books nothing', (fact, reason) => expect(reasonOf(fact)).toBe(reason));
});
