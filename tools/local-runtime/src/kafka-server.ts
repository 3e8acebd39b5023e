import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findJava, kafkaJars } from './kafka-jars';
import { kafkaAnswers } from './kafka-probe';
import { type KafkaSecurity, type SecuredKafka, secureKafka } from './kafka-security';
import { claimPort, freePort } from './port';
import { endProcess, freezeProcess, serverMark, signalProcess } from './process-table';
import { type ServerProcess, logTail, startProcess } from './server-process';

const run = promisify(execFile);

/** Seconds on an idle machine, more than a minute where a single core is shared by many. */
const serveWithinMs = 180_000;

/** The local broker. The signals are for tests that must see what a bad day does. */
export type KafkaServer = Readonly<{
  /** Undefined while it is down, and for a broker that is not ours. */
  readonly pid: number | undefined;
  port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Ends the broker without warning; `start` brings it back with its data. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP, until every thread stands still: connections stay open, nothing answers. */
  freeze(): Promise<void>;
  thaw(): void;
  /** The listeners for named users, where there are some. */
  secured?: SecuredKafka | undefined;
}>;

/** See `kafkaClasses`. */
export type ClassArchive = Readonly<{ file: string; access: 'read' | 'write' }>;

const classWords = (classes: ClassArchive | undefined): readonly string[] => {
  if (classes === undefined) return [];
  const { file, access } = classes;
  return [access === 'read' ? `-XX:SharedArchiveFile=${file}` : `-XX:ArchiveClassesAtExit=${file}`];
};

export type KafkaSettings = Readonly<{
  instanceDirectory: string;
  port: number;
  advertisedPort: number | undefined;
  ephemeral: boolean;
  durable: boolean;
  /** Names and passwords: opens listeners on which permissions hold. */
  users: Readonly<Record<string, string>> | undefined;
  /** Where Kafka's classes are read from, or are to be written to when the broker ends. */
  classes: ClassArchive | undefined;
  report: (message: string) => void;
  /** Called whenever a server process starts (its pid) or has ended (undefined). */
  onProcess: (pid: number | undefined) => void;
}>;

const properties = (settings: {
  port: number;
  advertisedPort: number;
  controllerPort: number;
  logDirectory: string;
  security: KafkaSecurity | undefined;
}): string =>
  Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${settings.controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: [
      `PLAINTEXT://127.0.0.1:${settings.port}`,
      `CONTROLLER://127.0.0.1:${settings.controllerPort}`,
      ...(settings.security?.listeners ?? []),
    ].join(),
    'advertised.listeners': [
      `PLAINTEXT://127.0.0.1:${settings.advertisedPort}`,
      ...(settings.security?.listeners ?? []),
    ].join(),
    'listener.security.protocol.map': [
      'PLAINTEXT:PLAINTEXT',
      'CONTROLLER:PLAINTEXT',
      ...(settings.security?.protocols ?? []),
    ].join(),
    ...settings.security?.properties,
    'log.dirs': settings.logDirectory,
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // Tests of frozen consumers should not have to wait the usual minimum of six seconds.
    'group.min.session.timeout.ms': 1_000,
    'log.retention.ms': -1,
    // A broker that was killed is let in again only when its last session has run out.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3_000,
    'log.cleaner.dedupe.buffer.size': 8 << 20,
    'num.network.threads': 2,
    'num.io.threads': 4,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

const environment = { KAFKA_OPTS: '', JAVA_TOOL_OPTIONS: '', CLASSPATH: '' };

/** Gives the data directory its cluster id; a directory that was never finished is done again. */
const format = async (
  java: string,
  jars: string,
  directory: string,
  file: string,
  jvmWords: readonly string[],
  more: readonly string[],
) => {
  const data = join(directory, 'kafka');
  const mark = join(directory, 'kafka.formatted');
  if (existsSync(mark) && existsSync(data)) return;
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  try {
    await run(
      java,
      [
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
        ...jvmWords,
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-cp',
        join(jars, '*'),
        'kafka.tools.StorageTool',
        'format',
        // A leading '-' would be read as an option.
        '--cluster-id=' + clusterId,
        '--config',
        file,
        ...more,
      ],
      { env: { ...process.env, ...environment }, timeout: serveWithinMs },
    );
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`Kafka could not format ${data}:\n${stderr ?? ''}`, { cause: error });
  }
  writeFileSync(mark, clusterId);
};

const command = (settings: KafkaSettings, java: string, jars: string, file: string) => ({
  program: java,
  words: [
    settings.durable ? '-Xms512m' : '-Xms64m',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    ...(settings.ephemeral && !settings.durable ? ['-XX:TieredStopAtLevel=1'] : []),
    ...classWords(settings.classes),
    '-Djava.awt.headless=true',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    `-D${serverMark(settings.instanceDirectory)}`,
    '-cp',
    join(jars, '*'),
    'kafka.Kafka',
    file,
  ],
  logFile: join(settings.instanceDirectory, 'kafka.log'),
  directory: settings.instanceDirectory,
  environment,
});

const untilServing = async (server: ServerProcess, port: number, logFile: string) => {
  const deadline = Date.now() + serveWithinMs;
  while (!(await kafkaAnswers(port, 1_000))) {
    if (server.hasEnded()) {
      throw new Error(`Kafka ended while starting. From ${logFile}:\n${logTail(logFile)}`);
    }
    if (Date.now() > deadline) {
      await endProcess(server.pid, 'SIGKILL', 30_000);
      const seconds = serveWithinMs / 1_000;
      throw new Error(
        `Kafka did not answer within ${seconds} s. From ${logFile}:\n${logTail(logFile)}`,
      );
    }
    await sleep(30);
  }
};

/** Starts the broker and returns once it answers for a cluster with a live node. */
export const startKafka = async (settings: KafkaSettings): Promise<KafkaServer> => {
  const directory = settings.instanceDirectory;
  const file = join(directory, 'kafka.properties');
  const [{ java }, jars] = await Promise.all([findJava(), kafkaJars(settings.report)]);
  const port = await claimPort(settings.port, 'Kafka', 'KAFKA_PORT');
  const security =
    settings.users === undefined ? undefined : await secureKafka(directory, settings.users);
  // What is to be written down are the classes of the broker itself.
  const formatWords = settings.classes?.access === 'read' ? classWords(settings.classes) : [];
  let process: ServerProcess | undefined;

  const start = async (): Promise<void> => {
    if (process !== undefined && !process.hasEnded()) return;
    const text = properties({
      port,
      advertisedPort: settings.advertisedPort ?? port,
      controllerPort: await freePort(),
      logDirectory: join(directory, 'kafka'),
      security,
    });
    writeFileSync(file, text, { mode: 0o600 });
    await format(java, jars, directory, file, formatWords, security?.formatWords ?? []);
    const launch = command(settings, java, jars, file);
    process = await startProcess(launch);
    settings.onProcess(process.pid);
    await untilServing(process, port, launch.logFile);
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (process === undefined) return;
    if (!process.hasEnded()) await endProcess(process.pid, signal, 10_000);
    process = undefined;
    settings.onProcess(undefined);
  };

  await start();
  return {
    get pid() {
      return process?.hasEnded() === false ? process.pid : undefined;
    },
    port,
    start,
    stop: () => end('SIGTERM'),
    kill: (signal = 'SIGKILL') => end(signal),
    freeze: async () => {
      if (process !== undefined && !process.hasEnded()) await freezeProcess(process.pid);
    },
    thaw: () => {
      if (process !== undefined && !process.hasEnded()) signalProcess(process.pid, 'SIGCONT');
    },
    secured: security?.secured,
  };
};
