import { derivedId, type PaymentEvent } from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import { money } from '@tallywatt/money';
import { specification } from '@tallywatt/testing';
import fc from 'fast-check';
import { paymentDecider } from './payment';
import type { PaymentCommand } from './payment-command';
import { owedMinor, type Payment } from './payment-state';

const given = (...history: PaymentEvent[]) => specification(paymentDecider).given(...history);

const eur = (amountMinor: bigint) => money(amountMinor, 'EUR');
const identity = { cpoId: 'default', paymentId: 'pay-1', sessionId: 'session-1' };
const paymentIntentId = 'pi_1';
const preauthorized: PaymentEvent = {
  type: 'PaymentPreauthorized',
  ...identity,
  amount: eur(1000n),
  paymentIntentId,
  chargeId: 'ch_1',
};
const captureRequested = (amountMinor: bigint, cdrId = 'cdr-1'): PaymentEvent => ({
  type: 'PaymentCaptureRequested',
  ...identity,
  cdrId,
  amount: eur(amountMinor),
  paymentIntentId,
  attempt: 1,
  idempotencyKey: 'tallywatt/pay-1/capture/1',
});
const captured = (amountMinor: bigint): PaymentEvent => ({
  type: 'PaymentCaptured',
  ...identity,
  cdrId: 'cdr-1',
  amount: eur(amountMinor),
  paymentIntentId,
  chargeId: 'ch_1',
});
const owed = (amountMinor: bigint, cdrId = 'cdr-1', reason = 'price-above-hold') =>
  ({ type: 'ReceivableOpened', ...identity, cdrId, amount: eur(amountMinor), reason }) as Extract<
    PaymentEvent,
    { type: 'ReceivableOpened' }
  >;
const reduced = (amountMinor: bigint, cdrId = 'cdr-2'): PaymentEvent => ({
  type: 'ReceivableReduced',
  ...identity,
  cdrId,
  amount: eur(amountMinor),
});
const corrected = (
  totalMinor: bigint,
  cdrId = 'cdr-2',
  replacedCdrIds: readonly string[] = ['cdr-1', 'cdr-2', 'cdr-3'].filter((id) => id < cdrId),
): PaymentCommand => ({
  type: 'SettleSession',
  ...identity,
  cdrId,
  total: eur(totalMinor),
  replacedCdrIds,
});
const firstCdr = (totalMinor: bigint): PaymentCommand => corrected(totalMinor, 'cdr-1', []);
const refundOf = (cdrId: string): string => derivedId('default', 'refund', 'pay-1', cdrId);
const refundRequested = (
  amountMinor: bigint,
  cdrId = 'cdr-2',
  attempt = 1,
): Extract<PaymentEvent, { type: 'PaymentRefundRequested' }> => ({
  type: 'PaymentRefundRequested',
  ...identity,
  refundId: refundOf(cdrId),
  amount: eur(amountMinor),
  reason: 'cdr-corrected',
  requestedBy: 'tallywatt',
  idempotencyKey: `tallywatt/pay-1/refund/${refundOf(cdrId)}/${attempt}`,
  correctedCdrId: cdrId,
});
const goodwill = (amountMinor: bigint): PaymentEvent => ({
  type: 'PaymentRefunded',
  ...identity,
  refundId: 'goodwill',
  amount: eur(amountMinor),
  processorRefundId: 're_1',
});

const paid = [preauthorized, captureRequested(800n), captured(800n)];

describe('a captured payment whose CDR is corrected', () => {
  it('moves nothing when the total is the same, and says once at which CDR it stands', () => {
    given(...paid)
      .when(corrected(800n))
      .then(reduced(0n));
    given(...paid, reduced(0n))
      .when(corrected(800n))
      .thenIgnored('already-settled');
  });

  it('opens a debt for what it costs more', () =>
    given(...paid)
      .when(corrected(950n))
      .then(owed(150n, 'cdr-2', 'price-corrected')));

  it('gives back what it costs less, once', () => {
    given(...paid)
      .when(corrected(500n))
      .then(refundRequested(300n));
    given(...paid, refundRequested(300n))
      .when(corrected(500n))
      .thenIgnored('already-settled');
  });

  it('shrinks a debt before money goes back', () => {
    const short = [preauthorized, captureRequested(1000n), captured(1000n), owed(400n)];
    given(...short)
      .when(corrected(1150n))
      .then(reduced(250n));
    given(...short)
      .when(corrected(900n))
      .then(reduced(400n), refundRequested(100n));
  });

  it('gives back no more than is left after refunds that people made', () => {
    given(...paid, goodwill(600n))
      .when(corrected(500n))
      .then(refundRequested(200n));
    given(...paid, goodwill(800n))
      .when(corrected(500n))
      .then(reduced(0n));
    given(...paid, goodwill(800n), reduced(0n))
      .when(corrected(500n))
      .thenIgnored('nothing-left-to-refund');
  });

  it('reduces a debt once for one CDR, however many refunds bounce after it', () => {
    const bounced = (cdrId: string, amountMinor: bigint): PaymentEvent => ({
      type: 'PaymentRefundFailed',
      ...identity,
      refundId: refundOf(cdrId),
      amount: eur(amountMinor),
      failureCode: 'lost_or_stolen_card',
      detail: '',
    });
    const told = [
      ...paid,
      refundRequested(300n, 'cdr-2'),
      refundRequested(100n, 'cdr-3'),
      owed(400n, 'cdr-4', 'price-corrected'),
      bounced('cdr-2', 300n),
    ];
    given(...told)
      .when(corrected(800n, 'cdr-4'))
      .then(reduced(300n, 'cdr-4'));
    given(...told, reduced(300n, 'cdr-4'), bounced('cdr-3', 100n))
      .when(corrected(800n, 'cdr-4'))
      .then(refundRequested(100n, 'cdr-4'));
  });

  it('does not try a refund that failed again by itself, and counts it as not given back', () => {
    const { refundId, amount } = refundRequested(300n);
    const failed: PaymentEvent = {
      type: 'PaymentRefundFailed',
      ...identity,
      refundId,
      amount,
      failureCode: 'lost_or_stolen_card',
      detail: '',
    };
    const bounced = [...paid, refundRequested(300n), failed];
    given(...bounced)
      .when(corrected(500n))
      .thenIgnored('nothing-left-to-refund');
    given(...bounced)
      .when(corrected(400n, 'cdr-3'))
      .then(refundRequested(400n, 'cdr-3'));
  });

  it('asks for its refund again when the processor knows nothing of it', () =>
    given(...paid, refundRequested(300n))
      .when({ type: 'RepeatCall', idempotencyKey: refundRequested(300n).idempotencyKey })
      .then(refundRequested(300n, 'cdr-2', 2)));
});

describe('a payment under way whose CDR is corrected', () => {
  it('captures the new total when only held', () =>
    given(preauthorized).when(corrected(500n)).then(captureRequested(500n, 'cdr-2')));

  it('waits for the answer to a capture it has asked for', () =>
    given(preauthorized, captureRequested(800n))
      .when(corrected(500n))
      .thenIgnored('capture-not-answered-yet'));
});

describe('a session that is owed and whose CDR is corrected', () => {
  it('owes more, or less', () => {
    given(owed(800n, 'cdr-1', 'no-payment-route'))
      .when(corrected(900n))
      .then(owed(100n, 'cdr-2', 'price-corrected'));
    given(owed(800n, 'cdr-1', 'no-payment-route'))
      .when(corrected(0n))
      .then(reduced(800n));
  });

  it('takes what is owed less from its newest debt first', () => {
    const debts = [owed(300n), owed(200n, 'cdr-2', 'price-corrected')];
    const payment = fold(paymentDecider, [...debts, reduced(250n, 'cdr-3')]);
    expect(payment).toMatchObject({ receivables: [{ cdrId: 'cdr-1', amount: eur(250n) }] });
  });
});

describe('a new database that reads the CDRs of a session again', () => {
  const declined: PaymentEvent = {
    type: 'PaymentPreauthorizationDeclined',
    ...identity,
    amount: eur(1000n),
    declineCode: 'insufficient_funds',
    detail: '',
    chargePointId: 'cp-1',
  };

  it('does not bring a payment back to a CDR that was credited', () => {
    const later = [...paid, refundRequested(300n), owed(200n, 'cdr-3', 'price-corrected')];
    given(...later)
      .when(firstCdr(800n))
      .thenIgnored('already-settled');
    given(...later)
      .when(corrected(500n))
      .thenIgnored('already-settled');
    given(...later)
      .when(corrected(700n, 'cdr-3'))
      .thenIgnored('already-settled');
  });

  it('does not open a debt again that a correction has taken back', () =>
    given(declined, owed(800n, 'cdr-1', 'preauthorization-declined'), reduced(800n))
      .when(firstCdr(800n))
      .thenIgnored('already-settled'));

  it('knows a CDR that was over before anything could be asked for it', () => {
    const voidRequested: PaymentEvent = {
      type: 'PaymentVoidRequested',
      ...identity,
      paymentIntentId,
      reason: 'nothing-due',
      idempotencyKey: 'tallywatt/pay-1/void/1',
    };
    given(preauthorized).when(corrected(0n)).then(voidRequested, reduced(0n));
    given(preauthorized, voidRequested, reduced(0n))
      .when(firstCdr(800n))
      .thenIgnored('already-settled');
    given(declined).when(corrected(0n)).then(reduced(0n));
    given(declined, reduced(0n)).when(firstCdr(800n)).thenIgnored('already-settled');
  });
});

describe('any row of corrections', () => {
  it('ends with exactly the last total collected or owed, whatever came before', () => {
    const collectedMinor = (payment: Payment): bigint => {
      if (payment.status !== 'captured') throw new Error(payment.status);
      const back = payment.refunds.reduce((sum, { amount }) => sum + amount.amountMinor, 0n);
      return payment.amount.amountMinor - back + owedMinor(payment);
    };
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, 3000n), { minLength: 1, maxLength: 8 }), (totals) => {
        let payment = fold(paymentDecider, paid);
        totals.forEach((totalMinor, index) => {
          const replaced = ['cdr-1', ...totals.slice(0, index).map((_, before) => `c-${before}`)];
          const command = corrected(totalMinor, `c-${index}`, replaced);
          const decision = paymentDecider.decide(command, payment);
          if (decision.kind === 'accepted') {
            payment = fold(paymentDecider, decision.events, payment);
          }
          expect(collectedMinor(payment)).toBe(totalMinor);
        });
      }),
    );
  });
});
