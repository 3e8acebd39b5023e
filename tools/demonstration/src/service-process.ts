import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export type ServiceProgram = Readonly<{
  name: string;
  /** The compiled main file. */
  main: string;
  /** Compiled files that are loaded before it. */
  preload?: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** Answers 200 when the service is ready. */
  readyUrl: string;
  logFile: string;
}>;

/** Seconds on an idle machine; minutes where several systems share two cores. */
const readyInMs = 150_000;

/** The service did not become ready; the message says where its log is. */
export class ServiceNotReady extends Error {}

/** How a process ended: by itself with a code, or by a signal. */
export type ProcessExit = Readonly<{ code: number | null; signal: NodeJS.Signals | null }>;

/** One service as its own process, that a test may kill and start again. */
export class ServiceProcess {
  private child: ChildProcess | undefined;

  constructor(readonly program: ServiceProgram) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** How it ended; undefined while it runs, and before it was started. */
  get exit(): ProcessExit | undefined {
    const { child } = this;
    if (child === undefined || !hasEnded(child)) return undefined;
    return { code: child.exitCode, signal: child.signalCode };
  }

  /** Starts the process without waiting for readiness; extra variables are for this run only. */
  spawn(extra: Readonly<Record<string, string>> = {}): void {
    mkdirSync(dirname(this.program.logFile), { recursive: true });
    const log = createWriteStream(this.program.logFile, { flags: 'a' });
    const { main, preload = [] } = this.program;
    const requires = preload.flatMap((file) => ['--require', file]);
    const child = spawn(process.execPath, ['--enable-source-maps', ...requires, main], {
      // The pipe is the leash: the service ends when whoever started it is gone.
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        TZ: 'UTC',
        EXIT_WITH_STDIN: '1',
        ...this.program.environment,
        ...extra,
      },
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.stdin.on('error', () => undefined);
    // Not at its exit: what it said last may still be in the pipes.
    child.once('close', () => log.end());
    this.child = child;
  }

  /** @throws ServiceNotReady when it is not ready in time or has ended. */
  async untilReady(timeoutMs = readyInMs): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const child = this.child;
      if (child !== undefined && hasEnded(child)) {
        throw new ServiceNotReady(
          `${this.program.name} ended while starting; its log is ${this.program.logFile}`,
        );
      }
      try {
        const answer = await fetch(this.program.readyUrl, { signal: AbortSignal.timeout(2_000) });
        await answer.text();
        if (answer.ok) return;
      } catch {
        // Not listening yet.
      }
      if (Date.now() > deadline) {
        throw new ServiceNotReady(
          `${this.program.name} is not ready after ${timeoutMs / 1000} s; its log is ${this.program.logFile}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async start(extra: Readonly<Record<string, string>> = {}): Promise<void> {
    this.spawn(extra);
    await this.untilReady();
  }

  /** Ends it at once, as a crash of the machine would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Ends it the polite way, and says how it ended; a process that was not there has no end. */
  async stop(): Promise<ProcessExit | undefined> {
    return this.end('SIGTERM');
  }

  /** Resolves when the process has ended, by whatever cause. */
  async ended(): Promise<void> {
    const child = this.child;
    if (child === undefined || hasEnded(child)) return;
    await new Promise((resolve) => child.once('exit', resolve));
  }

  private async end(signal: NodeJS.Signals): Promise<ProcessExit | undefined> {
    const child = this.child;
    if (child === undefined || hasEnded(child)) return undefined;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const limit = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await gone;
    clearTimeout(limit);
    return { code: child.exitCode, signal: child.signalCode };
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;
