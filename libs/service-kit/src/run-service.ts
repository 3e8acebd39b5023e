import 'reflect-metadata';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  createEventLog,
  eventLogMigrations,
  isRetriable,
  type EventLog,
  type Restore,
} from '@tallywatt/event-log';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type z } from 'zod';
import { createPool, probeDatabase } from './database';
import {
  EnvironmentInvalid,
  portSchema,
  readEnvironment,
  type BaseEnvironment,
} from './environment';
import { eventLogMetrics } from './event-log-metrics';
import { createApp } from './http-app';
import { createLogger, type Logger } from './logger';
import { migrate, readMigrations } from './migrations';
import { operationsController, type ReadinessCheck } from './operations.controller';
import { adoptOwnStreams } from './own-streams';
import { parkedController } from './parked.controller';
import { untilPrepared } from './schema-start';
import type { ServiceContext } from './service-context';
import { whileStarting } from './starting-probes';
import { endTelemetry } from './telemetry-end';
import { startTimer, type Timer } from './timer';

export type ServiceDefinition<Own extends z.ZodRawShape> = Readonly<{
  /** kebab-case; the port's variable is the name in capitals with `_PORT`. */
  name: string;
  httpPort: number;
  /** Folder of the numbered SQL files. */
  migrations: string;
  /** Variables of this service, besides the ones every service has. */
  environment: z.ZodObject<Own>;
  /** The composition root: what Nest wires. */
  module: (
    context: ServiceContext<z.infer<z.ZodObject<Own>>>,
  ) => DynamicModule | Promise<DynamicModule>;
  /** A gRPC side, for the one service that has it. */
  microservice?: (context: ServiceContext<z.infer<z.ZodObject<Own>>>) => MicroserviceOptions;
  /** Whether it puts queries of one transaction side by side; it does not if not given. */
  isPipelined?: boolean;
  /**
   * It goes on answering from memory while its database is away (promise P1), so that nobody is to take
   * it out of service then: all processes of it would go at once.
   */
  servesWithoutDatabase?: true;
  /** How long draining may take, besides what every service may take to stop; 0 if not given. */
  drainMs?: (env: z.infer<z.ZodObject<Own>>) => number;
  /**
   * Puts what a new database has adopted of the service's own events into its tables, in the
   * transaction that ends the adoption: once, all of it or nothing.
   */
  restore?: Restore;
  /** Starts consumers and timers; the HTTP side listens when this is done. */
  start?: (
    context: ServiceContext<z.infer<z.ZodObject<Own>>>,
    app: INestApplication,
  ) => Promise<void>;
}>;

export type RunningService = Readonly<{
  url: string;
  stop: () => Promise<void>;
  /** For so long a stop may take before the process ends all the same. */
  stopLimitMs: number;
}>;

const shutdownLimitMs = 25_000;
const telemetryLimitMs = 3_000;
const probeIntervalMs = 2_000;

const pauseBetweenStartsMs = 1_000;

/**
 * Starts a service from an environment and says how to stop it: schema brought up to date, event
 * log and relay running, HTTP (and gRPC) listening. A database that is away is waited for, and one
 * that goes away meanwhile means to begin again.
 *
 * @throws EnvironmentInvalid naming every variable that is missing or wrong.
 */
export const startService = async <Own extends z.ZodRawShape>(
  definition: ServiceDefinition<Own>,
  source: Record<string, string | undefined>,
): Promise<RunningService> => {
  if (new Date(2026, 6, 1).getTimezoneOffset() !== 0) {
    throw new EnvironmentInvalid([
      'TZ: must be UTC, because local rules are never the process zone',
    ]);
  }
  const portVariable = `${definition.name.toUpperCase().replaceAll('-', '_')}_PORT`;
  const env = readEnvironment(source, definition.environment);
  const port = portSchema.default(definition.httpPort).parse(source[portVariable] || undefined);
  const logger = createLogger(definition.name, env.LOG_LEVEL);
  for (;;) {
    try {
      return await startOnce(definition, env, port, logger);
    } catch (error) {
      if (!isRetriable(error)) {
        await endTelemetry(telemetryLimitMs);
        throw error;
      }
      logger.warn({ err: error }, 'what was needed went away while starting: beginning again');
      await new Promise((resolve) => setTimeout(resolve, pauseBetweenStartsMs));
    }
  }
};

/** One attempt, that leaves nothing behind when it fails. */
const startOnce = async <Own extends z.ZodRawShape>(
  definition: ServiceDefinition<Own>,
  env: BaseEnvironment & z.infer<z.ZodObject<Own>>,
  port: number,
  logger: Logger,
): Promise<RunningService> => {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });

  const ownMigrations = readMigrations(definition.migrations);
  await whileStarting(
    { host: env.HTTP_HOST, port },
    { database: 'it is away, or its schema is brought up to date' },
    untilPrepared(
      () =>
        migrate(
          env.DATABASE_URL,
          [{ name: '0001_event-log', sql: eventLogMigrations }],
          ownMigrations,
        ),
      logger,
    ),
  );
  const { isPipelined } = definition;
  const pool = createPool(env.DATABASE_URL, env.DATABASE_POOL_SIZE, logger, { isPipelined });
  const eventLog: EventLog = createEventLog({
    service: definition.name,
    pool,
    ...env.kafka,
    timing: { sessionTimeoutMs: env.KAFKA_SESSION_TIMEOUT_MS },
    logger,
    observe: eventLogMetrics(metrics),
  });

  const database = probeDatabase(pool);
  const checks: ReadinessCheck[] = [
    {
      name: 'database',
      check: database.state,
      ...(definition.servesWithoutDatabase ? { onlyAtStart: true } : {}),
    },
    { name: 'relay', check: () => relayState(eventLog), onlyTold: true },
    // Kafka may be away for as long as it likes without a charger being sent away.
    { name: 'consumers', check: () => consumersReady(eventLog), onlyAtStart: true },
  ];
  const timers: Timer[] = [startTimer('database-probe', probeIntervalMs, database.look, logger)];
  const drains: (() => Promise<void>)[] = [];
  const stops: (() => Promise<void> | void)[] = [];
  const context: ServiceContext<z.infer<z.ZodObject<Own>>> = {
    name: definition.name,
    env,
    pool,
    eventLog,
    logger,
    cpoId: env.DEFAULT_CPO_ID,
    metrics,
    onDrain: (drain) => drains.push(drain),
    onShutdown: (stop) => stops.unshift(stop),
    readiness: (name, check, how) => checks.push({ name, check, ...how }),
    every: (name, intervalMs, job) => timers.push(startTimer(name, intervalMs, job, logger)),
  };

  let app: NestExpressApplication | undefined;
  const stop = async (): Promise<void> => {
    // Whoever sends traffic here is to send it elsewhere while it is still taken.
    checks.push({ name: 'shutdown', check: () => 'under way' });
    for (const drain of drains) {
      await drain().catch((err: unknown) => logger.error({ err }, 'not drained'));
    }
    for (const timer of timers) await timer.stop();
    for (const stopPart of stops) await stopPart();
    await app?.close();
    await eventLog.stop();
    await pool.end();
  };
  try {
    const { name, module, microservice, restore } = definition;
    await adoptOwnStreams({ name, restore, eventLog, host: env.HTTP_HOST, port });
    const parts = {
      name,
      module: () => module(context),
      microservice: microservice === undefined ? undefined : () => microservice(context),
    };
    app = await createApp(
      parts,
      context,
      operationsController(checks, metrics),
      parkedController(eventLog, env.DEFAULT_CPO_ID),
    );
    eventLog.startRelay();
    await definition.start?.(context, app);
    await app.listen(port, env.HTTP_HOST);
  } catch (error) {
    await stop().catch((err: unknown) => logger.error({ err }, 'could not stop cleanly'));
    throw error;
  }
  const url = await app.getUrl();
  logger.info({ url }, 'listening');
  let stopping: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await stop();
    await endTelemetry(telemetryLimitMs);
    logger.info('stopped');
  };
  const stopLimitMs = shutdownLimitMs + (definition.drainMs?.(env) ?? 0);
  return { url, stop: () => (stopping ??= end()), stopLimitMs };
};

/** `main.ts` of every service: starts it from the process's environment and ends it on a signal. */
export const runService = <Own extends z.ZodRawShape>(definition: ServiceDefinition<Own>): void => {
  let hasStarted = false;
  // Starting can take long: a new database waits for Kafka.
  if (process.env['EXIT_WITH_STDIN'] === '1') {
    process.stdin.on('end', () => hasStarted || process.exit(0)).resume();
  }
  startService(definition, process.env).then(
    (service) => {
      hasStarted = true;
      const end = (signal: string): void => {
        setTimeout(() => process.exit(1), service.stopLimitMs).unref();
        service.stop().then(
          () => process.exit(0),
          (error: unknown) => {
            process.stderr.write(`${definition.name}: ${signal}: ${String(error)}\n`);
            process.exit(1);
          },
        );
      };
      process.once('SIGTERM', () => end('SIGTERM'));
      process.once('SIGINT', () => end('SIGINT'));
      // A starter that wants its services to go when it goes, however it goes, holds their input.
      if (process.env['EXIT_WITH_STDIN'] === '1') {
        process.stdin.on('end', () => end('end of input'));
      }
    },
    (error: unknown) => {
      const text = error instanceof EnvironmentInvalid ? error.message : (error as Error).stack;
      process.stderr.write(`${definition.name} cannot start: ${text}\n`);
      process.exit(1);
    },
  );
};

const relayLagSecondsMax = 30;

/** Events wait in the database while Kafka is away, in order and for as long as it takes. */
const relayState = (eventLog: EventLog): true | string => {
  const { relay } = eventLog.health();
  if (relay === undefined || relay.lagSeconds <= relayLagSecondsMax) return true;
  const why = relay.lastError === undefined ? '' : `: ${relay.lastError}`;
  return `events have waited to be published for ${Math.round(relay.lagSeconds)} s${why}`;
};

/**
 * Every consumer is in its group, every view has caught up, and Kafka refuses nobody. A parked key
 * is an alarm, not a reason to stop.
 */
const consumersReady = (eventLog: EventLog): true | string => {
  const { consumers, views, relay } = eventLog.health();
  const away = (name: string, reason: string): string => `${name}: ${reason}`;
  const reasons = [
    ...consumers
      .filter(({ joined, refused }) => !joined || refused !== undefined)
      .map(({ name, refused }) => away(name, refused ?? 'has no partitions yet')),
    ...views
      .filter(({ ready, refused }) => !ready || refused !== undefined)
      .map(({ name, refused }) => away(name, refused ?? 'is still warming up')),
    ...(relay?.refused === undefined ? [] : [away('relay', relay.refused)]),
  ];
  return reasons.length === 0 ? true : reasons.join('; ');
};
