import { randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { endProcess, processIdentity, serverMark, serversMarked } from './process-table';

type Owner = Readonly<{
  pid: number;
  identity: string;
  ephemeral: boolean;
  guard?: Readonly<{ pid: number; identity: string }>;
  /** Where PostgreSQL's files lie when its user cannot reach the instance directory. */
  scratchDirectory?: string;
}>;

/** The folder of one instance, held by this process until released. */
export type InstanceDirectory = Readonly<{
  path: string;
  /** The scratch directory a predecessor left behind with data worth keeping. */
  inheritedScratch: string | undefined;
  recordGuard(pid: number): void;
  recordScratch(scratchDirectory: string | undefined): void;
  /** Gives the instance back; an ephemeral one disappears. */
  release(): void;
}>;

/** Another living process holds the instance. */
export class InstanceInUse extends Error {}

const ownerFile = 'owner.json';

const readOwner = (path: string): Owner | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${path} is not readable as JSON; remove it if no runtime is running.`, {
      cause: error,
    });
  }
};

const lives = (process: { pid: number; identity: string } | undefined): boolean =>
  process !== undefined && processIdentity(process.pid) === process.identity;

const temporaryName = (path: string): string => `${path}.${randomBytes(6).toString('hex')}`;

/** Creates the file with its whole content, or says that it exists. */
const createWhole = (path: string, content: string): boolean => {
  const temporary = temporaryName(path);
  writeFileSync(temporary, content);
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
};

export const writeWhole = (path: string, content: string, mode = 0o644): void => {
  const temporary = temporaryName(path);
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
};

/** Takes a dead owner's file away; only one of several that try at once succeeds. */
const removeDeadOwner = (path: string, dead: Owner): boolean => {
  const aside = temporaryName(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const taken = readOwner(aside);
  const right = taken?.pid === dead.pid && taken.identity === dead.identity;
  // Somebody else was quicker and has become the owner in between: give it back.
  if (!right) linkSync(aside, path);
  rmSync(aside);
  return right;
};

/** Ends whatever still runs of an instance whose owner is gone. */
const endLeftovers = async (path: string, dead: Owner | undefined): Promise<void> => {
  // First the guard, which would otherwise remove folders under the new owner's feet.
  if (dead?.guard !== undefined && lives(dead.guard)) {
    await endProcess(dead.guard.pid, 'SIGKILL', 1_000);
  }
  const mark = serverMark(path);
  await Promise.all([
    ...serversMarked(mark, ['java']).map((pid) => endProcess(pid, 'SIGKILL', 5_000)),
    // An immediate shutdown takes PostgreSQL's other processes along.
    ...serversMarked(mark, ['postgres']).map((pid) => endProcess(pid, 'SIGQUIT', 5_000)),
  ]);
};

/** The process that runs an instance, if it is alive. */
export const livingOwner = (path: string): number | undefined => {
  const owner = readOwner(join(path, ownerFile));
  return lives(owner) ? owner?.pid : undefined;
};

const removeDirectory = (path: string): void => {
  if (!existsSync(path)) return;
  // The owner file goes last, so that a removal cut short is taken up by the next sweep.
  for (const name of readdirSync(path)) {
    if (name !== ownerFile) rmSync(join(path, name), { recursive: true, force: true });
  }
  rmSync(path, { recursive: true, force: true });
};

/**
 * Takes an instance directory for this process. Servers, guards and scratch directories that a dead
 * owner left are cleaned up; a living owner is an error.
 */
export const claimInstance = async (
  stateDirectory: string,
  instance: string,
  ephemeral: boolean,
): Promise<InstanceDirectory> => {
  if (!/^[a-z0-9][a-z0-9-]{0,60}$/.test(instance)) {
    throw new Error(`'${instance}' is no instance name: use a-z, 0-9 and '-'.`);
  }
  const path = join(stateDirectory, instance);
  const file = join(path, ownerFile);
  const identity = processIdentity(process.pid) ?? '';
  let owner: Owner = { pid: process.pid, identity, ephemeral };
  let inheritedScratch: string | undefined;
  for (;;) {
    mkdirSync(path, { recursive: true });
    const dead = readOwner(file);
    if (dead !== undefined) {
      if (lives(dead)) {
        throw new InstanceInUse(
          `The local runtime '${instance}' is already running (process ${dead.pid}, ${path}). ` +
            `Stop it, or start another instance.`,
        );
      }
      if (!removeDeadOwner(file, dead)) continue;
      inheritedScratch = dead.scratchDirectory;
      owner = { ...owner, ...(inheritedScratch && { scratchDirectory: inheritedScratch }) };
    }
    if (!createWhole(file, JSON.stringify(owner))) continue;
    await endLeftovers(path, dead);
    if (inheritedScratch !== undefined && (ephemeral || dead?.ephemeral === true)) {
      rmSync(inheritedScratch, { recursive: true, force: true });
      inheritedScratch = undefined;
    }
    break;
  }
  const record = (change: Partial<Owner>): void => {
    owner = { ...owner, ...change };
    writeWhole(file, JSON.stringify(owner));
  };
  return {
    path,
    inheritedScratch,
    recordGuard: (pid) => record({ guard: { pid, identity: processIdentity(pid) ?? '' } }),
    recordScratch: (scratchDirectory) => {
      const { pid, guard } = owner;
      owner = { pid, identity, ephemeral, ...(guard && { guard }) };
      record(scratchDirectory === undefined ? {} : { scratchDirectory });
    },
    release: () => (ephemeral ? removeDirectory(path) : rmSync(file, { force: true })),
  };
};

/** Removes what ephemeral instances left whose owner and guard were both killed. */
export const sweepAbandoned = async (stateDirectory: string): Promise<void> => {
  if (!existsSync(stateDirectory)) return;
  for (const name of readdirSync(stateDirectory)) {
    const path = join(stateDirectory, name);
    const file = join(path, ownerFile);
    const owner = existsSync(file) ? readOwner(file) : undefined;
    if (owner === undefined || !owner.ephemeral || lives(owner) || lives(owner.guard)) continue;
    try {
      (await claimInstance(stateDirectory, name, true)).release();
    } catch {
      // Another start sweeps at the same moment and has it.
    }
  }
};
