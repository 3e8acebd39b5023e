import type { PaymentEvent } from '@tallywatt/contracts';
import { evolve, type Payment } from './payment-state';
import { callOf, type ProcessorCall } from './processor-call';

/** A call that was recorded as requested, with when; its answer is not recorded. */
export type OpenCall<Recorded> = Readonly<{ call: ProcessorCall; requested: Recorded }>;

const awaitedKeys = (payment: Payment): readonly string[] => {
  switch (payment.status) {
    case 'preauthorizing':
    case 'capturing':
    case 'voiding':
      return [payment.idempotencyKey];
    case 'captured':
      return payment.refunds
        .filter(({ status }) => status === 'requested')
        .map(({ idempotencyKey }) => idempotencyKey);
    default:
      return [];
  }
};

/** A rule: which calls of one payment have still to be answered, by its events from the first. */
export const openCalls = <Recorded extends Readonly<{ facts: PaymentEvent }>>(
  events: readonly Recorded[],
): readonly OpenCall<Recorded>[] => {
  let payment: Payment = { status: 'absent' };
  const calls: OpenCall<Recorded>[] = [];
  for (const requested of events) {
    payment = evolve(payment, requested.facts);
    const call = callOf(requested.facts, payment);
    if (call !== undefined) calls.push({ call, requested });
  }
  const awaited = awaitedKeys(payment);
  return calls.filter(({ call }) => awaited.includes(call.idempotencyKey));
};
