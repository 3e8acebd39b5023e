import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type LocalRuntime, startLocalRuntime } from './index';
import { kafkaAnswers } from './kafka-probe';
import {
  endProcess,
  processEnd,
  processIdentity,
  serverMark,
  serversMarked,
} from './process-table';

const project = dirname(__dirname);
const program = join(project, 'dist', 'main.js');
/** For what has happened already and is only asked for; a busy machine answers late. */
const patienceMs = 30_000;

let state: string;
const running: LocalRuntime[] = [];
const owners: ChildProcess[] = [];

beforeAll(() => {
  // An owner to kill is a process of its own, and that runs from the build.
  const tsc = require.resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-b', join(project, 'tsconfig.lib.json')]);
});
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'tallywatt-spec-'));
  chmodSync(state, 0o755);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((runtime) => runtime.stop()));
  await Promise.all(owners.splice(0).map(killed));
  for (const pid of serversMarked(`tallywatt.instance=${state}/`)) {
    await endProcess(pid, 'SIGKILL', 30_000);
  }
  rmSync(state, { recursive: true, force: true, maxRetries: 10 });
});

const start = async (options: Parameters<typeof startLocalRuntime>[0] = {}) => {
  const runtime = await startLocalRuntime({
    instance: 'spec',
    stateDirectory: state,
    kafkaPort: 0,
    postgresPort: 0,
    ownServers: true,
    ...options,
  });
  running.push(runtime);
  return runtime;
};

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

const until = async (holds: () => boolean, timeoutMs: number): Promise<void> => {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Not so after ${timeoutMs} ms: ${holds.toString()}`);
    await sleep(50);
  }
};

const servers = (instance = 'spec'): number[] => serversMarked(serverMark(join(state, instance)));

/** Kills a process and waits until it is gone: the kernel takes its time to end a killed one. */
const killed = async (owner: ChildProcess): Promise<void> => {
  if (owner.exitCode !== null || owner.signalCode !== null) return;
  const ended = once(owner, 'exit');
  owner.kill('SIGKILL');
  await ended;
};

/** Starts a runtime in a process of its own, as `npm start` does. */
const startOwner = async (...words: string[]): Promise<ChildProcess> => {
  const owner = spawn(process.execPath, [program, 'start', '--state', state, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, KAFKA_BROKERS: '', DATABASE_URL: '', TESTCONTAINERS: '' },
  });
  owners.push(owner);
  let said = '';
  owner.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('Running until') || owner.exitCode !== null, 200_000);
  expect(owner.exitCode).toBeNull();
  return owner;
};

const clusterId = (): string =>
  /cluster\.id=(\S+)/.exec(
    readFileSync(join(state, 'spec', 'kafka', 'meta.properties'), 'utf8'),
  )?.[1] ?? '';

describe('a runtime', () => {
  it('keeps its data over a restart', async () => {
    const first = await start();
    const url = await first.createDatabase('books');
    expect(await first.createDatabase('books')).toBe(url);
    await query(url, 'CREATE TABLE page AS SELECT 7 AS number');
    const cluster = clusterId();
    const addresses = JSON.parse(readFileSync(join(state, 'spec', 'addresses.json'), 'utf8'));
    expect(addresses).toEqual({
      kafkaBrokers: first.kafkaBrokers,
      postgresUrl: first.postgresUrl,
    });
    await first.stop();
    expect(servers()).toEqual([]);

    const second = await start();
    expect(await query(second.databaseUrl('books'), 'SELECT * FROM page')).toEqual([{ number: 7 }]);
    expect(await query(second.databaseUrl('books'), 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(cluster).not.toBe('');
    expect(clusterId()).toBe(cluster);
  });

  it('runs beside another one, but not twice', async () => {
    const [first, second] = await Promise.all([
      start({ ephemeral: true }),
      start({ ephemeral: true, instance: 'other' }),
    ]);
    await expect(start()).rejects.toThrow(/'spec' is already running \(process \d+/);
    await first.stop();
    expect(existsSync(join(state, 'spec'))).toBe(false);
    expect(await kafkaAnswers(second.kafka.port, patienceMs)).toBe(true);
    // A broker that cannot use the archive of its classes starts all the same, slowly.
    const words = readFileSync(`/proc/${second.kafka.pid}/cmdline`, 'utf8').split('\0');
    const shared = words.filter((word) => /SharedArchiveFile|^-cp$|kafka-libs/.test(word));
    execFileSync(words[0] as string, ['-Xshare:on', ...shared, '-version']);
    expect(shared).toHaveLength(3);
    expect(await query(second.databaseUrl('postgres'), 'SHOW fsync')).toEqual([{ fsync: 'off' }]);
  });

  it('works in a folder that only its owner can enter', async () => {
    chmodSync(state, 0o700);
    const first = await start({ kafka: false });
    const url = await first.createDatabase('books');
    await query(url, 'CREATE TABLE page AS SELECT 7 AS number');
    const directory = String(
      (await query(url, "SELECT current_setting('data_directory') AS at")).map(
        (row) => (row as { at: string }).at,
      )[0],
    );
    await first.stop();
    // For root the data was elsewhere meanwhile; in the end it is at home and nowhere else.
    const home = join(state, 'spec', 'postgres');
    expect(existsSync(directory)).toBe(directory === home);
    expect(existsSync(join(home, 'PG_VERSION'))).toBe(true);
    const second = await start({ kafka: false });
    expect(await query(second.databaseUrl('books'), 'SELECT * FROM page')).toEqual([{ number: 7 }]);
  });
});

describe('a bad day', () => {
  it('brings a killed broker and a stopped database back with their data', async () => {
    const runtime = await start({ ephemeral: true });
    const url = await runtime.createDatabase('books');
    await query(url, 'CREATE TABLE page AS SELECT 7 AS number');
    const before = runtime.kafka.pid as number;
    await Promise.all([runtime.kafka.kill(), runtime.postgres.stopNow()]);
    expect(processIdentity(before)).toBeUndefined();
    expect(runtime.kafka.pid).toBeUndefined();
    expect(await kafkaAnswers(runtime.kafka.port, 500)).toBe(false);

    await Promise.all([runtime.kafka.start(), runtime.postgres.start()]);
    expect(runtime.kafka.pid).not.toBe(before);
    expect(await kafkaAnswers(runtime.kafka.port, patienceMs)).toBe(true);
    expect(await query(url, 'SELECT * FROM page')).toEqual([{ number: 7 }]);

    await runtime.kafka.freeze();
    expect(await kafkaAnswers(runtime.kafka.port, 500)).toBe(false);
    runtime.kafka.thaw();
    let answered = false;
    for (let attempt = 0; attempt < 60 && !answered; attempt += 1) {
      answered = await kafkaAnswers(runtime.kafka.port, 1_000);
    }
    expect(answered).toBe(true);
  });

  it('leaves nothing behind when the owner is killed', async () => {
    const owner = await startOwner('--instance', 'spec', '--ephemeral');
    expect(servers().length).toBeGreaterThanOrEqual(2);
    await killed(owner);
    await until(() => servers().length === 0, 90_000);
    await until(() => !existsSync(join(state, 'spec')), 60_000);
  });

  it('shuts data that is to be kept down in order when the owner is killed', async () => {
    const owner = await startOwner('--instance', 'spec');
    await killed(owner);
    await until(() => servers().length === 0, 90_000);
    expect(readFileSync(join(state, 'spec', 'postgres.log'), 'utf8')).toContain(
      'database system is shut down',
    );
  });

  it('takes over from an owner that was killed together with its guard', async () => {
    const owner = await startOwner('--instance', 'spec');
    const record = join(state, 'spec', 'owner.json');
    const { guard } = JSON.parse(readFileSync(record, 'utf8')) as { guard: { pid: number } };
    process.kill(guard.pid, 'SIGKILL');
    expect(await processEnd(guard.pid, patienceMs)).toBe(true);
    await killed(owner);
    const orphans = servers();
    expect(orphans.length).toBeGreaterThanOrEqual(2);
    const runtime = await start();
    expect(orphans.map(processIdentity)).toEqual(orphans.map(() => undefined));
    expect(await kafkaAnswers(runtime.kafka.port, patienceMs)).toBe(true);
    expect(await query(runtime.databaseUrl('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('makes half-made data directories anew', async () => {
    for (const name of ['kafka', 'postgres']) {
      mkdirSync(join(state, 'spec', name), { recursive: true });
    }
    writeFileSync(join(state, 'spec', 'postgres', 'PG_VERSION'), '18\n');
    writeFileSync(join(state, 'spec', 'kafka', 'meta.properties'), 'version=1\n');
    const runtime = await start();
    expect(await query(runtime.databaseUrl('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('stops and reports on request of another process', async () => {
    const owner = await startOwner('--instance', 'spec', '--ephemeral');
    const words = [program, 'status', '--state', state, '--instance', 'spec'];
    expect(execFileSync(process.execPath, words, { encoding: 'utf8' })).toContain(
      `'spec' is running, process ${owner.pid}`,
    );
    execFileSync(process.execPath, [program, 'stop', '--state', state, '--instance', 'spec']);
    expect(servers()).toEqual([]);
    expect(existsSync(join(state, 'spec'))).toBe(false);
  });
});

describe('what is missing is said plainly', () => {
  const withEnvironment = async (values: Record<string, string>, check: () => Promise<void>) => {
    const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, values);
    try {
      await check();
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  };
  const refusal = (
    environment: Record<string, string>,
    message: RegExp,
    options: Parameters<typeof start>[0] = {},
  ) =>
    withEnvironment(environment, async () => {
      await expect(start(options)).rejects.toThrow(message);
      expect(servers()).toEqual([]);
    });

  it('a port that is taken, with the variable to set', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const message = new RegExp(`port ${port} on 127.0.0.1 is taken.* set KAFKA_PORT`);
    try {
      await refusal({}, message, { kafkaPort: port });
      const other = new RegExp(`port ${port} on 127.0.0.1 is taken.* set POSTGRES_PORT`);
      await refusal({}, other, { postgresPort: port });
    } finally {
      server.close();
    }
  });

  it('a port variable that is no port', () =>
    withEnvironment({ KAFKA_PORT: 'many' }, async () => {
      const options = { stateDirectory: state, instance: 'spec', ownServers: true };
      await expect(startLocalRuntime(options)).rejects.toThrow(
        "KAFKA_PORT must be a port number between 0 and 65535, but is 'many'",
      );
    }));

  it('Java', () =>
    refusal({ JAVA_HOME: join(state, 'nowhere') }, /nowhere\/bin\/java does not run.*JAVA_HOME/));

  it('a Java that is too old', async () => {
    mkdirSync(join(state, 'bin'));
    const java = join(state, 'bin', 'java');
    writeFileSync(java, '#!/bin/sh\necho \'openjdk version "11.0.2"\' >&2\n', { mode: 0o755 });
    expect(statSync(java).mode & 0o111).not.toBe(0);
    await refusal({ JAVA_HOME: state }, /is Java 11\. Kafka needs Java 17/);
  });

  it('Kafka jars', () =>
    refusal({ KAFKA_LIBS: state }, /KAFKA_LIBS names .* holds no kafka_2\.13/));

  it('a container engine', () =>
    withEnvironment({ TESTCONTAINERS: '1', DOCKER_HOST: `unix://${join(state, 'no.sock')}` }, () =>
      expect(start({ ownServers: false })).rejects.toThrow(/TESTCONTAINERS=1 is set, but/),
    ));
});

describe('servers named by the environment', () => {
  it('are used as they are', async () => {
    const brokers = process.env['KAFKA_BROKERS'];
    const url = process.env['DATABASE_URL'];
    process.env['KAFKA_BROKERS'] = 'kafka.example:9092';
    process.env['DATABASE_URL'] = 'postgresql://me@db.example/main?sslmode=require';
    const runtime = await start({ ownServers: false });
    if (brokers === undefined) delete process.env['KAFKA_BROKERS'];
    else process.env['KAFKA_BROKERS'] = brokers;
    if (url === undefined) delete process.env['DATABASE_URL'];
    else process.env['DATABASE_URL'] = url;
    expect(runtime.kafkaBrokers).toBe('kafka.example:9092');
    expect(runtime.databaseUrl('ledger')).toBe('postgresql://me@db.example/ledger?sslmode=require');
    await expect(runtime.kafka.kill()).rejects.toThrow('was not started by the local runtime');
    expect(servers()).toEqual([]);
  });
});
