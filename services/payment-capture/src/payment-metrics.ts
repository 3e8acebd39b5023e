import { Counter, Gauge, type Registry } from 'prom-client';

/** What is counted here, besides what every service counts. */
export const paymentMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    calls: new Counter({
      name: 'payment_processor_calls_total',
      help: 'Calls to the processor by kind and outcome; unknown outcomes are tried again',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    webhooks: new Counter({
      name: 'payment_webhooks_total',
      help: 'Webhooks by what became of them: stored, duplicate or forged',
      labelNames: ['outcome'] as const,
      registers,
    }),
    payoutMismatches: new Counter({
      name: 'payment_payout_mismatches_total',
      help: 'Times a payout was not published because its members do not sum to its amount',
      registers,
    }),
    openCalls: new Gauge({
      name: 'payment_processor_calls_open',
      help: 'Calls without an answer',
      registers,
    }),
    openMoney: new Gauge({
      name: 'payment_processor_calls_open_minor',
      help: 'Money of calls without an answer, in minor units: asked for and not confirmed',
      labelNames: ['kind', 'currency'] as const,
      registers,
    }),
    oldestCallSeconds: new Gauge({
      name: 'payment_processor_call_oldest_seconds',
      help: 'Age of the oldest call without an answer; an alarm when it grows',
      registers,
    }),
  };
};
