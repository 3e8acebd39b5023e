import { join } from 'node:path';
import type { ServiceDefinition } from '@tallywatt/service-kit';
import { z } from 'zod';
import { logConsumer } from './inbound/log.consumer';
import { takeSessionEvents } from './inbound/session-events.consumer';
import { CdrLog } from './outbound/cdr-log';
import { restoreOwnTables } from './outbound/own-tables';
import { pricingMetrics } from './outbound/pricing-metrics';
import { TariffShelf } from './outbound/tariff-shelf';
import { PricingEngineModule } from './pricing-engine.module';

const environmentSchema = z.object({});

/** The pricing engine as service-kit starts it. */
export const pricingEngineService: ServiceDefinition<typeof environmentSchema.shape> = {
  name: 'pricing-engine',
  httpPort: 9313,
  migrations: join(__dirname, '..', 'migrations'),
  environment: environmentSchema,
  module: (context) => PricingEngineModule.create(context),
  restore: restoreOwnTables,
  start: async ({ eventLog, logger, metrics: registry }) => {
    const metrics = pricingMetrics(registry);
    const cdrs = new CdrLog(eventLog, metrics, logger);
    const takeSessions = takeSessionEvents({ tariffs: new TariffShelf(), cdrs, metrics, logger });
    eventLog.consume(logConsumer(takeSessions));
  },
};
