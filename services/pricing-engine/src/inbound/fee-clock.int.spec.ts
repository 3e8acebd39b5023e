import { join } from 'node:path';
import type { AccountEvent, FleetRegistered } from '@tallywatt/contracts';
import {
  createEventLog,
  eventLogMigrations,
  type EventLog,
  type SqlClient,
} from '@tallywatt/event-log';
import { createLogger, migrate, readMigrations } from '@tallywatt/service-kit';
import { recorded, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import { Registry } from 'prom-client';
import { keepFleetWords } from '../outbound/fleet-fee-table';
import { fleetMetrics } from '../outbound/fleet-metrics';
import { TariffShelf } from '../outbound/tariff-shelf';
import { chargeFleetFees } from './fee-clock';
import { fleetConsumer } from './fleet-events.consumer';

let pool: Pool;
let eventLog: EventLog;
const registry = new Registry();
const metrics = fleetMetrics(registry);
const logger = createLogger('test', 'silent');
const nowMs = Date.parse('2026-05-20T12:00:00.000Z');

const registered: FleetRegistered = {
  type: 'FleetRegistered',
  cpoId: 'default',
  fleetRef: '5b0e7c1a-9d2f-4e63-8a41-2c6d9e0f7b35',
  revision: 1n,
  plan: 'vans',
  timeZone: 'UTC',
  registeredAt: '2026-04-10T12:00:00.000Z',
};

const hear = (event: FleetRegistered, sequence: bigint): Promise<void> => {
  const said = recorded<AccountEvent>(event);
  return keepFleetWords(pool, [{ ...said, metadata: { ...said.metadata, sequence } }]);
};

const consumer = { running: true, joined: true, assigned: 1, lag: 0, waiting: [] };

/** One round of a service whose consumer of fleets is as told; how many statements it took. */
const round = async (parkedKeys: number): Promise<number> => {
  let statements = 0;
  const counted: SqlClient = {
    query: (...given: Parameters<SqlClient['query']>) => {
      statements += 1;
      return pool.query(...given);
    },
  } as SqlClient;
  const state = { name: fleetConsumer.name, takenUntilMs: nowMs, parkedKeys };
  await chargeFleetFees({
    eventLog: {
      append: eventLog.append.bind(eventLog),
      transaction: eventLog.transaction.bind(eventLog),
      health: () => ({ ...eventLog.health(), consumers: [{ ...consumer, ...state }] }),
    },
    pool: counted,
    tariffs: new TariffShelf(),
    metrics,
    logger,
  });
  return statements;
};
const fees = async (): Promise<readonly string[][]> => {
  const { rows } = await pool.query<{ period: string; status: string }>(
    'SELECT period, status FROM fleet_fees ORDER BY period',
  );
  return rows.map(({ period, status }) => [period, status]);
};

beforeAll(async () => {
  const runtime = await testRuntime();
  const databaseUrl = await runtime.createDatabase();
  await migrate(
    databaseUrl,
    [{ name: '0001_event-log', sql: eventLogMigrations }],
    readMigrations(join(__dirname, '..', '..', 'migrations')),
  );
  pool = new Pool({ connectionString: databaseUrl, max: 2 });
  eventLog = createEventLog({
    service: 'pricing-engine',
    pool,
    brokers: runtime.kafkaBrokers.split(','),
    logger,
    streamsAreNew: true,
  });
});
afterAll(async () => {
  await eventLog?.stop();
  await pool?.end();
});

describe('a round of the fees of fleets', () => {
  it('is one statement once nothing is due', async () => {
    await hear(registered, 1n);
    await round(0);
    const { rows } = await pool.query('SELECT period FROM fleet_months');
    expect(rows).toEqual([{ period: '2026-04' }]);
    expect(await round(0)).toBe(1);
    const due = await pool.query<{ due_at: Date }>('SELECT due_at FROM fleet_clocks');
    expect(due.rows[0]?.due_at.toISOString()).toBe('2026-06-01T00:00:00.000Z');
  });

  it('says nothing while anything is parked that was said of fleets', async () => {
    // Arrives late, of a month that had no fee: it does now, as it would in a new database.
    await hear(
      { ...registered, revision: 2n, registeredAt: '2026-04-20T12:00:00.000Z', feeTariffId: 'ac' },
      2n,
    );
    expect(await round(1)).toBe(0);
    expect(await fees()).toEqual([]);
    await round(0);
    expect(await fees()).toEqual([['2026-04', 'withheld']]);
    expect(await registry.metrics()).toMatch(
      /^tallywatt_fleet_fees_withheld\{reason="tariff-unknown"\} 1$/m,
    );
  });

  it('leaves a month to the words that its fees were said by', async () => {
    const registeredAt = '2026-04-21T12:00:00.000Z';
    const trucks = { ...registered, revision: 3n, registeredAt, plan: 'trucks', feeTariffId: 'ac' };
    await hear(trucks, 3n);
    await round(0);
    expect(await fees()).toEqual([['2026-04', 'withheld']]);
  });
});

describe('what was said of a fleet', () => {
  it('is not replaced by another word of the same number', async () => {
    await hear(registered, 1n);
    await expect(hear({ ...registered, plan: 'trucks' }, 1n)).rejects.toThrow('disagree');
  });
});
