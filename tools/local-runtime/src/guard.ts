import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What is to be done when the process that owns the servers dies without stopping them. */
export type GuardDuty = Readonly<{
  /** Words on the command line of every server that may be ended. */
  mark: string;
  servers: readonly Readonly<{ pid: number; signal: NodeJS.Signals }>[];
  /** Folders to remove once the servers are gone. */
  remove: readonly string[];
}>;

export type Guard = Readonly<{
  pid: number;
  /** Replaces the duty; takes effect at once. */
  assign(duty: GuardDuty): void;
  /** Ends the guard with nothing left to do. */
  dismiss(): void;
}>;

/** Starts the process that ends the servers should this one die (guard.cjs says how). */
export const startGuard = (): Guard => {
  // Its own session: Ctrl-C in the terminal is for the owner, which then stops its servers in order.
  const child = spawn(process.execPath, [join(__dirname, '..', 'guard.cjs')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: process.env['PATH'] },
  });
  const { stdin, pid } = child;
  if (pid === undefined) throw new Error('Cannot start the guard process of the local servers.');
  child.unref();
  (stdin as unknown as { unref(): void }).unref();
  stdin.on('error', () => undefined);
  return {
    pid,
    assign: (duty) => void stdin.write(`${JSON.stringify(duty)}\n`),
    dismiss: () => {
      stdin.write(`${JSON.stringify({ mark: '', servers: [], remove: [] })}\n`);
      stdin.end();
    },
  };
};
