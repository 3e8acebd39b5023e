import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { processEnd } from './process-table';

export type ServerCommand = Readonly<{
  program: string;
  words: readonly string[];
  logFile: string;
  directory: string;
  environment?: Readonly<Record<string, string>>;
  /** The user to run as, where it is not our own. */
  account?: Readonly<{ uid: number; gid: number }> | undefined;
}>;

export type ServerProcess = Readonly<{
  pid: number;
  /** True once the process has ended. */
  hasEnded(): boolean;
  /** Resolves when the process has ended, false if it has not within the time-out. */
  ended(timeoutMs: number): Promise<boolean>;
}>;

/**
 * Starts a server in a session of its own, so that Ctrl-C reaches only its owner, writing to a log
 * file. It does not keep this process alive.
 */
export const startProcess = (command: ServerCommand): Promise<ServerProcess> => {
  const log = openSync(command.logFile, 'w', 0o600);
  const child = spawn(command.program, command.words, {
    stdio: ['ignore', log, log],
    detached: true,
    cwd: command.directory,
    env: { ...process.env, ...command.environment },
    ...command.account,
  });
  closeSync(log);
  child.unref();
  let hasEnded = false;
  child.once('exit', () => {
    hasEnded = true;
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`Cannot start ${command.program}: ${error.message}`, { cause: error })),
    );
    child.once('spawn', () => {
      const pid = child.pid as number;
      resolve({
        pid,
        hasEnded: () => hasEnded,
        ended: (timeoutMs) => (hasEnded ? Promise.resolve(true) : processEnd(pid, timeoutMs)),
      });
    });
  });
};

/** The last lines of a server's log, to show why it did not start. */
export const logTail = (logFile: string, lines = 15): string => {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
};
