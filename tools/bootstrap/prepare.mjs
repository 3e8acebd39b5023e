// Plain JavaScript on Node alone: this runs before anything is installed or built.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const workspace = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const environment = {
  ...process.env,
  TZ: 'UTC',
  NX_NO_CLOUD: 'true',
  NX_DAEMON: 'false',
  NX_TUI: 'false',
};

/** Runs a program of the workspace and says how it ended; its output is the user's to see. */
export const run = (command, args, { cwd = workspace, env = {}, stdio = 'inherit' } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio, env: { ...environment, ...env } });
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve(code ?? (signal === null ? 1 : 128));
    });
  });

/** The path of a program that a dependency installed. */
export const bin = (name) => join(workspace, 'node_modules', '.bin', name);

const mustSucceed = async (what, code) => {
  if ((await code) !== 0) {
    console.error(`\n${what} failed; see above.`);
    process.exit(1);
  }
};

const minimumNode = [20, 19];

const checkNode = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < minimumNode[0] || (major === minimumNode[0] && minor < minimumNode[1])) {
    console.error(
      `Tallywatt needs Node ${minimumNode.join('.')} or newer; this is ${process.versions.node}.`,
    );
    process.exit(1);
  }
};

/** Installs the locked dependencies when they are missing or the lock has changed since. */
export const ensureDependencies = async () => {
  checkNode();
  const stamp = join(workspace, 'node_modules', '.tallywatt-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(workspace, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing the locked dependencies (npm ci) ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await mustSucceed('npm ci', run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error']));
  writeFileSync(stamp, lock);
};

/** Compiles and type-checks everything, tests included; incremental. */
export const build = async () => {
  await mustSucceed('The build', run(process.execPath, [tsc, '-b']));
};

export const tsc = join(workspace, 'node_modules', 'typescript', 'bin', 'tsc');
