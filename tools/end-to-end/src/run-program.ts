import { spawn } from 'node:child_process';

export type ProgramOptions = Readonly<{
  input?: string;
  /** Instead of this process's environment. */
  environment?: Readonly<Record<string, string>>;
  timeoutMs: number;
}>;

/** Runs a program to its end and returns its output. @throws with its last words if it fails. */
export const runProgram = (
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<string> =>
  new Promise((succeed, fail) => {
    const child = spawn(command, args, {
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      ...(options.environment === undefined ? {} : { env: options.environment }),
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', fail);
    child.on('close', (code, signal) => {
      if (code === 0) return succeed(output);
      const end = signal === null ? `exit code ${code}` : `${signal}, at the latest on time-out`;
      const words = `${output.slice(-2_000)}${errors.slice(-2_000)}`;
      return fail(new Error(`${command} ${args.join(' ')}: ${end}\n${words}`));
    });
    // A child that ends early closes its input; its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
