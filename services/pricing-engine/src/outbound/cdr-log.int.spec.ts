import { join } from 'node:path';
import type { CdrWithheld } from '@tallywatt/contracts';
import { createEventLog, eventLogMigrations } from '@tallywatt/event-log';
import { createLogger, migrate, readMigrations } from '@tallywatt/service-kit';
import { recorded, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { Registry } from 'prom-client';
import { CdrLog } from './cdr-log';
import { pricingMetrics } from './pricing-metrics';

const withheld: CdrWithheld = {
  type: 'CdrWithheld',
  cpoId: 'default',
  sessionId: 's-withheld',
  reason: 'meter-jumped',
  detail: 'because of meter-jumped',
  moneyAtRisk: { amountMinor: 550n, currency: 'EUR' },
};

it('counts the money of a withheld CDR once, however often it is computed', async () => {
  const runtime = await testRuntime();
  const databaseUrl = await runtime.createDatabase();
  await migrate(
    databaseUrl,
    [{ name: '0001_event-log', sql: eventLogMigrations }],
    readMigrations(join(__dirname, '..', '..', 'migrations')),
  );
  const pool = new Pool({ connectionString: databaseUrl, max: 2 });
  const logger = createLogger('test', 'silent');
  const registry = new Registry();
  const eventLog = createEventLog({
    service: 'pricing-engine',
    pool,
    brokers: runtime.kafkaBrokers.split(','),
    logger,
    streamsAreNew: true,
  });
  try {
    const cdrs = new CdrLog(eventLog, pricingMetrics(registry), logger);
    // As in a new database, which reads all sessions again.
    for (let times = 0; times < 2; times += 1) {
      await eventLog.transaction((tx) =>
        cdrs.record(tx, [{ cdr: withheld, cause: recorded(withheld).metadata }]),
      );
    }
    expect(await registry.metrics()).toMatch(
      /^tallywatt_money_at_risk_minor_total\{currency="EUR",reason="meter-jumped"\} 550$/m,
    );
  } finally {
    await eventLog.stop();
    await pool.end();
  }
});
