import type { PaymentEvent, ReceivableReason } from '@tallywatt/contracts';
import { hold, holdSame, textOf } from '../ground/violation';
import { dayMs } from '../ground/world';
import { plannedTokens } from '../outside/charging-plan';
import { parseInstant } from '@tallywatt/time';
import type { Evidence, SessionEvidence } from './evidence';

type Of<T extends PaymentEvent['type']> = Extract<PaymentEvent, { type: T }>;

const ofType = <T extends PaymentEvent['type']>(
  events: readonly PaymentEvent[],
  type: T,
): readonly Of<T>[] => events.filter((event): event is Of<T> => event.type === type);

const sum = (amounts: readonly Readonly<{ amount: { amountMinor: bigint } }>[]): bigint =>
  amounts.reduce((total, { amount }) => total + amount.amountMinor, 0n);

/** Each session is paid once and to the cent, or it is said why not; and the processor agrees. */
export const judgePayments = (evidence: Evidence): void => {
  for (const session of evidence.sessions) {
    judgeTotal(session);
    judgeReceivables(session);
    judgeProcessor(session);
    judgeRefunds(session, evidence);
    judgeLapses(session);
  }
};

const judgeTotal = ({ stored, issued, credited, payments }: SessionEvidence): void => {
  const rule = 'captured and receivable are what was billed';
  const captured = ofType(payments, 'PaymentCaptured');
  const receivables = ofType(payments, 'ReceivableOpened');
  hold(captured.length <= 1, 'one capture for one session', () => textOf(captured));
  const billedMinor = [...issued, ...credited].reduce(
    (total, { event }) => total + event.totalInclTaxMinor,
    0n,
  );
  const settledMinor =
    sum(captured) +
    sum(receivables) -
    sum(ofType(payments, 'ReceivableReduced')) -
    sum(
      ofType(payments, 'PaymentRefunded').filter(({ refundId }) =>
        ofType(payments, 'PaymentRefundRequested').some(
          (asked) => asked.refundId === refundId && asked.correctedCdrId !== undefined,
        ),
      ),
    );
  holdSame(settledMinor, billedMinor, rule, stored.sessionId);
};

const judgeReceivables = ({ physical, payments, issued, intents }: SessionEvidence): void => {
  const token = plannedTokens.find(({ idTag }) => idTag === physical.plan.idTag);
  const declined = ofType(payments, 'PaymentPreauthorizationDeclined')[0];
  const captured = ofType(payments, 'PaymentCaptured').length > 0;
  const heldMinor = ofType(payments, 'PaymentPreauthorized')[0]?.amount.amountMinor ?? 0n;
  const billedMinor = issued[0]?.event.totalInclTaxMinor ?? 0n;
  const isExplained: Record<ReceivableReason, () => boolean> = {
    'preauthorization-declined': () =>
      declined !== undefined &&
      (token?.card === 'declined' || declined.declineCode === 'hold-expired'),
    'price-above-hold': () => billedMinor > heldMinor && heldMinor > 0n,
    'no-payment-route': () => token?.card === undefined,
    'price-corrected': () => issued.length > 1,
    'capture-failed': () =>
      !captured && (billedMinor < 50n || intents.every(({ status }) => status === 'canceled')),
  };
  for (const receivable of ofType(payments, 'ReceivableOpened')) {
    hold(isExplained[receivable.reason](), 'a debt has its reason', () => textOf(receivable));
  }
  if (declined !== undefined) {
    const isSo = token?.card === 'declined' || declined.declineCode === 'hold-expired';
    hold(isSo, 'nothing is assumed of the processor', () => textOf(declined));
  }
};

const judgeProcessor = ({ stored, payments, intents }: SessionEvidence): void => {
  const rule = "the processor's list says the same";
  const captured = ofType(payments, 'PaymentCaptured');
  const succeeded = intents.filter(({ status }) => status === 'succeeded');
  holdSame(
    succeeded.map(({ id, receivedMinor }) => `${id} ${receivedMinor}`),
    captured.map(({ paymentIntentId, amount }) => `${paymentIntentId} ${amount.amountMinor}`),
    rule,
    `captures of ${stored.sessionId}`,
  );
  const left = intents.filter(({ status }) => status === 'requires_capture');
  hold(left.length === 0, 'no hold is forgotten', () => textOf(left));
};

/** Refunds as the processor has them in the end, by its own ids. */
const judgeRefunds = (
  { stored, payments, intents }: SessionEvidence,
  { system }: Evidence,
): void => {
  const refunded = new Map(
    ofType(payments, 'PaymentRefunded').map((event) => [event.refundId, event]),
  );
  const after = new Map(payments.map((event, index) => [event, index]));
  for (const failed of ofType(payments, 'PaymentRefundFailed')) {
    const before = refunded.get(failed.refundId);
    const isLater = before !== undefined && (after.get(failed) ?? 0) > (after.get(before) ?? 0);
    if (isLater) refunded.delete(failed.refundId);
  }
  const ours = [...refunded.values()].map((r) => `${r.processorRefundId} ${r.amount.amountMinor}`);
  const theirs = intents
    .flatMap(({ id }) => system.processor.account.refundsOf(id))
    .filter(({ status }) => status === 'succeeded')
    .map(({ id, amountMinor }) => `${id} ${amountMinor}`);
  holdSame(
    ours.sort(),
    theirs.sort(),
    "the processor's list says the same",
    `refunds of ${stored.sessionId}`,
  );
};

/** A hold lapses only when the end of its session came too late, or never. */
const judgeLapses = ({ stored, intents, issued, withheld }: SessionEvidence): void => {
  const end = issued[0] ?? withheld[0];
  for (const { id, canceledMs, expiresMs } of intents) {
    if (canceledMs !== expiresMs || end === undefined) continue;
    const isLate = parseInstant(end.metadata.recordedAt) > expiresMs - 5 * dayMs;
    hold(isLate, 'a hold is used or let go', () => `${id} of ${stored.sessionId} lapsed`);
  }
};
