import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '@tallywatt/testing';
import type { Running } from './gateway-stage';

const project = join(__dirname, '..', '..');

/** So that the processes run what the test's sources say. */
export const buildGateway = (): void => {
  const compiler = require.resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-b', join(project, 'tsconfig.lib.json')]);
};

/** The gateway as it runs in production, in a process that can be killed. */
export const startGatewayProcess = async (
  environment: Record<string, string>,
): Promise<Running & Readonly<{ child: ChildProcess }>> => {
  const child = spawn(process.execPath, [join(project, 'dist', 'main.js')], {
    env: { PATH: process.env['PATH'], TZ: 'UTC', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${environment['OCPP_GATEWAY_PORT']}`;
  // It lives before it is ready: a new database adopts its streams first.
  await eventually(async () => expect((await fetch(`${url}/health/ready`)).ok).toBe(true), {
    timeoutMs: 120_000,
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { url, stop, child };
};

/** As by `kill -9`: nothing is said, finished or closed. */
export const killProcess = async (child: ChildProcess): Promise<void> => {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};
