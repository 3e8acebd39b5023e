import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { claimInstance, livingOwner } from './instance-directory';
import { startLocalRuntime } from './local-runtime';
import { processEnd, signalProcess } from './process-table';
import { workspaceDirectory } from './workspace';

const usage =
  'Usage: node dist/main.js start|stop|status [--instance <name>] ' +
  '[--state <directory>] [--ephemeral]';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const start = async (state: string, instance: string, ephemeral: boolean): Promise<void> => {
  const runtime = await startLocalRuntime({
    instance,
    stateDirectory: state,
    ephemeral,
    report: say,
  });
  say(JSON.stringify({ kafkaBrokers: runtime.kafkaBrokers, postgresUrl: runtime.postgresUrl }));
  say('Running until Ctrl-C.');
  const awake = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  say('Stopping ...');
  clearInterval(awake);
  await runtime.stop();
};

const stop = async (state: string, instance: string): Promise<void> => {
  const path = join(state, instance);
  const owner = existsSync(path) ? livingOwner(path) : undefined;
  if (owner !== undefined) {
    signalProcess(owner, 'SIGTERM');
    if (!(await processEnd(owner, 60_000))) throw new Error(`Process ${owner} does not stop.`);
    return say(`Stopped '${instance}'.`);
  }
  if (!existsSync(path)) return say(`There is no instance '${instance}'.`);
  // Claiming it ends whatever a killed owner left behind.
  (await claimInstance(state, instance, false)).release();
  return say(`'${instance}' was not running.`);
};

const status = (state: string, instance: string): void => {
  const path = join(state, instance);
  const owner = existsSync(path) ? livingOwner(path) : undefined;
  if (owner === undefined) {
    say(`'${instance}' is not running.`);
    process.exitCode = 3;
    return;
  }
  const file = join(path, 'addresses.json');
  const addresses = existsSync(file) ? readFileSync(file, 'utf8').trim() : '(starting)';
  say(`'${instance}' is running, process ${owner}\n${addresses}`);
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      instance: { type: 'string', default: 'default' },
      state: { type: 'string', default: join(workspaceDirectory(), '.tallywatt') },
      ephemeral: { type: 'boolean', default: false },
    },
  });
  const state = resolve(values.state);
  switch (positionals[0]) {
    case 'start':
      return start(state, values.instance, values.ephemeral);
    case 'stop':
      return stop(state, values.instance);
    case 'status':
      return status(state, values.instance);
    default:
      throw new Error(usage);
  }
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
