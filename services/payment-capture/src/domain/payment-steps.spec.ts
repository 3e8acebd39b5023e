import type { PaymentEvent } from '@tallywatt/contracts';
import type { Payment } from './payment-state';
import { paymentFactTime, stepsOf } from './payment-steps';
import type { SessionFacts } from './session-rules';

const identity = { cpoId: 'default', paymentId: 'pay-1', sessionId: 'session-1' };
const amount = { amountMinor: 5_000n, currency: 'EUR' };
const now = '2026-11-21T12:00:00.000Z';
const at = '2026-11-21T11:00:00.000Z';
const issuedAt = '2026-11-21T10:00:00.000Z';
const started: SessionFacts = { identity, started: true };
const price = {
  cdrId: 'C-1',
  total: { ...amount, amountMinor: 1_190n },
  replacedCdrIds: [],
  taxes: [],
  issuedAt,
};
const absent: Payment = { status: 'absent' };
const preauthorize = {
  type: 'PreauthorizePayment',
  ...identity,
  amount,
  paymentMethodId: 'pm_1',
} as const;
const held = {
  type: 'RecordPreauthorization',
  amount,
  paymentIntentId: 'pi_1',
  chargeId: 'ch_1',
} as const;
const typesOf = (steps: ReturnType<typeof stepsOf>): string[] =>
  steps.flatMap(({ events }) => events.map(({ type }) => type));

describe('commands about a payment', () => {
  it('are carried out one after the other, each on what the one before left', () => {
    const steps = stepsOf(absent, started, [preauthorize, held]);
    expect(steps.map(({ payment }) => payment.status)).toEqual(['preauthorizing', 'held']);
    expect(typesOf(steps)).toEqual(['PaymentPreauthorizationRequested', 'PaymentPreauthorized']);
  });
  it('are followed by what the end of the session asks', () =>
    expect(typesOf(stepsOf(absent, { ...started, price }, [preauthorize, held]))).toEqual([
      'PaymentPreauthorizationRequested',
      'PaymentPreauthorized',
      'PaymentCaptureRequested',
    ]));
  it('ask for one capture, however often the end is asked about', () => {
    const facts = { ...started, price };
    const capturing = stepsOf(absent, facts, [preauthorize, held]).at(-1)?.payment ?? absent;
    expect(typesOf(stepsOf(capturing, facts, []))).toEqual([]);
  });
  it('that change nothing leave the payment as it was', () => {
    const [step] = stepsOf(absent, started, [held]);
    expect(step?.decision.kind).not.toBe('accepted');
    expect(step).toMatchObject({ events: [], payment: absent });
  });
});

describe('the time of a fact', () => {
  const timeOf = (type: PaymentEvent['type'], facts: SessionFacts = { ...started, price }) =>
    paymentFactTime({ type } as PaymentEvent, facts, { now, occurredAt: at });
  it('is ours for a request', () => expect(timeOf('PaymentCaptureRequested')).toBe(now));
  it("is the processor's for an answer", () => expect(timeOf('PaymentCaptured')).toBe(at));
  it("is the CDR's for a debt", () => {
    expect(timeOf('ReceivableOpened')).toBe(issuedAt);
    expect(timeOf('ReceivableOpened', started)).toBe(now);
  });
  it('is ours where the processor says none', () =>
    expect(paymentFactTime({ type: 'PaymentVoided' } as PaymentEvent, started, { now })).toBe(now));
});
