import { Module, type DynamicModule } from '@nestjs/common';
import type { ServiceContext } from '@tallywatt/service-kit';
import type { PaymentCaptureEnvironment } from './config';
import { CallExecutor } from './inbound/call-executor';
import { releaseHoldsKept } from './inbound/kept-holds';
import { PaymentController } from './inbound/payment.controller';
import { RefundController } from './inbound/refund.controller';
import { RefundRequest } from './inbound/refund-request';
import { SessionConsumer } from './inbound/session.consumer';
import { SettlementSync } from './inbound/settlement-sync';
import { WebhookController } from './inbound/webhook.controller';
import { WebhookReception } from './inbound/webhook-reception';
import { WebhookWorker } from './inbound/webhook-worker';
import { CallList } from './outbound/call-list';
import { PaymentReader } from './outbound/payment-reader';
import { PaymentStore } from './outbound/payment-store';
import { SessionFactStore } from './outbound/session-fact-store';
import { SettlementStore } from './outbound/settlement-store';
import { stripeClient } from './outbound/stripe-client';
import { StripeProcessor } from './outbound/stripe-processor';
import { WebhookInbox } from './outbound/webhook-inbox';
import { paymentMetrics } from './payment-metrics';

export type PaymentCaptureContext = ServiceContext<PaymentCaptureEnvironment>;

/** How long a claim outlives its process: the time a crash delays a call. */
const leaseMs = 6_000;
const renewEveryMs = 2_000;
const pumpEveryMs = 50;
const gaugesEveryMs = 5_000;
const holdsKeptEveryMs = 1_000;

type Worked = Readonly<{
  executor: CallExecutor;
  worker: WebhookWorker;
  settlement: SettlementSync;
}>;

const startTimers = (context: PaymentCaptureContext, worked: Worked): void => {
  const { executor, settlement, worker } = worked;
  context.every('processor-calls', pumpEveryMs, () => executor.pump());
  context.every('processor-call-leases', renewEveryMs, () => executor.renew());
  context.every('webhooks', pumpEveryMs, () => worker.run());
  const syncEveryMs = context.env.SETTLEMENT_SYNC_SECONDS * 1_000;
  context.every('settlement', syncEveryMs, () => settlement.run());
  context.onShutdown(() => executor.stop());
};

@Module({})
export class PaymentCaptureModule {
  static create(context: PaymentCaptureContext): DynamicModule {
    const { cpoId, env, eventLog, logger, pool } = context;
    const metrics = paymentMetrics(context.metrics);
    const processor = new StripeProcessor(
      stripeClient({
        secretKey: env.STRIPE_SECRET_KEY,
        apiBase: env.STRIPE_API_BASE,
        timeoutMs: env.PROCESSOR_TIMEOUT_MS,
      }),
    );
    const backOffMaxMs = env.PROCESSOR_BACK_OFF_MAX_MS;
    const calls = new CallList(leaseMs);
    const payments = new PaymentStore(eventLog, calls);
    const settlements = new SettlementStore(eventLog, cpoId);
    const inbox = new WebhookInbox(cpoId, leaseMs);
    const executor = new CallExecutor({
      pool,
      eventLog,
      logger,
      processor,
      calls,
      payments,
      callsAtOnce: env.PROCESSOR_CALLS_AT_ONCE,
      backOffMaxMs,
      observe: (kind, outcome) => metrics.calls.inc({ kind, outcome }),
    });
    const settlement = new SettlementSync({
      pool,
      eventLog,
      logger,
      processor,
      settlements,
      inbox,
      observeMismatch: () => metrics.payoutMismatches.inc(),
    });
    const worker = new WebhookWorker({
      pool,
      eventLog,
      logger,
      processor,
      inbox,
      payments,
      settlement,
      backOffMaxMs,
    });

    context.readiness('processor', () => processor.state());
    startTimers(context, { executor, worker, settlement });
    context.every('holds-kept', holdsKeptEveryMs, () => releaseHoldsKept(context, payments));
    context.every('gauges', gaugesEveryMs, async () => {
      const { count, oldestSeconds } = await calls.open(pool);
      metrics.openCalls.set(count);
      metrics.oldestCallSeconds.set(oldestSeconds);
      const amounts = await calls.openAmounts(pool);
      metrics.openMoney.reset();
      for (const { kind, currency, amountMinor } of amounts) {
        metrics.openMoney.set({ kind, currency }, amountMinor);
      }
    });

    return {
      module: PaymentCaptureModule,
      controllers: [PaymentController, RefundController, WebhookController],
      providers: [
        { provide: PaymentReader, useFactory: () => new PaymentReader(pool) },
        { provide: RefundRequest, useFactory: () => new RefundRequest(eventLog, payments) },
        {
          provide: SessionConsumer,
          useFactory: () =>
            new SessionConsumer(payments, new SessionFactStore(), env.HOLD_CORRECTION_HOURS),
        },
        {
          provide: WebhookReception,
          useFactory: () =>
            new WebhookReception({
              pool,
              inbox,
              secrets: env.STRIPE_WEBHOOK_SECRETS,
              observe: (outcome) => metrics.webhooks.inc({ outcome }),
            }),
        },
      ],
    };
  }
}
