import type { TallywattEvent } from '@tallywatt/contracts';
import { createEventLog, eventLogMigrations } from '@tallywatt/event-log';
import { createLogger } from '@tallywatt/service-kit';
import { Pool } from 'pg';
import { at, type GatewayStage } from './gateway-stage';

/** What another service says, through an outbox of its own. */
export const startOtherService = async (stage: GatewayStage, service: string) => {
  const pool = new Pool({
    connectionString: await stage.servers.createDatabase(service.replaceAll('-', '_')),
  });
  const log = createEventLog({
    service,
    streamsAreNew: true,
    pool,
    brokers: [stage.servers.kafkaBrokers],
    logger: createLogger(service, 'silent'),
  });
  await pool.query(eventLogMigrations);
  log.startRelay();
  return {
    say: (event: TallywattEvent) =>
      log.transaction((tx) => log.append(tx, [{ event, occurredAt: at(1) }])),
    stop: async () => {
      await log.stop();
      await pool.end();
    },
  };
};
