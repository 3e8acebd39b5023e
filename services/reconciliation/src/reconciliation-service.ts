import { join } from 'node:path';
import type { ServiceContext, ServiceDefinition } from '@tallywatt/service-kit';
import { environment, type ReconciliationEnvironment } from './config';
import { consumeFacts } from './inbound/facts.consumer';
import { hearing } from './inbound/hearing';
import { closeDayOnce, daysToClose } from './outbound/day-tables';
import { restoreOwnTables } from './outbound/own-tables';
import { exposures, openFindings } from './outbound/exposure-tables';
import { sweepOverdue } from './outbound/overdue-sweep';
import { reconciliationMetrics } from './reconciliation-metrics';
import { ReconciliationModule } from './reconciliation.module';

const hourMs = 3_600_000;
const exposureIntervalMs = 30_000;

const closeDays = async ({
  env,
  eventLog,
  pool,
}: ServiceContext<ReconciliationEnvironment>): Promise<void> => {
  const now = new Date();
  // A day that ended at least the waiting time ago.
  const beforeDay = new Date(now.getTime() - env.DAY_CLOSE_AFTER_HOURS * hourMs)
    .toISOString()
    .slice(0, 10);
  for (const { cpoId, day } of await daysToClose(pool, beforeDay)) {
    await closeDayOnce(eventLog, cpoId, day, now.toISOString());
  }
};

/** What reconciliation is made of; `main.ts` runs it, tests start it with their own environment. */
export const reconciliationService = {
  name: 'reconciliation',
  httpPort: 9316,
  migrations: join(__dirname, '..', 'migrations'),
  environment,
  restore: restoreOwnTables,
  module: (context) => ReconciliationModule.create(context),
  start: async (context) => {
    const { env, eventLog } = context;
    const metrics = reconciliationMetrics(context.metrics);
    const consumer = consumeFacts(eventLog, env.PATIENCE_SECONDS, metrics.billed);
    const hasCaughtUp = hearing(() => performance.now());
    context.every('exposure', exposureIntervalMs, async () => {
      metrics.exposed(await exposures(context.pool, new Date().toISOString()));
      metrics.findingsOpen(await openFindings(context.pool));
    });
    context.every('overdue sweep', env.SWEEP_INTERVAL_SECONDS * 1_000, async () => {
      if (!hasCaughtUp(consumer.state())) return;
      await sweepOverdue(eventLog, new Date().toISOString(), env.PATIENCE_SECONDS);
    });
    context.every('close of day', 60_000, async () => {
      if (hasCaughtUp(consumer.state())) await closeDays(context);
    });
  },
} satisfies ServiceDefinition<typeof environment.shape>;
