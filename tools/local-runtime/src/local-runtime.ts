import { chmodSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startKafkaContainer, startPostgresContainer } from './containers';
import { createDatabase, databaseUrl } from './database';
import { type GuardDuty, startGuard } from './guard';
import {
  type InstanceDirectory,
  claimInstance,
  sweepAbandoned,
  writeWhole,
} from './instance-directory';
import { kafkaClasses } from './kafka-classes';
import { type KafkaServer, startKafka } from './kafka-server';
import { portFromEnvironment } from './port';
import { openPostgresFiles, superuserPassword } from './postgres-files';
import { type PostgresServer, postgresUser, startPostgres } from './postgres-server';
import { serverMark } from './process-table';
import { workspaceDirectory } from './workspace';

export type RuntimeOptions = Readonly<{
  /** Instances live side by side, each with its own servers and data; 'default' if not named. */
  instance?: string;
  /** Where instances keep their state; `.tallywatt` in the clone if not named. */
  stateDirectory?: string;
  /** 0 takes any free port. Else KAFKA_PORT, else 9392 for 'default' and a free one for others. */
  kafkaPort?: number;
  /** 0 takes any free port. Else POSTGRES_PORT, else 9354 for 'default' and a free one for others. */
  postgresPort?: number;
  /** The port clients are told to connect to, for a proxy in front of the broker. */
  advertisedKafkaPort?: number;
  /** For tests: no fsync, and all data is removed at the end. */
  ephemeral?: boolean;
  /**
   * For benchmarks, with `ephemeral`: data is removed at the end, and until then written as in
   * production: fsync on, the broker compiled fully and with a fixed heap. Commits are stamped.
   */
  durable?: boolean;
  kafka?: boolean;
  postgres?: boolean;
  /**
   * Names and passwords: Kafka gets listeners on which whoever comes has a name, and may do what
   * its permissions say. The plain listener stays, for a superuser. For servers of this machine.
   */
  kafkaUsers?: Readonly<Record<string, string>>;
  /** Starts local servers even if KAFKA_BROKERS, DATABASE_URL or TESTCONTAINERS say otherwise. */
  ownServers?: boolean;
  /** Hears about steps that take long. */
  report?: (message: string) => void;
}>;

export type LocalRuntime = Readonly<{
  /** host:port, several separated by commas. */
  kafkaBrokers: string;
  /** The superuser's URL without a database. */
  postgresUrl: string;
  databaseUrl(name: string): string;
  /** Creates the database if it does not exist, and returns its URL. */
  createDatabase(name: string): Promise<string>;
  kafka: KafkaServer;
  postgres: PostgresServer;
  /** Stops what was started; servers named by the environment are left alone. */
  stop(): Promise<void>;
}>;

const notOurs = (server: string) => (): never => {
  throw new Error(
    `This ${server} was not started by the local runtime and is not controlled by it.`,
  );
};

const foreignKafka = (reason: string): KafkaServer => ({
  pid: undefined,
  port: 0,
  start: async () => notOurs(reason)(),
  stop: async () => undefined,
  kill: async () => notOurs(reason)(),
  freeze: async () => notOurs(reason)(),
  thaw: notOurs(reason),
});

const foreignPostgres = (reason: string): PostgresServer => ({
  pid: undefined,
  port: 0,
  start: async () => notOurs(reason)(),
  stop: async () => undefined,
  stopNow: async () => notOurs(reason)(),
});

const port = (option: number | undefined, variable: string, instance: string, standard: number) =>
  option ?? portFromEnvironment(variable) ?? (instance === 'default' ? standard : 0);

type Parts = Readonly<{
  kafka: KafkaServer;
  brokers: string;
  postgres: PostgresServer;
  url: string;
  stop: () => Promise<void>;
}>;

type Started<T> = Promise<T | undefined>;

/** Waits for both; if one fails, what the other has started is for the caller to end. */
const both = async <A, B>(first: Started<A>, second: Started<B>) => {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value] as const;
};

/** Tells the guard, at every change, what runs now. */
const guarded = (instance: InstanceDirectory, ephemeral: boolean) => {
  const guard = startGuard();
  instance.recordGuard(guard.pid);
  const running = new Map<'kafka' | 'postgres', number>();
  const remove: string[] = ephemeral ? [instance.path] : [];
  const assign = (): void => {
    const signals: Record<'kafka' | 'postgres', NodeJS.Signals> = ephemeral
      ? { kafka: 'SIGKILL', postgres: 'SIGQUIT' }
      : { kafka: 'SIGTERM', postgres: 'SIGINT' };
    const duty: GuardDuty = {
      mark: serverMark(instance.path),
      servers: [...running].map(([name, pid]) => ({ pid, signal: signals[name] })),
      remove,
    };
    guard.assign(duty);
  };
  assign();
  return {
    dismiss: guard.dismiss,
    removeToo: (path: string | undefined) => {
      if (ephemeral && path !== undefined) remove.unshift(path);
      assign();
    },
    onProcess: (name: 'kafka' | 'postgres') => (pid: number | undefined) => {
      if (pid === undefined) running.delete(name);
      else running.set(name, pid);
      assign();
    },
  };
};

const startLocalServers = async (
  options: RuntimeOptions,
  wanted: { kafka: boolean; postgres: boolean },
): Promise<Partial<Parts> & { stop: () => Promise<void>; directory: string }> => {
  const { instance: name = 'default', ephemeral = false, report = () => undefined } = options;
  const { durable = false } = options;
  const state = resolve(options.stateDirectory ?? join(workspaceDirectory(), '.tallywatt'));
  await sweepAbandoned(state);
  const instance = await claimInstance(state, name, ephemeral);
  const guard = guarded(instance, ephemeral);
  const place = { instanceDirectory: instance.path, ephemeral, durable };
  let kafka: KafkaServer | undefined;
  let postgres: PostgresServer | undefined;
  let putAway = (): void => undefined;

  const stop = async (): Promise<void> => {
    await Promise.all([
      ephemeral ? kafka?.kill() : kafka?.stop(),
      ephemeral ? postgres?.stopNow() : postgres?.stop(),
    ]);
    putAway();
    guard.dismiss();
    instance.release();
  };

  const startingKafka = async () => {
    kafka = await startKafka({
      ...place,
      port: port(options.kafkaPort, 'KAFKA_PORT', name, 9392),
      advertisedPort: options.advertisedKafkaPort,
      users: options.kafkaUsers,
      classes: await kafkaClasses(report),
      report,
      onProcess: guard.onProcess('kafka'),
    });
    return kafka;
  };
  const startingPostgres = async () => {
    const files = openPostgresFiles(instance);
    putAway = () => files.putAway(!ephemeral);
    guard.removeToo(files.scratch);
    const password = superuserPassword(instance.path);
    postgres = await startPostgres({
      ...place,
      files,
      password,
      port: port(options.postgresPort, 'POSTGRES_PORT', name, 9354),
      onProcess: guard.onProcess('postgres'),
    });
    return `postgresql://${postgresUser}:${password}@127.0.0.1:${postgres.port}`;
  };

  try {
    const [, url] = await both(
      wanted.kafka ? startingKafka() : Promise.resolve(undefined),
      wanted.postgres ? startingPostgres() : Promise.resolve(undefined),
    );
    return {
      ...(kafka && {
        kafka,
        brokers: `127.0.0.1:${options.advertisedKafkaPort ?? kafka.port}`,
      }),
      ...(postgres && url !== undefined && { postgres, url }),
      stop,
      directory: instance.path,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
};

const startContainers = async (wanted: { kafka: boolean; postgres: boolean }) => {
  const kafka = wanted.kafka ? await startKafkaContainer() : undefined;
  const postgres = wanted.postgres ? await startPostgresContainer() : undefined;
  return {
    ...(kafka && { kafka, brokers: `127.0.0.1:${kafka.port}` }),
    ...(postgres && { postgres, url: postgres.url }),
    stop: async () => void (await Promise.all([kafka?.stop(), postgres?.stop()])),
  };
};

/**
 * Makes Kafka and PostgreSQL available: those named by KAFKA_BROKERS and DATABASE_URL, else containers
 * with TESTCONTAINERS=1, else real servers of this machine, started side by side and answering when
 * this returns. If this process dies, its servers end with it.
 */
export const startLocalRuntime = async (options: RuntimeOptions = {}): Promise<LocalRuntime> => {
  const own = options.ownServers === true;
  const brokers = own ? undefined : process.env['KAFKA_BROKERS'] || undefined;
  const url = own ? undefined : process.env['DATABASE_URL'] || undefined;
  const wanted = {
    kafka: options.kafka !== false && brokers === undefined,
    postgres: options.postgres !== false && url === undefined,
  };
  const inContainers = !own && process.env['TESTCONTAINERS'] === '1';
  const nothing: Partial<Parts> & { stop: () => Promise<void>; directory?: string } = {
    stop: async () => undefined,
  };
  const started: typeof nothing =
    !wanted.kafka && !wanted.postgres
      ? nothing
      : inContainers
        ? await startContainers(wanted)
        : await startLocalServers(options, wanted);
  const kafkaBrokers = brokers ?? started.brokers ?? '';
  const postgresUrl = url ?? started.url ?? '';
  if (started.directory !== undefined && existsSync(started.directory)) {
    const file = join(started.directory, 'addresses.json');
    writeWhole(file, `${JSON.stringify({ kafkaBrokers, postgresUrl }, null, 2)}\n`, 0o600);
    chmodSync(file, 0o600);
  }
  return {
    kafkaBrokers,
    postgresUrl,
    databaseUrl: (name) => databaseUrl(postgresUrl, name),
    createDatabase: (name) => createDatabase(postgresUrl, name),
    kafka: started.kafka ?? foreignKafka('Kafka'),
    postgres: started.postgres ?? foreignPostgres('PostgreSQL'),
    stop: started.stop,
  };
};
