import { execFile } from 'node:child_process';
import { chownSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { claimPort } from './port';
import { type PostgresFiles, isComplete, markComplete } from './postgres-files';
import { endProcess, processIdentity, serverMark } from './process-table';
import { type ServerProcess, logTail, startProcess } from './server-process';

const run = promisify(execFile);

/** Two seconds on an idle machine; a database that was stopped at once recovers first. */
const serveWithinMs = 180_000;

/** The local PostgreSQL. */
export type PostgresServer = Readonly<{
  /** Undefined while it is down, and for a server that is not ours. */
  readonly pid: number | undefined;
  port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Immediate shutdown, as if the power had failed; `start` recovers from the write-ahead log. */
  stopNow(): Promise<void>;
}>;

export type PostgresSettings = Readonly<{
  instanceDirectory: string;
  files: PostgresFiles;
  password: string;
  port: number;
  ephemeral: boolean;
  durable: boolean;
  /** Called whenever a server process starts (its pid) or has ended (undefined). */
  onProcess: (pid: number | undefined) => void;
}>;

export const postgresUser = 'postgres';

const environment = { LC_ALL: 'C', PGOPTIONS: '', PGDATA: '' };

const initialise = async ({ files, password, ephemeral }: PostgresSettings): Promise<void> => {
  if (isComplete(files.data)) return;
  const passwordFile = `${files.data}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (files.account !== undefined) chownSync(passwordFile, files.account.uid, files.account.gid);
  const words = [
    `--pgdata=${files.data}`,
    `--username=${postgresUser}`,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    ...(ephemeral ? ['--no-sync'] : []),
  ];
  try {
    await run(join(files.binaries, 'bin', 'initdb'), words, {
      cwd: files.data,
      env: { ...process.env, ...environment },
      ...files.account,
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    const said = `${stdout ?? ''}\n${stderr ?? ''}`.trim();
    throw new Error(`initdb failed in ${files.data}:\n${said}`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  markComplete(files.data);
};

/**
 * PostgreSQL refuses to start while the pid in its lock file is alive, also if another program has got
 * that pid in the meantime. Its own processes are left to it: they may still hold its memory.
 */
const dropForeignLock = (data: string): void => {
  const file = join(data, 'postmaster.pid');
  let pid: number;
  try {
    pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  } catch {
    return;
  }
  if (!Number.isInteger(pid) || pid <= 0) return rmSync(file);
  if (processIdentity(pid) === undefined) return undefined;
  try {
    if (!/(^|\/)postgres/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) rmSync(file);
  } catch {
    // No /proc here, or the process has just gone.
  }
  return undefined;
};

const command = (
  { instanceDirectory, files, ephemeral, durable }: PostgresSettings,
  port: number,
) => {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 300,
    timezone: 'UTC',
    log_timezone: 'UTC',
    synchronous_commit: 'on',
    ...(ephemeral && !durable ? { fsync: 'off', full_page_writes: 'off' } : {}),
    ...(durable ? { track_commit_timestamp: 'on' } : {}),
  };
  return {
    program: join(files.binaries, 'bin', 'postgres'),
    words: [
      '-D',
      files.data,
      ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      '-c',
      serverMark(instanceDirectory),
    ],
    logFile: join(instanceDirectory, 'postgres.log'),
    directory: files.data,
    environment,
    account: files.account,
  };
};

const answers = async (port: number, password: string): Promise<boolean> => {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: postgresUser,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch (error) {
    // A refused password will not get better; everything else is a server on its way up.
    if ((error as { code?: string }).code === '28P01') throw error;
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Starts the server and returns once it answers a query. */
export const startPostgres = async (settings: PostgresSettings): Promise<PostgresServer> => {
  const port = await claimPort(settings.port, 'PostgreSQL', 'POSTGRES_PORT');
  let server: ServerProcess | undefined;

  const launch = async (): Promise<boolean> => {
    const { logFile, ...rest } = command(settings, port);
    dropForeignLock(settings.files.data);
    server = await startProcess({ logFile, ...rest });
    settings.onProcess(server.pid);
    const deadline = Date.now() + serveWithinMs;
    while (!(await answers(port, settings.password))) {
      if (server.hasEnded()) {
        const tail = logTail(logFile);
        // The processes of a killed predecessor need a moment to notice and let go.
        if (/shared memory block|lock file .* already exists/.test(tail)) return false;
        throw new Error(`PostgreSQL ended while starting. From ${logFile}:\n${tail}`);
      }
      if (Date.now() > deadline) {
        await endProcess(server.pid, 'SIGQUIT', 5_000);
        throw new Error(
          `PostgreSQL did not answer in ${serveWithinMs / 1_000} s. From ${logFile}:\n${logTail(logFile)}`,
        );
      }
      await sleep(20);
    }
    return true;
  };

  const start = async (): Promise<void> => {
    if (server?.hasEnded() === false) return;
    await initialise(settings);
    for (let attempt = 1; !(await launch()); attempt += 1) {
      if (attempt === 20) {
        const { logFile } = command(settings, port);
        throw new Error(`PostgreSQL cannot start. From ${logFile}:\n${logTail(logFile)}`);
      }
      await sleep(250);
    }
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server === undefined) return;
    if (!server.hasEnded()) await endProcess(server.pid, signal, 15_000);
    server = undefined;
    settings.onProcess(undefined);
  };

  await start();
  return {
    get pid() {
      return server?.hasEnded() === false ? server.pid : undefined;
    },
    port,
    start,
    stop: () => end('SIGINT'),
    stopNow: () => end('SIGQUIT'),
  };
};
