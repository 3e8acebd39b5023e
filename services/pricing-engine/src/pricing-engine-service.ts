import { join } from 'node:path';
import type { ServiceContext, ServiceDefinition } from '@tallywatt/service-kit';
import { z } from 'zod';
import { chargeFleetFees } from './inbound/fee-clock';
import { fleetConsumer } from './inbound/fleet-events.consumer';
import { logConsumer } from './inbound/log.consumer';
import { evaluateRules } from './inbound/rule-clock';
import { siteConsumer } from './inbound/site-facts.consumer';
import { TariffDesk } from './inbound/tariff-desk';
import { CdrLog } from './outbound/cdr-log';
import { drawWaits } from './outbound/drawing-session-table';
import { EstimateLog } from './outbound/estimate-log';
import { fleetMetrics } from './outbound/fleet-metrics';
import { restoreOwnTables } from './outbound/own-tables';
import { pricingMetrics } from './outbound/pricing-metrics';
import { ruleMetrics } from './outbound/rule-metrics';
import { TariffShelf } from './outbound/tariff-shelf';
import { PricingEngineModule } from './pricing-engine.module';

const environmentSchema = z.object({
  /** How often rules are asked for a new version. */
  PRICING_RULE_INTERVAL_SECONDS: z.coerce.number().int().min(1).max(3_600).default(60),
});

/** A month's fee is hours old when it is charged: what matters is that it is soon read. */
const feesEveryMs = 10_000;
const drawWaitsEveryMs = 10_000;
const longWaitSeconds = 60;

/** The pricing engine as service-kit starts it. */
export const pricingEngineService: ServiceDefinition<typeof environmentSchema.shape> = {
  name: 'pricing-engine',
  httpPort: 9313,
  migrations: join(__dirname, '..', 'migrations'),
  environment: environmentSchema,
  module: (context) => PricingEngineModule.create(context),
  restore: restoreOwnTables,
  start: async (context) => {
    const { eventLog, logger } = context;
    const metrics = pricingMetrics(context.metrics);
    const cdrs = new CdrLog(eventLog, metrics, logger);
    const tariffs = new TariffShelf();
    const estimates = new EstimateLog(eventLog, tariffs);
    eventLog.consume(logConsumer({ tariffs, cdrs, estimates, metrics, logger }));
    eventLog.consume(siteConsumer);
    followRules(context);
    followFleets(context, tariffs);
    context.every('draw-waits', drawWaitsEveryMs, async () => {
      const waits = await drawWaits(context.pool);
      metrics.drawWaits(waits);
      if (waits.oldestSeconds >= longWaitSeconds) {
        logger.warn(waits, 'sessions wait for what they draw of their included energy');
      }
    });
  },
};

const followRules = ({
  env,
  eventLog,
  pool,
  logger,
  metrics,
  every,
}: ServiceContext<z.infer<typeof environmentSchema>>): void => {
  const tariffs = new TariffDesk(eventLog);
  const rules = { eventLog, pool, tariffs, metrics: ruleMetrics(metrics), logger };
  every('pricing-rules', env.PRICING_RULE_INTERVAL_SECONDS * 1_000, () => evaluateRules(rules));
};

const followFleets = (
  { eventLog, pool, logger, metrics, every }: ServiceContext,
  tariffs: TariffShelf,
): void => {
  const outside = { eventLog, pool, tariffs, metrics: fleetMetrics(metrics), logger };
  eventLog.consume(fleetConsumer);
  every('fleet-fees', feesEveryMs, () => chargeFleetFees(outside));
};
