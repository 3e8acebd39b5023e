import { join } from 'node:path';
import type { ServiceDefinition } from '@tallywatt/service-kit';
import { z } from 'zod';
import { logConsumer } from './inbound/log.consumer';
import { CdrLog } from './outbound/cdr-log';
import { drawWaits } from './outbound/drawing-session-table';
import { restoreOwnTables } from './outbound/own-tables';
import { pricingMetrics } from './outbound/pricing-metrics';
import { TariffShelf } from './outbound/tariff-shelf';
import { PricingEngineModule } from './pricing-engine.module';

const environmentSchema = z.object({});

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
    eventLog.consume(logConsumer({ tariffs: new TariffShelf(), cdrs, metrics, logger }));
    context.every('draw-waits', drawWaitsEveryMs, async () => {
      const waits = await drawWaits(context.pool);
      metrics.drawWaits(waits);
      if (waits.oldestSeconds >= longWaitSeconds) {
        logger.warn(waits, 'sessions wait for what they draw of their included energy');
      }
    });
  },
};
