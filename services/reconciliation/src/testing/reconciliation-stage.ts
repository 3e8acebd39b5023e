import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { allTopicDefinitions, type TallywattEvent } from '@tallywatt/contracts';
import {
  createEventLog,
  ensureTopics,
  eventLogMigrations,
  type EventLog,
} from '@tallywatt/event-log';
import { createLogger, startService, type RunningService } from '@tallywatt/service-kit';
import { Pool } from 'pg';
import type { SubjectFact } from '../domain/subject';
import { reconciliationService } from '../reconciliation-service';

const secret = randomBytes(24).toString('hex');

// Answers are read as a foreign client reads them: by field, without our types.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Reply = Record<string, any>;
export type Answer = Readonly<{ status: number; body: Reply }>;

export const bearer = (cpoId: string, roles: readonly string[] = ['finance']): string => {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const signed = `${part({ alg: 'HS256' })}.${part({ sub: 'test', cpo: cpoId, roles, exp })}`;
  return `Bearer ${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

const owners = ['ocpp-gateway', 'pricing-engine', 'payment-capture', 'ledger'] as const;
type Owner = (typeof owners)[number];

const ownerOf = ({ type }: SubjectFact): Owner => {
  if (type.startsWith('Journal')) return 'ledger';
  if (type.startsWith('Cdr')) return 'pricing-engine';
  return /^(Session|Meter|Charging|Stop)/.test(type) ? 'ocpp-gateway' : 'payment-capture';
};

export type Stage = Readonly<{
  /** Reconciliation's own database, the first one. */
  pool: Pool;
  /** Starts the service again with an empty database, and returns that. */
  loseDatabase(): Promise<Pool>;
  /** Says facts as their owners would: each service in a transaction of its own database. */
  publish(...facts: readonly SubjectFact[]): Promise<void>;
  call(
    path: string,
    options: Readonly<{ cpoId: string; method?: string; authorization?: string }>,
  ): Promise<Answer>;
  stop(): Promise<void>;
}>;

/** The servers of a test run, as `testRuntime()` has them. */
type Servers = Readonly<{ kafkaBrokers: string; createDatabase(): Promise<string> }>;

const untilReady = async ({ url }: RunningService): Promise<void> => {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { status } = await fetch(`${url}/health/ready`);
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`${url} is not ready: ${status}`);
    await sleep(25);
  }
};

/** Reconciliation on real servers, with the services it listens to reduced to their logs. */
export const openStage = async (
  servers: Servers,
  variables: Record<string, string> = {},
): Promise<Stage> => {
  const brokers = servers.kafkaBrokers.split(',');
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  const pools: Pool[] = [];
  const openPool = (connectionString: string): Pool => {
    const pool = new Pool({ connectionString, max: 8 });
    pools.push(pool);
    return pool;
  };
  const logs = new Map<Owner, EventLog>();
  for (const owner of owners) {
    const pool = openPool(await servers.createDatabase());
    await pool.query(eventLogMigrations);
    // A witness by another name owns no topic, so it adopts nothing that others have said there.
    const service = `${owner}-witness`;
    const log = createEventLog({ service, pool, brokers, logger: createLogger(owner, 'silent') });
    log.startRelay();
    logs.set(owner, log);
  }
  const startOn = async (databaseUrl: string): Promise<RunningService> => {
    const started = await startService(reconciliationService, {
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: servers.kafkaBrokers,
      AUTH_SECRET: secret,
      RECONCILIATION_PORT: '0',
      LOG_LEVEL: 'fatal',
      SWEEP_INTERVAL_SECONDS: '1',
      DAY_CLOSE_AFTER_HOURS: '720',
      ...variables,
    });
    await untilReady(started);
    return started;
  };
  const firstDatabaseUrl = await servers.createDatabase();
  let service = await startOn(firstDatabaseUrl);
  const say = async (owner: Owner, events: readonly TallywattEvent[]): Promise<void> => {
    const log = logs.get(owner);
    if (log === undefined || events.length === 0) return;
    const occurredAt = new Date().toISOString();
    await log.transaction((tx) =>
      log.append(
        tx,
        events.map((event) => ({ event, occurredAt })),
      ),
    );
  };
  return {
    pool: openPool(firstDatabaseUrl),
    loseDatabase: async () => {
      await service.stop();
      const databaseUrl = await servers.createDatabase();
      service = await startOn(databaseUrl);
      return openPool(databaseUrl);
    },
    publish: async (...facts) => {
      await Promise.all(
        owners.map((owner) =>
          say(
            owner,
            facts.filter((fact) => ownerOf(fact) === owner),
          ),
        ),
      );
    },
    call: async (path, { cpoId, method = 'GET', authorization = bearer(cpoId) }) => {
      const response = await fetch(`${service.url}${path}`, {
        method,
        headers: authorization === '' ? {} : { authorization },
      });
      return { status: response.status, body: (await response.json()) as Reply };
    },
    stop: async () => {
      await service.stop();
      await Promise.all([...logs.values()].map((log) => log.stop()));
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
};
