import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { InstanceDirectory } from './instance-directory';
import {
  type Account,
  canReach,
  copyDirectory,
  giveTo,
  postgresAccount,
  postgresBinaries,
  scratchDirectory,
} from './postgres-account';

/** Where the programs and data of one PostgreSQL lie, reachable for the user it runs as. */
export type PostgresFiles = Readonly<{
  account: Account | undefined;
  binaries: string;
  data: string;
  /** The folder outside of the clone that holds both, if there has to be one. */
  scratch: string | undefined;
  /** Brings the data of a stopped server home and removes the scratch folder. */
  putAway(keep: boolean): void;
}>;

/** Written when initdb has finished; without it a data directory is half made. */
const completeMark = 'tallywatt.complete';

export const isComplete = (data: string): boolean => existsSync(join(data, completeMark));

export const markComplete = (data: string): void => writeFileSync(join(data, completeMark), '');

const openScratch = (
  instance: InstanceDirectory,
  account: Account,
  binaries: string,
  home: string,
): PostgresFiles => {
  const inherited = instance.inheritedScratch;
  const scratch =
    inherited !== undefined && existsSync(inherited) ? inherited : scratchDirectory(account);
  instance.recordScratch(scratch);
  const data = join(scratch, 'data');
  rmSync(join(scratch, 'native'), { recursive: true, force: true });
  copyDirectory(binaries, join(scratch, 'native'));
  // What a killed run left here is newer than what an orderly stop brought home before.
  if (!isComplete(data)) {
    rmSync(data, { recursive: true, force: true });
    if (isComplete(home)) copyDirectory(home, data);
    else mkdirSync(data);
    chmodSync(data, 0o700);
    giveTo(account, data);
  }
  return {
    account,
    binaries: join(scratch, 'native'),
    data,
    scratch,
    putAway: (keep) => {
      if (keep && isComplete(data)) {
        const saving = `${home}.saving`;
        rmSync(saving, { recursive: true, force: true });
        copyDirectory(data, saving);
        rmSync(home, { recursive: true, force: true });
        renameSync(saving, home);
      }
      rmSync(scratch, { recursive: true, force: true });
      instance.recordScratch(undefined);
    },
  };
};

/**
 * Finds or makes the place for PostgreSQL's files: in the instance directory, or, for root in a clone
 * that the user postgres cannot reach, in a scratch folder recorded with the instance.
 */
export const openPostgresFiles = (instance: InstanceDirectory): PostgresFiles => {
  const account = postgresAccount();
  const binaries = postgresBinaries();
  const home = join(instance.path, 'postgres');
  const reachable = canReach(account, join(binaries, 'bin', 'initdb'), instance.path);
  if (account !== undefined && (!reachable || instance.inheritedScratch !== undefined)) {
    return openScratch(instance, account, binaries, home);
  }
  if (!isComplete(home)) {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true, mode: 0o700 });
  }
  if (account !== undefined) giveTo(account, home);
  return { account, binaries, data: home, scratch: undefined, putAway: () => undefined };
};

/** The superuser's password: random, kept with the instance, readable by its owner alone. */
export const superuserPassword = (instanceDirectory: string): string => {
  const file = join(instanceDirectory, 'postgres-password');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8');
};
