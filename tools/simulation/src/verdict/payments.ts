import type { PaymentEvent, ReceivableReason } from '@tallywatt/contracts';
import { hold, holdSame, textOf } from '../ground/violation';
import { dayMs } from '../ground/world';
import { plannedTokens } from '../outside/charging-plan';
import { parseInstant } from '@tallywatt/time';
import { judgeSurplus } from './corrections';
import type { Evidence, SessionEvidence } from './evidence';

type Of<T extends PaymentEvent['type']> = Extract<PaymentEvent, { type: T }>;

const ofType = <T extends PaymentEvent['type']>(
  events: readonly PaymentEvent[],
  type: T,
): readonly Of<T>[] => events.filter((event): event is Of<T> => event.type === type);

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

const judgeTotal = (session: SessionEvidence): void => {
  const captured = ofType(session.payments, 'PaymentCaptured');
  hold(captured.length <= 1, 'one capture for one session', () => textOf(captured));
  judgeSurplus(session);
};

const judgeReceivables = ({
  physical,
  payments,
  issued,
  intents,
  reasons,
}: SessionEvidence): void => {
  const token = plannedTokens.find(({ idTag }) => idTag === physical.plan.idTag);
  const declined = ofType(payments, 'PaymentPreauthorizationDeclined')[0];
  const captured = ofType(payments, 'PaymentCaptured').length > 0;
  const heldMinor = ofType(payments, 'PaymentPreauthorized')[0]?.amount.amountMinor ?? 0n;
  const billedBy = (id: string): bigint =>
    issued.find(({ event }) => event.cdrId === id)?.event.totalInclTaxMinor ?? 0n;
  const isExplained: Record<ReceivableReason, (cdrId: string) => boolean> = {
    'preauthorization-declined': () =>
      declined !== undefined &&
      (token?.card === 'declined' || declined.declineCode === 'hold-expired'),
    'price-above-hold': (cdrId) => billedBy(cdrId) > heldMinor && heldMinor > 0n,
    'no-payment-route': () => token?.card === undefined || reasons.length > 0,
    'price-corrected': () => issued.length > 1,
    'capture-failed': (cdrId) =>
      !captured && (billedBy(cdrId) < 50n || intents.every(({ status }) => status === 'canceled')),
  };
  for (const receivable of ofType(payments, 'ReceivableOpened')) {
    hold(isExplained[receivable.reason](receivable.cdrId), 'a debt has its reason', () =>
      textOf(receivable),
    );
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
  const ends = [issued[0], withheld[0]].flatMap((end) => end?.metadata.recordedAt ?? []).sort();
  const [end] = ends;
  for (const { id, canceledMs, expiresMs } of intents) {
    if (canceledMs !== expiresMs || end === undefined) continue;
    const isLate = parseInstant(end) > expiresMs - 5 * dayMs;
    hold(isLate, 'a hold is used or let go', () => `${id} of ${stored.sessionId} lapsed`);
  }
};
