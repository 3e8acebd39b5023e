import type { PaymentEvent } from '@tallywatt/contracts';
import { fold, type Decision } from '@tallywatt/decider';
import type { Instant } from '@tallywatt/time';
import { paymentDecider } from './payment';
import type { PaymentCommand, PaymentReason } from './payment-command';
import type { Payment } from './payment-state';
import { settlementOf, type SessionFacts } from './session-rules';

export type PaymentDecision = Decision<PaymentEvent, PaymentReason>;

/** What one command did: its events, and the payment after them. */
export type PaymentStep = Readonly<{
  decision: PaymentDecision;
  payment: Payment;
  events: readonly PaymentEvent[];
}>;

/**
 * Carries commands out one after the other, then asks once more what the end of the session means:
 * a price that came early goes on as soon as the hold is answered.
 */
export const stepsOf = (
  before: Payment,
  facts: SessionFacts,
  commands: readonly PaymentCommand[],
  decide = paymentDecider.decide,
): readonly PaymentStep[] => {
  const settlement = settlementOf(facts);
  const steps: PaymentStep[] = [];
  let payment = before;
  for (const command of settlement === undefined ? commands : [...commands, settlement]) {
    const decision = decide(command, payment);
    const events = decision.kind === 'accepted' ? decision.events : [];
    payment = fold(paymentDecider, events, payment);
    steps.push({ decision, payment, events });
  }
  return steps;
};

/** Requests happen when we make them, answers when the processor says, debts with their CDR. */
export const paymentFactTime = (
  event: PaymentEvent,
  facts: SessionFacts,
  { now, occurredAt = now }: Readonly<{ now: Instant; occurredAt?: Instant }>,
): Instant => {
  if (event.type === 'ReceivableOpened' || event.type === 'ReceivableReduced') {
    return facts.price?.issuedAt ?? now;
  }
  return event.type.endsWith('Requested') ? now : occurredAt;
};
