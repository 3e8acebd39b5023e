import { join } from 'node:path';
import type { ServiceContext, ServiceDefinition } from '@tallywatt/service-kit';
import { Counter } from 'prom-client';
import { environment, type LedgerEnvironment } from './config';
import { factsConsumer } from './inbound/facts.consumer';
import type { PostedFact } from './inbound/posting';
import { LedgerModule } from './ledger.module';
import { restoreOwnTables } from './outbound/own-tables';

/** An alarm: money moved in a way that no posting rule knows. */
const suspenseAlarm = ({ logger, metrics }: ServiceContext): ((posted: PostedFact) => void) => {
  const counter = new Counter({
    name: 'tallywatt_ledger_suspense_entries_total',
    help: 'Entries booked to suspense because no posting rule knows their fact',
    registers: [metrics],
  });
  return ({ entry }) => {
    counter.inc();
    const { cpoId, entryId, documentId, narration } = entry;
    logger.error({ cpoId, entryId, documentId, narration }, 'booked to suspense');
  };
};

/** The ledger as service-kit starts it. */
export const ledgerService: ServiceDefinition<typeof environment.shape> = {
  name: 'ledger',
  httpPort: 9315,
  migrations: join(__dirname, '..', 'migrations'),
  environment,
  module: (context) => LedgerModule.create(context),
  restore: restoreOwnTables,
  start: async (context: ServiceContext<LedgerEnvironment>) => {
    context.eventLog.consume(
      factsConsumer({
        eventLog: context.eventLog,
        taxJurisdiction: context.env.TAX_JURISDICTION,
        now: () => new Date().toISOString(),
        onSuspense: suspenseAlarm(context),
      }),
    );
  },
};
